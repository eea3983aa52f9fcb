/**
 * The control socket of a running lab: who connects asks for one thing and is answered (protocol.ts).
 *
 * It stands in the process that holds the lab together, so nothing a client does may harm it. Complication 1: clients send garbage. Lines
 * are bounded, requests are checked, and whoever breaks a rule is told once and cut off. Complication 2: clients are slow. Nothing waits for
 * them; a watcher that does not read misses seconds, and one to whom too much is waiting is cut off. Complication 3: clients die. A
 * conversation belongs to its connection, and when that closes, the Worker is told to stop what it did for it.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { RunningLab } from '../supervisor/running.js';
import { Conversation } from './conversation.js';
import { Meter } from './meter.js';

/** Name of the socket in the folder of the run. */
export const SOCKET = 'control.sock';

/** More clients at once than anybody has. */
const CLIENTS_MAX = 64;
const OWNER_ONLY = 0o177;
/** How long a client has to hear that it is over. */
const FAREWELL_MS = 300;

/** A control socket that is open. */
export interface Serving {
  /** Counts what passes; the live view of `up` takes its Samples. */
  readonly meter: Meter;
  /** Tells every client that it is over, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Opens the control socket of a lab. Call it before the lab's ports open, so that no notice about them is missed.
 * @throws the system's error when the socket cannot be made
 */
export async function serve(
  running: RunningLab,
  path = join(running.folder, SOCKET),
): Promise<Serving> {
  const meter = new Meter(running);
  const conversations = new Set<Conversation>();
  const server = createServer((socket: Socket) => {
    const conversation = new Conversation(running, meter, socket);
    conversations.add(conversation);
    socket.on('close', () => conversations.delete(conversation));
  });
  server.maxConnections = CLIENTS_MAX;
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is born with the mode it keeps: listen binds before it returns.
    const before = process.umask(OWNER_ONLY);
    server.listen(path, resolve);
    process.umask(before);
  });
  return {
    meter,
    close: async () => {
      meter.close();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const conversation of conversations) conversation.over('the lab was stopped');
      const patience = setTimeout(() => {
        for (const conversation of conversations) conversation.cut();
      }, FAREWELL_MS);
      await closed;
      clearTimeout(patience);
      rmSync(path, { force: true });
    },
  };
}
