/**
 * Assistants: our own programs that send and receive inside a namespace. They answer one question at a time, over Node's channel between
 * parent and child.
 */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endProgram, startProgram, wordsInside } from './command.js';
import type { Stage } from './stage.js';

/** An assistant, seen from the one who asks. */
export class Assistant<Question extends object, Answer> {
  private said = '';

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.on('data', (piece: Buffer) => (this.said += piece.toString()));
  }

  /** Starts a module as an assistant in a namespace, to be ended with the stage. */
  static start<Question extends object, Answer>(
    stage: Stage,
    namespace: string,
    module: URL,
  ): Assistant<Question, Answer> {
    const words = wordsInside(namespace, [process.execPath, fileURLToPath(module)]);
    const child = startProgram(words, ['ignore', 'ignore', 'pipe', 'ipc']);
    stage.atEnd(() => endProgram(child));
    return new Assistant(child);
  }

  /** @throws Error when the assistant fails, ends, or takes longer than `most_ms` */
  async ask(question: Question, most_ms: number): Promise<Answer> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        child.off('message', onAnswer);
        child.off('exit', onExit);
        settle();
      };
      const fail = (why: string): void => {
        done(() => {
          reject(new Error(why));
        });
      };
      const onAnswer = (reply: Reply<Answer>): void => {
        if ('failed' in reply) fail(reply.failed);
        else
          done(() => {
            resolve(reply.answer);
          });
      };
      const onExit = (): void => {
        fail(`an assistant ended: ${this.said.trim() || 'it said nothing'}`);
      };
      const timer = setTimeout(() => {
        fail(`no answer within ${most_ms / 1000} s`);
      }, most_ms);
      child.on('message', onAnswer);
      child.on('exit', onExit);
      child.send(question, (cause) => {
        if (cause !== null) fail(cause.message);
      });
    });
  }

  async end(): Promise<void> {
    await endProgram(this.child);
  }
}

type Reply<Answer> = { readonly answer: Answer } | { readonly failed: string };

/** Makes this process an assistant: answers every question until the one who asks has gone. */
export function assist(answerTo: (question: never) => unknown): void {
  const reply = (what: Reply<unknown>): void => {
    if (process.connected) process.send?.(what);
  };
  process.on('message', (question) => {
    void (async () => {
      try {
        reply({ answer: await answerTo(question as never) });
      } catch (cause) {
        reply({ failed: cause instanceof Error ? cause.message : String(cause) });
      }
    })();
  });
  process.on('disconnect', () => {
    process.exit();
  });
}
