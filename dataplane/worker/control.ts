/**
 * The words by which other threads speak with a running Worker: it is busy and sees no messages.
 * One shared memory; `Stop` is an Int32 read with Atomics at each breath, the others are Float64 that the Worker writes.
 */
export const enum ControlWord {
  /** Int32 0: not 0 asks the Worker to stop after this breath. */
  Stop = 0,
  /** Float64 1: bytes of the inputs read so far. */
  BytesRead = 1,
}

export const CONTROL_BYTES = 16;

/** Asks the Worker to stop. */
export function askToStop(control: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(control), ControlWord.Stop, 1);
}
