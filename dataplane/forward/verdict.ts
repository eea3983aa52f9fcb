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
  /** To the ports, the link and the stack that stand in `plane.fan`. */
  Fan = 5 << 24,
  /** Out by a link: its number. */
  Down = 6 << 24,
  /** In by a link, as if it had come from its wire: its number. */
  Up = 7 << 24,
  /** To the stack of the host at a link, and no further: its number. */
  Host = 8 << 24,
  /** To where the routes of the host lead, if they leave by this link: its number. */
  Route = 9 << 24,
}

export const enum VerdictBits {
  Action = 0xff000000,
  Argument = 0x00ffffff,
}

export const send = (port: number): Verdict => Action.Send | port;
export const down = (link: number): Verdict => Action.Down | link;
export const up = (link: number): Verdict => Action.Up | link;
export const toHost = (link: number): Verdict => Action.Host | link;
export const route = (link: number): Verdict => Action.Route | link;
export const drop = (reason: Reason): Verdict => Action.Drop | reason;
export const consume = (reason: Reason): Verdict => Action.Consume | reason;
