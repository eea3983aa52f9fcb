/**
 * The words by which other threads speak with a running Worker: it is busy and sees no messages.
 * One shared memory; `Stop` is an Int32 read with Atomics at each breath, the others are Float64 that the Worker writes.
 */
export const enum ControlWord {
  /** Int32 0: not 0 asks the Worker to stop after this breath. */
  Stop = 0,
  /** Int32 1: the descriptor that wakes a live Worker (native-bindings `wake`); 0 while it has none. */
  Waker = 1,
  /** Float64 2: bytes of the inputs read so far. */
  BytesRead = 2,
  /** Float64 3: breaths taken. */
  Breaths = 3,
  /** Float64 4: times it waited for frames in the kernel. */
  Waits = 4,
  /** Float64 5: nanoseconds it waited. */
  Waited_ns = 5,
  /** Float64 6: the tick at which it last looked at the clock. */
  Tick = 6,
  /** Float64 7: the largest burst received. */
  BurstMax = 7,
}

export const CONTROL_BYTES = 64;

/**
 * Asks the Worker to stop, and wakes it when it waits for input.
 * @param wake wakes a live Worker, which waits in the kernel, by what it left in ControlWord.Waker (native-bindings `wake`)
 */
export function askToStop(control: SharedArrayBuffer, wake?: (waker: number) => void): void {
  const words = new Int32Array(control, 0, ControlWord.Waker + 1);
  Atomics.store(words, ControlWord.Stop, 1);
  Atomics.notify(words, ControlWord.Stop);
  const waker = Atomics.load(words, ControlWord.Waker);
  if (waker > 0) wake?.(waker);
}

/** `Atomics.waitAsync` (ES2024), which Node 20 has and the library of ES2023 does not name. */
interface WaitsAsync {
  waitAsync(words: Int32Array, index: number, value: number): { readonly value: unknown };
}

/** Resolves when the Worker is asked to stop. Does not keep the thread alive. */
export async function askedToStop(control: SharedArrayBuffer): Promise<void> {
  const words = new Int32Array(control);
  await (Atomics as unknown as WaitsAsync).waitAsync(words, ControlWord.Stop, 0).value;
}
