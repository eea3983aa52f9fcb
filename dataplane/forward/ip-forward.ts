/**
 * What a host that forwards does with a packet for somebody else (RFC 1812 §5.2, §5.3; RFC 8200; Linux net/ipv4/ip_forward.c, ip6_forward), in the
 * order of Linux. Everything is decided before anything is changed. See router.ts.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame, Frames } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { RouteKind } from '../program/layout.js';
import { updateChecksum } from '../wire/checksum.js';
import { EtherType } from '../wire/ethernet.js';
import { dontFragment } from '../wire/ipv4.js';
import { Complaint } from './complain.js';
import type { Complain } from './complain.js';
import type { Firewall } from './firewall.js';
import { fragmentOn } from './fragment.js';
import type { Interfaces } from './interfaces.js';
import type { Nat } from './nat.js';
import { noteConnectionOn } from './note-connection.js';
import type { OptionsOfHosts } from './options.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import type { Redirects } from './redirect.js';
import type { Resolver } from './resolve.js';
import { Action } from './verdict.js';
import type { Verdict } from './verdict.js';

const NOBODY = -1;

/** What forwarding works with. */
export interface ForwardSurroundings {
  readonly interfaces: Interfaces;
  readonly resolver: Resolver;
  readonly own: (frame: Frame) => Frame;
  readonly end: (frame: Frame, verdict: Verdict) => void;
  readonly complain: Complain;
  readonly redirect: Redirects;
  readonly output: (frame: Frame, host: number) => void;
  readonly packet: Packet;
  readonly firewall: Firewall;
  readonly nat: Nat;
  readonly findRoute: (host: number) => number;
  /** Writes the next hop of a route into `hop`. */
  readonly nextHop: (row: number) => void;
  readonly hop: Int32Array;
  /** See reverse-path.ts. */
  readonly isAstray: (iface: number, host: number) => boolean;
  readonly options: OptionsOfHosts;
  /** Why a packet is dropped for its options; where they make no sense its sender is told. */
  readonly inadmissible: (frame: Frame, iface: number) => Reason;
}

