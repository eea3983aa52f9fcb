/**
 * Connection tracking and address translation of the hosts: whose packet is this, and what is it called on the other side? (Linux
 * net/netfilter/nf_conntrack_core.c, nf_nat_core.c; RFC 3022, RFC 4787.)
 *
 * A connection has two tuples, one for each direction. A packet that has one of them leaves with the other turned round: that is all that
 * translation is. Only the first packet of a connection asks for rules: `arrive` says where it really goes, before it is routed, `leave` where it
 * comes from for others, after it, and enters the connection. So nothing is entered for what is dropped in between.
 *
 * Complication 1: errors. An ICMP error belongs to the connection of the packet it quotes, and is translated with it (nat-errors.ts).
 * Complication 2: a clash. Where the answers of two connections would look alike, the newer one gets another source port, also where no rule
 *   translates it.
 * Complication 3: RFC 4787. In the profile rfc4787 sources are mapped, whoever they speak to (nat-mappings.ts).
 * Complication 4: what cannot be tracked (an answer without a question, TCP out of its window) is Invalid: it is not translated, and what becomes
 *   of it is the firewall's matter; but in the profile rfc4787 it does not leave where a rule is to hide its source.
 *
 * Never: a connection's number kept beyond the packet at hand.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { NatKind } from '../program/nat-layout.js';
import { Direction, Mark } from '../state/connections.js';
import { connectionOf, directionOf } from '../state/conntrack.js';
import { Verdict } from '../state/tcp-tracker.js';
import { keyOf, Protocol, replyPorts } from '../state/tuple.js';
import * as tcp from '../wire/tcp.js';
import { ConnectionState } from './connection.js';
import type { Fibs } from './fibs.js';
import { Flow, isOpen, Turn } from './flow.js';
import { renumberOn } from './identification.js';
import type { Interfaces } from './interfaces.js';
import { choosingOf } from './nat-choose.js';
import { natErrorsOn } from './nat-errors.js';
import type { LocalAddresses } from './local.js';
import { enterMapping, isIcmp, mappingKeyOf, refreshMapping } from './nat-mappings.js';
import { NO_RULE } from './nat-rules.js';
import type { NatRules } from './nat-rules.js';
import { sourceOn } from './nat-source.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { rewriteOn } from './rewrite.js';
import { segmentOn } from './segment.js';
import { nameOf, putAddress } from './tracking.js';
import type { Tracking } from './tracking.js';

export interface Nat {
  readonly flow: Flow;
  /**
   * Finds the connection of the packet at hand, which came in at an interface of a host, and gives the packet the addresses and ports it has on
   * the other side; of the first packet of a connection only the destination. Says why it must not be passed on.
   */
  readonly arrive: (frame: Frame, iface: number, host: number) => Reason;
  /** The same where the connection has been asked already, and says that the packet is none of its own. */
  readonly disown: (frame: Frame, iface: number, host: number) => void;
  /**
   * Does the packet at hand, which came in at an interface of a host, open a connection of TCP from outside to one of its addresses, or of those by
   * which sources are called there, that nobody inside has asked for? Only in the profile rfc4787 it matters.
   */
  readonly isUnsolicited: (iface: number, host: number) => boolean;
  /** The packet leaves by `out`, its next hop is `hop`: gives the first packet of a connection its source, and enters the connection. */
  readonly leave: (frame: Frame, host: number, out: number, hop: Int32Array) => Reason;
  /**
   * The host itself says the packet at hand: if that is an error about a connection, it is told to whom that is known to. A redirect is not
   * translated: there is none about a connection whose translation is known (redirect.ts).
   */
  readonly speak: (frame: Frame, host: number) => void;
  /** Writes what has been changed of the packet at hand. The frame is the caller's alone. */
  readonly write: (frame: Frame) => void;
}

/** What a NAT works with. */
export interface NatSurroundings {
  readonly packet: Packet;
  readonly rules: NatRules;
  readonly local: LocalAddresses;
  readonly interfaces: Interfaces;
  readonly fibs: Fibs;
}

