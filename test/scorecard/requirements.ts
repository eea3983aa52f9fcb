/** What is required of a router, a NAT, and whoever finds neighbors, each with the id by which titles of tests name it, and where it is not met. */
import { neighborhood } from './neighborhood.js';
import { routing } from './routing.js';
import { translation } from './translation.js';

/** Why it is not, or not wholly, met; or that nothing here could meet it. */
export type Reason = `deviates: ${string}` | `not applicable: ${string}`;

export interface Requirement {
  readonly id: string;
  /** In a few words; (S) is what only should be so, (M) what may be so, all else must. */
  readonly says: string;
  /** Of both profiles, where they do not differ, ... */
  readonly reason?: Reason;
  /** ... or of one. */
  readonly linux?: Reason;
  readonly rfc4787?: Reason;
}

export interface Chapter {
  readonly title: string;
  /** The profiles of translation may differ here. */
  readonly hasProfiles: boolean;
  readonly requirements: readonly Requirement[];
}

export const chapters: readonly Chapter[] = [...translation, ...routing, ...neighborhood];
