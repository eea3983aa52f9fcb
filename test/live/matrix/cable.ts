/**
 * Tagging cables: VLAN interfaces without the kernel's help. Beside `eth0` of a namespace stands a TAP; frames that the stack sends through
 * it go out by eth0 with an 802.1Q tag, and those that come in there with the tag come out of the TAP without. Offloaded frames stay so.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Cable {
  /** Of the TAP. */
  readonly descriptor: number;
  /** Path of the namespace, and the interface in it on which frames are tagged. */
  readonly namespace: string;
  readonly name: string;
}

/** What the thread gets. */
export interface CableTask {
  readonly cables: readonly Cable[];
  readonly vlan: number;
  /** Not 0: it is to end. */
  readonly stop: Int32Array;
}

/** Plugs all of these in; what it gives pulls them out. */
export async function plugIn(cables: readonly Cable[], vlan: number): Promise<() => Promise<void>> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData: CableTask = { cables, vlan, stop };
  const worker = new Worker(new URL('./cable-task.js', import.meta.url), { workerData });
  await once(worker, 'online');
  const over = once(worker, 'exit');
  return async () => {
    Atomics.store(stop, 0, 1);
    await over;
  };
}
