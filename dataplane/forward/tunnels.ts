/**
 * VXLAN: the tunnel ends that are ports of bridges (RFC 7348; Linux drivers/net/vxlan). What a bridge sends out by such a port is put into UDP and leaves by
 * the routes of the host (encapsulate.ts); what comes to the host for one of its tunnel ends is taken out again and enters the bridge by that port
 * (decapsulate.ts).
 *
 * A frame is never moved: headers are written before it, or passed over. What an end knows of the others is state/remotes.ts, and how a packet gets to
 * one of them is found once (tunnel-roads.ts).
 *
 * Complication 1: tunnels in tunnels. The way of an outer packet may lead through another bridge with such a port, all within one pass. What comes out of
 *   more than DEPTH_MAX tunnels, and what has no room for one more header, is dropped.
 * Complication 2: the host's conntrack does not see outer packets, as behind a NOTRACK rule: every flow inside would be a connection there.
 */
import type { Frame } from '../frame/frames.js';
import type { Reason } from '../observe/reason.js';
import type { CarryOut } from './emit.js';
import type { Bridge } from './bridge.js';
import { decapsulateOn } from './decapsulate.js';
import { encapsulateOn } from './encapsulate.js';
import { fastEncapsulateOn } from './fast-encapsulate.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import { outerOn } from './outer.js';
import type { Plane } from './plane.js';
import type { Resolver } from './resolve.js';
import { roadsOn } from './tunnel-roads.js';
import type { Verdict } from './verdict.js';

/** What tunnel ends work with. */
export interface TunnelSurroundings {
  readonly interfaces: Interfaces;
  readonly fibs: Fibs;
  readonly local: LocalAddresses;
  readonly resolver: Resolver;
  readonly bridge: Bridge;
  readonly carryOut: CarryOut;
  /** Out by a port behind which nothing of ours stands. Uses up a hold. */
  readonly queue: (frame: Frame, port: number) => void;
  /** Out by an interface of a host, as it is. Uses up a hold. */
  readonly transmit: (frame: Frame, iface: number) => void;
  /** Gives up a hold and gives a frame that is the caller's alone, or -1. */
  readonly own: (frame: Frame) => Frame;
  readonly drop: (frame: Frame, reason: Reason) => void;
  readonly end: (frame: Frame, verdict: Verdict) => void;
}

export interface Tunnels {
  /** A frame that came by a port of a bridge goes into its tunnel, if the short way takes it; uses up a hold then, else the frame is untouched. */
  readonly hasten: (frame: Frame, port: number) => boolean;
  /** A frame goes into the tunnel end that is this port. Uses up a hold. */
  readonly enter: (frame: Frame, port: number) => void;
  /** An IPv4 packet for the MAC of a host, the only thing in its frame, if the short way takes it; uses up a hold then, else the frame is untouched. */
  readonly hurry: (frame: Frame, host: number) => boolean;
  /** A frame for the MAC of a host, if it is for one of its tunnel ends; uses up a hold then, else the frame is untouched, and false the answer. */
  readonly take: (frame: Frame, host: number) => boolean;
  /** The stack of a host hears a packet: was it for a tunnel end? The hold stays the caller's. */
  readonly hear: (frame: Frame, host: number) => boolean;
}

export function tunnelsOn(plane: Plane, around: TunnelSurroundings): Tunnels {
  const roads = roadsOn(plane, around);
  const { bridge, carryOut } = around;

  /** A frame that comes out of a tunnel, or that a tunnel end has made, enters the bridge. */
  function intoBridge(frame: Frame, port: number): void {
    carryOut(frame, port, bridge(frame, port));
  }

  const all = { ...around, roads, intoBridge };
  const send = outerOn(plane, all);
  return {
    hasten: fastEncapsulateOn(plane, all, send),
    enter: encapsulateOn(plane, all, send),
    ...decapsulateOn(plane, all),
  };
}
