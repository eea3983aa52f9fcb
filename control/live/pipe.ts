/**
 * A named pipe: what a Worker writes into it, another process reads, and the kernel moves the bytes without us.
 *
 * Whoever reads opens its end first and without waiting; then a writer that also does not wait finds a reader or learns that there is none.
 */
import { execFile } from 'node:child_process';
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';

/** Makes a pipe that only its owner may use. @throws the system's error */
export async function makePipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
}

export function removePipe(path: string): void {
  rmSync(path, { force: true });
}

/** Opens the end that is read. It ends when the last writer has closed the pipe. @throws the system's error */
export function readPipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
