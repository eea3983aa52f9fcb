/**
 * The assistant that receives: connects, and counts what arrives into one buffer that is used again and again. It is the one that
 * connects because Node reads into a buffer of ours only there.
 */
import { connect } from 'node:net';
import { assist } from './assistant.js';

export interface ReceiverQuestion {
  readonly address: string;
  readonly port: number;
  readonly warmUp_ms: number;
  readonly measure_ms: number;
}

export interface ReceiverAnswer {
  readonly connected: boolean;
  /** Bytes received from the connection on. */
  readonly bytesTotal: number;
  /** Bytes received after warming up, and in how long. */
  readonly bytes: number;
  readonly seconds: number;
  /** Bytes received in the last quarter of that time: 0 when the connection has stalled. */
  readonly bytesAtLast: number;
}

/** Long enough for two repetitions of a lost SYN. */
const CONNECT_MS = 4000;
const READ_BYTES = 128 * 1024;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

assist(
  async ({ address, port, warmUp_ms, measure_ms }: ReceiverQuestion): Promise<ReceiverAnswer> => {
    let bytesTotal = 0;
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (count: number): boolean => {
        bytesTotal += count;
        return true;
      },
    };
    const socket = connect({ host: address, port, onread });
    const connected = await Promise.race([
      new Promise<boolean>((resolve) => {
        socket.on('connect', () => {
          resolve(true);
        });
        socket.on('error', () => {
          resolve(false);
        });
      }),
      sleep(CONNECT_MS).then(() => false),
    ]);
    if (connected) await sleep(warmUp_ms);
    const start = performance.now();
    const bytesBefore = bytesTotal;
    if (connected) await sleep((measure_ms * 3) / 4);
    const bytesLate = bytesTotal;
    if (connected) await sleep(measure_ms / 4);
    const seconds = (performance.now() - start) / 1000;
    const answer = {
      connected,
      bytesTotal,
      bytes: bytesTotal - bytesBefore,
      seconds,
      bytesAtLast: bytesTotal - bytesLate,
    };
    socket.destroy();
    return answer;
  },
);
