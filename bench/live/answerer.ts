/** The assistant that answers: a program at the right end that sleeps until a probe comes, and sends it back to where it came from. */
import { Frames } from '../../dataplane/frame/frames.js';
import { loadNative } from '../../native-bindings/load.js';
import { assist } from './assistant.js';
import { stampOf, turnRound } from './probe-frame.js';

export interface AnswererQuestion {
  /** For how long. */
  readonly answer_ms: number;
}

const SLOTS = 64;
const MTU = 1500;
const SLEEP_US_MAX = 50_000;

assist(({ answer_ms }: AnswererQuestion): void => {
  const native = loadNative();
  const frames = new Frames(SLOTS, MTU);
  native.attachPool(frames, frames.room, 0);
  const slots = Int32Array.from({ length: SLOTS }, () => frames.claim());
  const ready = new Int32Array(1);
  const outcomes = new Uint8Array(1);
  const handle = native.openPacket({ interface: 'eth0', port: 0, serial: 0 });
  const end = native.now() + answer_ms * 1e6;
  while (native.now() < end) {
    native.wait(ready, SLEEP_US_MAX);
    const count = native.receive(handle, slots, SLOTS);
    for (let i = 0; i < count; i++) {
      const frame = slots[i] ?? 0;
      if (Number.isNaN(stampOf(frames, frame))) continue;
      turnRound(frames, frame);
      native.send(handle, slots, i, 1, outcomes);
    }
  }
  native.close(handle);
});
