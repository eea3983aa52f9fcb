/**
 * What is said on the control socket of a running lab, by both sides.
 *
 * A connection is one conversation: the client's first line asks for one thing, the lab answers with one line or many, and when it has said
 * all there is it ends the connection. Every line is one JSON object. A conversation that goes on (a capture, a watch) ends when the client
 * says `end` or goes away; nothing of it is left in the lab then.
 *
 * The lab believes nothing: requests are checked against `requestSchema`, lines are bounded (lines.ts). The client believes the lab: the
 * socket belongs to the user the lab runs as, and nobody else can have made it.
 */
import { z } from 'zod';
import type { Shown } from './shown.js';
import type { Explanation } from '../explain/explanation.js';

/** Raised when a client of one version would misunderstand a lab of the other. */
export const PROTOCOL = 1;

/** Bytes of the longest line a lab takes from a client. */
export const REQUEST_BYTES_MAX = 16 * 1024;

/** Frames that one `explain` may ask for. */
export const EXPLAINED_MAX = 100_000;

const port = z.string().min(1).max(512);
const filter = z.string().min(1).max(8192).optional();

export const requestSchema = z.discriminatedUnion('ask', [
  /** One answer; with `watch` one each second until the client ends. */
  z.strictObject({
    ask: z.literal('show'),
    what: z.enum(['ports', 'fdb', 'counters', 'workers']),
    watch: z.boolean(),
  }),
  /** Everything that passes a port, as pcapng in a named pipe; it is written once the client says `begin`. */
  z.strictObject({ ask: z.literal('capture'), port, filter }),
  /** The next frames that come in by a port. */
  z.strictObject({
    ask: z.literal('explain'),
    port,
    count: z.int().min(1).max(EXPLAINED_MAX),
    filter,
  }),
]);

/** The first line of a conversation, without its version. */
export type Request = z.output<typeof requestSchema>;

/** Things that can be shown. */
export type What = Extract<Request, { ask: 'show' }>['what'];

/** What a client says after its request: the pipe is open at its end; it has had enough. */
export const followUpSchema = z.strictObject({ say: z.enum(['begin', 'end']) });
export type FollowUp = z.output<typeof followUpSchema>;

export type Answer =
  | { readonly tells: 'shown'; readonly shown: Shown }
  /** Where the capture will come out; the pipe vanishes with the conversation. */
  | { readonly tells: 'pipe'; readonly path: string }
  /** The capture is complete: how many frames it should have, and how many passed faster than they were read. `why`: it ended by itself. */
  | {
      readonly tells: 'recorded';
      readonly frames: number;
      readonly leftOut: number;
      readonly why?: string;
    }
  | { readonly tells: 'explained'; readonly explanation: Explanation; readonly left: number }
  /** The request is not met. `call`: what was asked is wrong, not the state of the lab. */
  | { readonly tells: 'refused'; readonly why: string; readonly call: boolean }
  /** It is over, and why, when it was not the client that wanted it so. */
  | { readonly tells: 'ended'; readonly why: string };
