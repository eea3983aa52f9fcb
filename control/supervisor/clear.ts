/** Ends labs from outside: asks the process that runs one, and clears away what a dead one left. */
import { remove } from '../sandbox/remove.js';
import { removeAll } from '../sandbox/steps.js';
import { withLock } from './lock.js';
import { discardStray, hasStray, isAlive, readState, StateFile } from './state.js';
import type { State } from './state.js';

/** How long a lab may take to end in good order. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** `absent`: there is no such lab. `stopped`: it ran, and ended in good order. `cleared`: it was dead, and what it left is gone. */
export type Ended = 'absent' | 'stopped' | 'cleared';

/**
 * Ends a lab, whether it runs or is dead.
 * @returns what it was, and what could not be removed, one sentence each
 */
export async function endLab(lab: string): Promise<{ was: Ended; failures: string[] }> {
  const state = readState(lab);
  if (state === undefined) {
    if (hasStray(lab)) await withLock(lab, () => Promise.resolve(discardStray(lab)));
    return { was: 'absent', failures: [] };
  }
  if (isAlive(state)) {
    process.kill(state.pid, 'SIGTERM');
    if (await over(lab, state)) return { was: 'stopped', failures: [] };
    process.kill(state.pid, 'SIGKILL');
    await over(lab, state);
  }
  return { was: 'cleared', failures: await withLock(lab, () => clearDead(lab)) };
}

/** Removes what a lab left whose process is dead; nothing when there is none, or it runs. Call it under the lock. Returns what could not be removed. */
export async function clearDead(lab: string): Promise<string[]> {
  const state = readState(lab);
  if (state === undefined || isAlive(state)) return [];
  const file = StateFile.inherit(state);
  const failures = await removeAll(file, 0, remove);
  if (failures.length === 0) file.discard();
  return failures;
}

/** Waits until the process of a lab has ended; false when that takes too long. True also when it left its state behind. */
async function over(lab: string, state: State): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  while (isAlive(state)) {
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return readState(lab) === undefined;
}
