/**
 * Runs data-plane jobs in piscina workers, and is the one place that knows of threads.
 *
 * A worker is busy from the start of its job to the end and sees no messages; it is asked to stop, and asked how far it is, through
 * shared memory only.
 */
import { setFlagsFromString } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';

/**
 * The stages of the data plane are many small functions that run as one loop over frames. V8's default budget for inlining is half of
 * what that loop needs; with this one it is compiled whole (measured in docs/decisions.md). The flags hold for the whole process.
 */
const INLINING = [
  '--max-inlined-bytecode-size=2000',
  '--max-inlined-bytecode-size-cumulative=10000',
  '--max-inlined-bytecode-size-absolute=30000',
];

/** A worker that waits inside a system call, as for a pipe that says nothing, cannot be ended; after this long nobody waits for it. */
const FAREWELL_MS = 500;

/** A job under way in a thread of its own. */
export interface InWorker<Report> {
  /** What the job gives back; throws what it throws, or that its thread ended. */
  readonly finished: Promise<Report>;
  /** Ends the thread wherever it is; `finished` then throws. */
  kill(): Promise<void>;
}

/** As `startInWorker`, for jobs that are only waited for. */
export function runInWorker<Report>(
  module: URL,
  job: object,
  transfer: readonly MessagePort[] = [],
): Promise<Report> {
  return startInWorker<Report>(module, job, transfer).finished;
}

/**
 * Runs the default export of a compiled module with `job` in a worker of its own.
 * @param module URL of the module
 * @param transfer what of the job becomes the worker's: ports of channels
 */
export function startInWorker<Report>(
  module: URL,
  job: object,
  transfer: readonly MessagePort[] = [],
): InWorker<Report> {
  INLINING.forEach(setFlagsFromString);
  const pool = new Piscina({
    filename: module.href,
    minThreads: 0, // a thread that died is not replaced: there is only one job
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
  });
  pool.on('error', () => undefined); // a thread that ends after its job concerns nobody
  const finish = async (): Promise<Report> => {
    try {
      return (await pool.run(job, { transferList: [...transfer] })) as Report;
    } catch (cause) {
      throw named(cause);
    } finally {
      await within(FAREWELL_MS, pool.destroy());
    }
  };
  return {
    finished: finish(),
    kill: async () => {
      await Promise.all(pool.threads.map((thread) => thread.terminate()));
    },
  };
}

/** An error loses its class and its name on the way out of a thread; the name still stands before its stack. */
function named(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const name = /^(\w+): /.exec(cause.stack ?? '')?.[1];
  return name === undefined ? cause : Object.assign(cause, { name });
}

async function within(most_ms: number, ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, most_ms);
  });
  await Promise.race([ending, tooLong]);
  clearTimeout(timer);
}
