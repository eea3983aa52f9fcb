/**
 * Where this Worker's part of the topology ends and that of others begins. Hosts and wires are divided whole, so a frame crosses only
 * between a NIC and its wire; and where the captures are read, between a capture and its port.
 */
import type { Frame } from '../frame/frames.js';

/** What one Worker asks another to do. */
export const enum Errand {
  /** A frame comes in by a port: its number. */
  In,
  /** A frame comes from a NIC to a port of its wire: the number of the port. */
  Enter,
  /** A frame comes up by a NIC from its wire: the number of the link. */
  Up,
  /** What is due first is to happen: its number in `plane.dues`. */
  Fire,
  /** What is queued is to be sent. */
  Flush,
  /** The end: what still waits gets its answer or is given up. */
  End,
}

/** No frame goes with an errand. */
export const NO_FRAME = -1;

export interface Frontier {
  /** By network, link, port: 1 when it is this Worker's. */
  readonly ownNetworks: Uint8Array;
  readonly ownLinks: Uint8Array;
  readonly ownPorts: Uint8Array;
  /** Gives an errand, and the hold on a frame, to the Worker that has what it is about. */
  readonly hand: (errand: Errand, about: number, frame: Frame) => void;
  /** Lets happen what is due, at this tick or before, at hosts whose events have one order with those of other Workers. */
  readonly advance: (tick: number) => void;
}
