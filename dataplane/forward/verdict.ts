import type { Reason } from '../observe/reason.js';

/** What to do with a frame: an action in the high byte, its argument below. */
export type Verdict = number;

export const enum Action {
  /** To one port: its number. */
  Send = 1 << 24,
  /** To every other port of the network. */
  Flood = 2 << 24,
  /** Nowhere: the Reason. */
  Drop = 3 << 24,
  /** To the emulated host itself: the Reason. */
  Consume = 4 << 24,
}

export const ACTION_BITS = 0xff000000;
export const ARGUMENT_BITS = 0x00ffffff;

export const send = (port: number): Verdict => Action.Send | port;
export const drop = (reason: Reason): Verdict => Action.Drop | reason;
export const consume = (reason: Reason): Verdict => Action.Consume | reason;
