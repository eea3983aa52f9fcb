import type { Counters } from '../observe/counters.js';
import { Reason } from '../observe/reason.js';

/**
 * Books the frames that a Worker held when it ended, so that the law of conservation holds again. Whose they were nobody knows any more: they
 * stand at its first port. A Worker ended between sending and counting has one frame too many instead; that counts as copied.
 */
export function bookLost(counters: Counters, port: number): void {
  const lost = counters.unaccounted();
  const at = port * Reason.Count + Reason.WorkerLost;
  if (lost > 0) counters.dropped[at] += lost;
  else counters.copied[0] -= lost;
}
