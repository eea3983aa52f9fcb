import { createWriteStream, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { CaptureError } from '../../dataplane/port/file/error.js';
import { askLab } from '../live/ask.js';
import type { Dialogue } from '../live/ask.js';
import { Blocks } from '../live/blocks.js';
import { readPipe } from '../live/pipe.js';
import { CallError } from './errors.js';
import { wholeNumber } from './number.js';
import { grouped } from './table.js';

export interface CaptureOptions {
  readonly write: string;
  readonly filter?: string;
  readonly count?: string;
  readonly lab?: string;
}

/** How long the end of the pipe may be awaited once nobody should be writing into it. */
const FAREWELL_MS = 3000;

/**
 * `etherloom capture`: pcapng of what passes a port of a running lab, until Ctrl-C, `--count` frames, or the end of the lab.
 * @throws CallError; Refused when there is no such lab; CaptureError when the file cannot be written
 */
export async function capture(port: string, options: CaptureOptions): Promise<void> {
  const { write, filter, count, lab } = options;
  if (write === '-' && process.stdout.isTTY)
    throw new CallError(
      `a capture is not for a terminal; name a file with -w, or watch it:\n  etherloom capture ${port} -w - | wireshark -k -i -`,
    );
  const blocks = new Blocks(count === undefined ? Infinity : wholeNumber('--count', count));
  const asked = { ask: 'capture', port, ...(filter !== undefined && { filter }) } as const;
  const dialogue = await askLab(asked, lab);
  const end = (): void => {
    dialogue.say('end');
  };
  // A second Ctrl-C ends it at once.
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    const leftOut = await record(dialogue, blocks, write);
    process.stderr.write(`${accountOf(blocks.frames, leftOut)}\n`);
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    dialogue.close();
  }
}

function accountOf(frames: number, leftOut: number | undefined): string {
  const captured = `${grouped(frames)} ${frames === 1 ? 'frame' : 'frames'} captured`;
  return leftOut === undefined ? captured : `${captured}, ${grouped(leftOut)} left out`;
}

/** Passes the capture on to a file, or to standard output, until its end. Gives how many frames were left out, if the Worker said so. */
async function record(dialogue: Dialogue, blocks: Blocks, to: string): Promise<number | undefined> {
  const answers = dialogue.answers();
  const first = await answers.next();
  if (first.done || first.value.tells !== 'pipe') return undefined;
  // Opened when there is something to write: a refusal must not cost the file that was there.
  let output: Writable | undefined;
  const pipe = readPipe(first.value.path);
  const giveUpLater = (): void => {
    setTimeout(() => {
      pipe.destroy();
      dialogue.close();
    }, FAREWELL_MS).unref();
  };
  dialogue.say('begin');
  const heard = untilOver(answers).finally(giveUpLater);
  // A refusal comes instead of a first byte, so nothing would end the pipe.
  heard.catch(() => pipe.destroy());
  try {
    for await (const piece of pipe as AsyncIterable<Buffer>) {
      const wasFull = blocks.full;
      await writeTo((output ??= outputTo(to)), blocks.take(piece));
      if (!blocks.full || wasFull) continue;
      dialogue.say('end');
      giveUpLater();
    }
  } catch (cause) {
    if (cause instanceof CaptureError) throw cause;
    if (!isClosed(cause)) throw CaptureError.ofSystem(to, 0, 'write', cause);
    dialogue.say('end');
  }
  giveUpLater();
  const leftOut = await heard;
  if (output !== undefined && output !== process.stdout) await closed(output);
  return leftOut;
}

/** Waits for the last answer, says why it was the last, and gives how many frames were left out. */
async function untilOver(answers: ReturnType<Dialogue['answers']>): Promise<number | undefined> {
  let leftOut: number | undefined;
  for await (const answer of answers) {
    if (answer.tells === 'recorded') ({ leftOut } = answer);
    if ('why' in answer) process.stderr.write(`${answer.why}\n`);
  }
  return leftOut;
}

/** @throws CaptureError when it cannot be made */
function outputTo(path: string): Writable {
  if (path === '-') return process.stdout;
  try {
    const file = createWriteStream(path, { fd: openSync(path, 'w') });
    // Whoever writes hears of it too (writeTo).
    return file.on('error', () => undefined);
  } catch (cause) {
    throw CaptureError.ofSystem(path, 0, 'create', cause);
  }
}

function writeTo(output: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function closed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    output.end(resolve);
  });
}

/** Did we close the pipe ourselves, or has whoever reads our output seen enough? */
function isClosed(cause: unknown): boolean {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE';
}