export function natOn(plane: Plane, around: NatSurroundings): Nat {
  const { frames, program, trackings } = plane;
  const { packet, rules, local } = around;
  const { view } = frames;
  const flow = new Flow();
  const choosing = choosingOf(program);
  const segment = segmentOn(plane, packet);
  const errors = natErrorsOn(plane, packet, flow);
  const renumber = renumberOn(plane, packet);
  const rewrite = rewriteOn(plane, packet);
  const chooseSource = sourceOn(plane, { ...around, flow, choosing, track: begin });

  function find(tracking: Tracking): number {
    const source = nameOf(tracking, packet.family, packet.source);
    const destination = nameOf(tracking, packet.family, packet.destination);
    if (packet.family === 6 && (source < 0 || destination < 0)) return -1;
    return tracking.table.find(flow.now, flow.key, source, destination, packet.ports);
  }

  function follow({ table, tracker }: Tracking, side: number): Verdict {
    const connection = connectionOf(side);
    const wasOpen = isOpen(table, connection);
    const verdict = tracker.track(
      side,
      flow.now,
      segment.flags,
      segment.sequence,
      segment.acknowledgment,
      segment.window,
      segment.payloadBytes,
      segment.scale,
    );
    if (isOpen(table, connection) !== wasOpen) flow.turn = wasOpen ? Turn.Closes : Turn.Opens;
    return verdict;
  }

  function begin(connection: number): void {
    if (flow.tracking !== undefined) follow(flow.tracking, connection << 1);
  }

  /** Is it a mapping that translates the destination of a connection, which remembers this rule, and not a rule of its own? */
  function isOfMapping(rule: number): boolean {
    return rule === NO_RULE || (program.natRules.kind[rule] as NatKind) === NatKind.Source;
  }

  /** A packet of a connection, perhaps a reset: it is called what the answers to it are called, turned round. */
  function belong(tracking: Tracking, side: number, isReset: boolean): void {
    const { table } = tracking;
    const connection = connectionOf(side);
    const other = directionOf(side) === Direction.Original ? Direction.Reply : Direction.Original;
    flow.side = side;
    flow.rule = table.ruleOf(connection);
    flow.state = table.has(connection, Mark.SeenReply)
      ? ConnectionState.Established
      : ConnectionState.New;
    if ((table.marksOf(connection) & (Mark.SourceTranslated | Mark.DestinationTranslated)) === 0)
      return;
    putAddress(tracking, packet.family, table.destinationOf(connection, other), packet.source);
    putAddress(tracking, packet.family, table.sourceOf(connection, other), packet.destination);
    packet.ports = replyPorts(packet.protocol, table.portsOf(connection, other));
    flow.isChanged = true;
    const destinationIs =
      directionOf(side) === Direction.Original ? Mark.DestinationTranslated : Mark.SourceTranslated;
    flow.isDirect = !table.has(connection, destinationIs);
    flow.isForMapping =
      directionOf(side) === Direction.Original && !flow.isDirect && isOfMapping(flow.rule);
    refreshMapping(tracking, flow, isReset);
  }

  /** A ping from outside is for the host, whoever inside has its identifier outside; one from inside goes to that neighbor (RFC 7857 §12). */
  function mayEnter(host: number): boolean {
    return !isIcmp(packet.protocol) || !rules.isFromOutside(host, flow.cameIn, packet);
  }

  /** The first packet of a connection: who is it really for? */
  function open(tracking: Tracking, host: number): void {
    flow.state = ConnectionState.New;
    flow.was.become(packet);
    if (mayEnter(host) && enterMapping(tracking, flow, packet)) return;
    const rule = rules.destination(host, flow.cameIn, packet);
    if (rule === NO_RULE) return;
    choosing.destination(rule, packet);
    flow.rule = rule;
    flow.isChanged = true;
    flow.isDirect = false;
  }

  /** A later fragment has the ports of the first, and goes where that went. */
  function join(tracking: Tracking): void {
    const side = find(tracking);
    if (side >= 0) belong(tracking, side, false);
  }

  function track(tracking: Tracking, frame: Frame, host: number): Reason {
    flow.key = keyOf(0, packet.protocol, packet.family === 6);
    flow.mappingKey = mappingKeyOf(tracking, packet);
    if (packet.fragmentOffset > 0) {
      join(tracking);
      return Reason.Ok;
    }
    if (errors.isError()) return errors.arrive(frame, tracking);
    if (!segment.read(frame)) return Reason.Ok;
    let side = find(tracking);
    if (side >= 0) {
      const verdict = follow(tracking, side);
      if (verdict === Verdict.Invalid) return Reason.Ok;
      if (verdict === Verdict.Restart) {
        tracking.table.remove(connectionOf(side));
        side = -1;
      }
    }
    if (side >= 0) belong(tracking, side, (segment.flags & tcp.Flag.Rst) !== 0);
    else if (tracking.tracker.begins(packet.protocol, packet.ports, segment.flags))
      open(tracking, host);
    return Reason.Ok;
  }

  /** Would the packet at hand leave with an address that is to be seen inside only? Linux lets it. */
  function isLeak({ mappings }: Tracking, host: number, out: number): boolean {
    if (mappings === undefined || flow.state !== ConnectionState.Invalid) return false;
    return rules.source(host, out, packet) !== NO_RULE || rules.masquerades(host, out, packet);
  }

  return {
    flow,
    isUnsolicited: (iface, host) =>
      flow.tracking?.syns !== undefined &&
      flow.state === ConnectionState.New &&
      flow.side < 0 &&
      !flow.isChanged &&
      packet.protocol === Protocol.Tcp &&
      packet.fragment === 0 &&
      (tcp.flags(view, packet.transport) & (tcp.Flag.Syn | tcp.Flag.Ack)) === tcp.Flag.Syn &&
      (local.isOwn(host, packet.destination) || rules.isForPool(host, packet)) &&
      rules.isFromOutside(host, iface, packet),
    arrive: (frame, iface, host) => {
      const tracking = trackings[host];
      flow.begin(tracking, frames.tick[frame], iface);
      return tracking === undefined ? Reason.Ok : track(tracking, frame, host);
    },
    disown: (frame, iface, host) => {
      flow.begin(trackings[host], frames.tick[frame], iface);
    },
    leave: (frame, host, out, hop) => {
      if (flow.tracking === undefined) return Reason.Ok;
      if (isLeak(flow.tracking, host, out)) return Reason.NatUntranslatable;
      const isFirst = flow.state === ConnectionState.New && flow.side < 0;
      return isFirst ? chooseSource(flow.tracking, frame, host, out, hop) : Reason.Ok;
    },
    speak: (frame, host) => {
      const tracking = trackings[host];
      flow.begin(tracking, frames.tick[frame], -1);
      if (tracking === undefined || !errors.isError() || errors.isRedirect()) return;
      errors.arrive(frame, tracking);
    },
    write: (frame) => {
      if (flow.isError) errors.write(frame);
      renumber(frame, flow.tracking);
      rewrite(frame);
    },
  };
}
