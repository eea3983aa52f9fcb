/**
 * What runs in each sandbox of the soak: it takes whatever comes by TCP and UDP, and talks to its peers at random, in bursts and with
 * pauses: `node talker.js SEED PEER...`. Transfers that a flapping link spoils are given up after a while. On SIGTERM it prints what it did.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { randomOf } from '../random.js';

const PORT = 7000;
const PATIENCE_MS = 3000;
const CHUNK = Buffer.alloc(1 << 16, 'etherloom');

const [seed = '1', ...peers] = process.argv.slice(2);
const dice = randomOf(Number(seed));
const done = { transfers: 0, spoiled: 0, datagrams: 0, heard: 0 };

createServer((socket) => {
  socket.on('error', () => undefined).on('data', (bytes) => (done.heard += bytes.length));
}).listen(PORT);
const datagrams = createSocket('udp4').on('message', (bytes) => (done.heard += bytes.length));
datagrams.on('error', () => undefined).bind(PORT);

process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(done)}\n`, () => process.exit(0));
});

/** Sends about so many bytes and waits until the peer has taken them, or not. */
function transfer(peer: string, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(PORT, peer);
    let left = bytes;
    const send = (): void => {
      while (left > 0) {
        left -= CHUNK.length;
        if (!socket.write(CHUNK)) return;
      }
      socket.end();
    };
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('silence')));
    socket.on('connect', send).on('drain', send);
    socket.on('error', () => done.spoiled++);
    socket.on('close', () => {
      done.transfers++;
      resolve();
    });
  });
}

/** Sends datagrams as fast as it can: more than any queue holds, often. */
function burst(peer: string, count: number, bytes: number): Promise<void> {
  done.datagrams += count;
  const sent = Array.from(
    { length: count },
    () =>
      new Promise<void>((resolve) => {
        datagrams.send(CHUNK.subarray(0, bytes), PORT, peer, () => {
          resolve();
        });
      }),
  );
  return Promise.all(sent).then(() => undefined);
}

for (;;) {
  const peer = peers[dice(peers.length)] ?? '';
  if (dice(2) === 0) await transfer(peer, 1 << (10 + dice(16)));
  else await burst(peer, 1 + dice(2000), 1 + dice(dice(4) === 0 ? 8000 : 1400));
  await pause(dice(200));
}
