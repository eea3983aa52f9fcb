import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isAlive, logPath } from '../supervisor/state.js';
import { CallError } from './errors.js';
import { runningLab, serviceOf } from './labs.js';

export interface LogsOptions {
  readonly lab?: string;
  readonly follow?: true;
}

const LOOK_EVERY_MS = 200;
const PIECE = 64 << 10;

/** `etherloom logs`: what a service's program printed; with `follow`, until the lab ends. @throws CallError, Refused */
export async function logs(service: string, { lab, follow }: LogsOptions): Promise<void> {
  const state = runningLab(lab);
  const { command } = serviceOf(state, service);
  if (command === null) throw new CallError(`${service} has no command, and so no log`);
  const path = logPath(state.lab, service);
  const older = new Tail(`${path}.1`);
  older.print();
  older.close();
  let log = new Tail(path);
  log.print();
  while (follow === true && isAlive(state)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    log.print();
    if (log.isCurrent()) continue;
    log.close();
    log = new Tail(path);
    log.print();
  }
  log.close();
}

/** A file that grows, and may be replaced by another. */
class Tail {
  private readonly descriptor: number | undefined;
  private readonly piece = Buffer.alloc(PIECE);

  constructor(private readonly path: string) {
    try {
      this.descriptor = openSync(path, 'r');
    } catch {
      this.descriptor = undefined;
    }
  }

  /** Prints what has come since. */
  print(): void {
    if (this.descriptor === undefined) return;
    for (;;) {
      const bytes = readSync(this.descriptor, this.piece, 0, PIECE, null);
      if (bytes === 0) return;
      process.stdout.write(Buffer.from(this.piece.subarray(0, bytes)));
    }
  }

  isCurrent(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false });
    if (this.descriptor === undefined) return now === undefined;
    return now === undefined || now.ino === fstatSync(this.descriptor).ino;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
  }
}