/** Makes the function that forwards the packet at hand, which came in by an interface of a host, and says why it was dropped, if it was. */
export function ipForwardOn(
  plane: Plane,
  around: ForwardSurroundings,
): (frame: Frame, iface: number, host: number) => Reason {
  const { frames, counters, program, trace } = plane;
  const { packetLength, view } = frames;
  const { routes } = program;
  const { interfaces, resolver, own, end, complain, redirect, output, packet, firewall, nat } =
    around;
  const { findRoute, nextHop, hop, isAstray, options, inadmissible } = around;
  const { mtu } = interfaces;
  const { flow } = nat;
  const cut = fragmentOn(plane);
  const noteConnection = noteConnectionOn(plane, packet, flow);

  function refuse(frame: Frame, reason: Reason): Reason {
    end(frame, Action.Drop | reason);
    return reason;
  }

  /** Why a packet cannot take a route; its sender is told. */
  function objection(frame: Frame, iface: number, host: number, row: number): Reason {
    const kind: RouteKind | undefined = row < 0 ? undefined : routes.kind[row];
    if (kind === RouteKind.Unicast && isAstray(iface, host)) return Reason.ReversePath;
    const against = inadmissible(frame, iface);
    if (against !== Reason.Ok) return against;
    if (kind === undefined) {
      complain(frame, iface, Complaint.NetUnreachable, 0);
      return Reason.NoRoute;
    }
    if (kind === RouteKind.Blackhole) return Reason.RouteBlackhole;
    if (kind === RouteKind.Unreachable) {
      complain(frame, iface, Complaint.HostUnreachable, 0);
      return Reason.RouteUnreachable;
    }
    if (kind === RouteKind.Prohibit) {
      complain(frame, iface, Complaint.Prohibited, 0);
      return Reason.RouteProhibited;
    }
    if (packet.hopLimit > 1) return Reason.Ok;
    complain(frame, iface, Complaint.HopLimitExceeded, 0);
    return Reason.HopLimitExceeded;
  }

  function isTooLong(frame: Frame, out: number): boolean {
    if (packetLength[frame] <= mtu[out]) return false;
    return packet.family === 6 || dontFragment(view, packet.at);
  }

  /** Sends what is written, in pieces where it has to be. */
  function send(frame: Frame, out: number, family: number): Reason {
    if (packetLength[frame] > mtu[out]) return sendPieces(frame, out);
    resolver.send(frame, out, family, hop);
    return Reason.Ok;
  }

  function sendPieces(frame: Frame, out: number): Reason {
    // The next hop is kept: on its way a piece may meet this router again.
    const [a, b, c, d] = hop;
    let pieces = 0;
    const reason = cut(frame, mtu[out], (piece) => {
      keepHop(a, b, c, d);
      counters.copied[0]++;
      pieces++;
      if (plane.isTracing) trace.note(Step.Cut, pieces, out);
      resolver.send(piece, out, 4, hop);
    });
    if (reason !== Reason.Ok) return refuse(frame, reason);
    counters.copied[0]--;
    frames.letGo(frame);
    return Reason.Ok;
  }

  function keepHop(a: number, b: number, c: number, d: number): void {
    hop[0] = a;
    hop[1] = b;
    hop[2] = c;
    hop[3] = d;
  }

  /** Sends a redirect that has been drafted. It may meet this router again before the packet leaves, of which only the next hop is kept. */
  function say(hint: Frame, host: number): void {
    const [a, b, c, d] = hop;
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Error, Complaint.Redirect);
    output(hint, host);
    if (plane.isTracing) trace.note(Step.Done);
    keepHop(a, b, c, d);
  }

  /** Decides about a packet whose next hop is known, and writes it: the frame as it leaves, or the negative of the Reason for which it does not. */
  function write(frame: Frame, iface: number, host: number, out: number): number {
    const denied = firewall(iface, out, packet, flow.filterState, flow.rule, flow.isDirect);
    const unnamed = denied === Reason.Ok ? nat.leave(frame, host, out, hop) : denied;
    if (plane.isTracing) noteConnection(host);
    if (denied !== Reason.Ok) return -denied;
    if (unnamed !== Reason.Ok) {
      // RFC 5508 REQ-8 is about new connections.
      if (unnamed !== Reason.NatUntranslatable) complain(frame, iface, Complaint.Prohibited, 0);
      return -unnamed;
    }
    const mine = own(frame);
    if (mine < 0) return -Reason.PoolExhausted;
    if (flow.isChanged) nat.write(mine);
    passOn(frames, mine);
    if (packet.hasOptions) options.fill(mine, out);
    return mine;
  }

  return (frame, iface, host) => {
    const row = findRoute(host);
    if (plane.isTracing && row >= 0) trace.note(Step.Routed, row, routes.iface[row]);
    const against = objection(frame, iface, host, row);
    if (against !== Reason.Ok) return refuse(frame, against);
    const out = routes.iface[row];
    if (isTooLong(frame, out)) {
      complain(frame, iface, Complaint.TooLong, mtu[out]);
      return refuse(frame, Reason.FragmentationNeeded);
    }
    nextHop(row);
    const { family } = packet;
    const hint = out === iface ? redirect(frame, iface, host) : NOBODY;
    const mine = write(frame, iface, host, out);
    if (hint >= 0) say(hint, host);
    return mine < 0 ? refuse(frame, -mine) : send(mine, out, family);
  };
}

/** One router more has been passed. The frame is the caller's alone. */
export function passOn({ payload, etherType, flags, view }: Frames, frame: Frame): void {
  const at = payload[frame];
  flags[frame] |= FrameFlag.Forwarded;
  if (etherType[frame] === EtherType.Ipv6) {
    view.setUint8(at + 7, view.getUint8(at + 7) - 1);
    return;
  }
  // The word is written and not read again: a read of two bytes behind a write of one would wait for it.
  const was = view.getUint16(at + 8);
  const now = was - 0x100;
  view.setUint16(at + 8, now);
  view.setUint16(at + 10, updateChecksum(view.getUint16(at + 10), was, now));
}
