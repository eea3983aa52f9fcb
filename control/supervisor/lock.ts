import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../cli/errors.js';

const PATIENCE_MS = 15_000;
const TRY_EVERY_MS = 20;

/**
 * Does what only one process at a time may do with a lab: clear away what a dead one left, and claim it. Otherwise the slower of two would
 * clear away what the faster has just made. The lock is the name of an abstract socket (unix(7)): the kernel lets one process have
 * it, and takes it back when that process ends, however it ends.
 * @throws Refused when somebody holds it for too long
 */
export async function withLock<T>(lab: string, use: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  let lock = await take(lab);
  while (lock === undefined) {
    if (performance.now() > until)
      throw new Refused(`another etherloom has been clearing away lab ${lab} for a long time`);
    await sleep(TRY_EVERY_MS);
    lock = await take(lab);
  }
  try {
    return await use();
  } finally {
    lock.close();
  }
}

function take(lab: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolve(undefined);
      else reject(cause);
    });
    server.listen(`\0etherloom-${lab}`, () => {
      resolve(server);
    });
  });
}
