/**
 * A named pipe: what a Worker writes into it, another process reads, and the kernel moves the bytes without us.
 *
 * Whoever reads opens its end first and without waiting; then a writer that also does not wait finds a reader or learns that there is none.
 */
import { execFile } from 'node:child_process';
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { loadNative } from '../../native-bindings/load.js';

/** Makes a pipe that only its owner may use. @throws the system's error */
export async function makePipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
}

export function removePipe(path: string): void {
  rmSync(path, { force: true });
}

/**
 * Opens the end that is read. It ends when the last writer has closed the pipe. The pipe holds more than others: a Worker writes into it
 * between two spells of forwarding, a hundred times a second, and what it holds is all that gets through each time.
 * @throws the system's error
 */
export function readPipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  loadNative().widenPipe(fd);
  return new Socket({ fd, readable: true, writable: false });
}
