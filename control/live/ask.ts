/**
 * The client's side of the control socket: finds the lab, asks, and hears the answers.
 */
import { readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { CallError, Refused } from '../cli/errors.js';
import { Lines, sendLine } from './lines.js';
import { PROTOCOL } from './protocol.js';
import type { Answer, FollowUp, Request } from './protocol.js';
import { SOCKET } from './serve.js';

/** Where running labs have their folders. */
const RUN_FOLDER = '/run/etherloom';

/** What was asked of a lab, and how it goes on. */
export class Dialogue {
  private closed = false;

  constructor(
    /** Name of the lab that answers. */
    readonly lab: string,
    private readonly socket: Socket,
  ) {}

  /**
   * The answers as they come, to the end of the conversation.
   * @throws CallError, Refused when the lab refuses; Refused when the lab vanishes
   */
  async *answers(): AsyncGenerator<Exclude<Answer, { tells: 'refused' }>> {
    const lines = new Lines(Infinity);
    try {
      for await (const piece of this.socket as AsyncIterable<Buffer>)
        for (const line of lines.take(piece)) {
          const answer = JSON.parse(line) as Answer;
          if (answer.tells !== 'refused') yield answer;
          else if (answer.call) throw new CallError(answer.why);
          else throw new Refused(`lab ${this.lab}: ${answer.why}`);
        }
    } catch (cause) {
      if (this.closed) return;
      if (errnoOf(cause) === undefined) throw cause;
      throw new Refused(`lab ${this.lab}: its etherloom has died`);
    } finally {
      this.socket.destroy();
    }
  }

  say(say: FollowUp['say']): void {
    if (!this.socket.destroyed) sendLine(this.socket, { say } satisfies FollowUp);
  }

  /** Goes away; what was asked for ends. */
  close(): void {
    this.closed = true;
    this.socket.destroy();
  }
}

/**
 * Asks a running lab.
 * @param lab its name; not needed where only one runs
 * @param folder where running labs have their folders
 * @throws CallError when several run and none is named; Refused when none runs, or the one that is meant does not answer
 */
export async function askLab(
  request: Request,
  lab: string | undefined,
  folder = RUN_FOLDER,
): Promise<Dialogue> {
  const names = labsIn(folder);
  if (lab !== undefined && !names.includes(lab)) throw noLab(`no lab of the name ${lab} runs`);
  const found = await Promise.all(
    (lab === undefined ? names : [lab]).map(async (name) => ({
      name,
      socket: await connectTo(join(folder, name, SOCKET)),
    })),
  );
  const alive = found.flatMap(({ name, socket }) =>
    typeof socket === 'string' ? [] : [{ name, socket }],
  );
  const [only, ...others] = alive;
  if (only === undefined || others.length > 0) {
    for (const { socket } of alive) socket.destroy();
    throw whyNone(
      found,
      alive.map(({ name }) => name),
    );
  }
  sendLine(only.socket, { etherloom: PROTOCOL, ...request });
  return new Dialogue(only.name, only.socket);
}

/** Names of the labs that left a folder here, running or not. @throws Refused when the folder may not be read */
function labsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new Refused(`${folder}: ${messageOf(cause)}\n    fix: run it as root, as the lab was`);
  }
}

/** A connection, or the name of the error because of which there is none. */
function connectTo(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('error', (cause) => {
      resolve(errnoOf(cause) ?? messageOf(cause));
    });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function noLab(says: string): Refused {
  return new Refused(`${says}\n    fix: start one with etherloom up lab.yaml`);
}

/** Why not exactly one of these labs answers. */
function whyNone(
  found: readonly { readonly name: string; readonly socket: Socket | string }[],
  alive: readonly string[],
): Error {
  if (alive.length > 0)
    return new CallError(`several labs run; say which with --lab: ${alive.join(', ')}`);
  const [first] = found;
  if (first === undefined) return noLab('no lab runs');
  const { name, socket } = found.find(({ socket }) => socket !== 'ENOENT') ?? first;
  if (socket === 'EACCES' || socket === 'EPERM')
    return new Refused(
      `lab ${name} belongs to another user\n    fix: run it as root, as the lab was`,
    );
  if (socket === 'ENOENT')
    return new Refused(`lab ${name} is not up yet, or is just going down\n    fix: try again`);
  return new Refused(
    `lab ${name} does not answer (${typeof socket === 'string' ? socket : ''}): its etherloom has died\n    fix: etherloom down ${name}`,
  );
}

function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
