/**
 * Runs data-plane jobs in piscina workers, and is the one place that knows of threads.
 *
 * A worker is busy from the start of its job to the end and sees no messages; it is asked to stop, and asked how far it is, through
 * shared memory only.
 */
import { Piscina } from 'piscina';

/** A job's worker: compiled file beside this one, and what it is to do. */
export interface Task {
  /** URL of the module whose default export is the job. */
  readonly module: URL;
  readonly job: object;
}

/** Runs one job in a worker of its own and gives back what it returns; its exceptions are this function's. */
export async function runInWorker<Report>({ module, job }: Task): Promise<Report> {
  const pool = new Piscina({
    filename: module.href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
  });
  try {
    return (await pool.run(job)) as Report;
  } finally {
    await pool.destroy();
  }
}
