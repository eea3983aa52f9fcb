import type { End, Stage } from './stage.js';

/** Where to measure: the ends that a forwarder joins. */
export interface Path {
  readonly left: End;
  readonly right: End;
}

/** Something that carries frames between two ends. */
export interface Forwarder {
  /** As reports name it. */
  readonly name: string;
  /** Why it cannot run here, or undefined. */
  readonly unavailable: () => string | undefined;
  /** Begins to forward on an empty stage; it ends when the stage closes. @throws Error with what went wrong */
  readonly start: (stage: Stage) => Promise<Path>;
}
