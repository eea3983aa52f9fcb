/**
 * What is made, is made in named steps: a step that fails says its name, and whatever the steps before it made is taken away in reverse.
 *
 * Each thing is written down before it is made, so that also after `kill -9` somebody knows of it (supervisor/state); taking away is
 * therefore a matter of the note alone, not of the step, and does not mind when the thing is not there.
 */
import { Refused } from '../cli/errors.js';

/** Something that outlives this process, and by which name. */
export type Made =
  /** A network namespace, with all that is in it. */
  | { readonly kind: 'namespace'; readonly name: string }
  /** /etc/netns/NAME: what programs in that namespace see under /etc. */
  | { readonly kind: 'files'; readonly name: string }
  /** A TAP that is there for another program. */
  | { readonly kind: 'tap'; readonly name: string }
  /** The leader of a process group; `started` tells it from a later process with that number (proc(5), field 22). */
  | { readonly kind: 'process'; readonly pid: number; readonly started: number };

export interface Step {
  /** What it does: `make namespace etherloom-lab-c1`. */
  readonly name: string;
  /** What it makes, if that outlives the process. */
  readonly makes?: Made;
  /** Throws when what is to be made is there already and somebody else's; then nothing is taken away. */
  check?(): Promise<void>;
  take(): Promise<void>;
}

/** Where it is written down what has been made. */
export interface Ledger {
  readonly made: readonly Made[];
  /** On return, it is safe to make it. */
  record(made: Made): void;
  erase(made: Made): void;
}

/**
 * Takes the steps in order.
 * @throws Refused that names the step that failed and says why; then nothing of the steps is left
 */
export async function takeSteps(
  steps: readonly Step[],
  ledger: Ledger,
  remove: (made: Made) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const before = ledger.made.length;
  for (const step of steps) {
    try {
      signal?.throwIfAborted();
      await step.check?.();
      if (step.makes !== undefined) ledger.record(step.makes);
      await step.take();
    } catch (cause) {
      const left = await removeAll(ledger, before, remove);
      if (signal?.aborted === true) throw new Refused(['interrupted', ...left].join('\n'));
      throw new Refused([`${step.name}: ${wordsOf(cause)}`, ...left].join('\n'));
    }
  }
}

/** Takes away what was made, the last thing first, down to the first `keep` things. Returns what could not be, one sentence each. */
export async function removeAll(
  ledger: Ledger,
  keep: number,
  remove: (made: Made) => Promise<void>,
): Promise<string[]> {
  const failures: string[] = [];
  for (const made of ledger.made.slice(keep).reverse()) {
    try {
      await remove(made);
      ledger.erase(made);
    } catch (cause) {
      failures.push(`cannot remove ${nameOf(made)}: ${wordsOf(cause)}`);
    }
  }
  return failures;
}

function nameOf(made: Made): string {
  if (made.kind === 'process') return `process ${made.pid}`;
  return made.kind === 'files' ? `/etc/netns/${made.name}` : `${made.kind} ${made.name}`;
}

export function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
