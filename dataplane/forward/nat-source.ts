/**
 * Where a new connection comes from for others: by `snat`, by Docker's masquerade, or as it is; always so that its answers can be told from those of
 * every other connection.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { NatFlag, NatKind } from '../program/nat-layout.js';
import { Mark } from '../state/connections.js';
import { connectionOf } from '../state/conntrack.js';
import { Protocol, replyPorts } from '../state/tuple.js';
import type { Flow } from './flow.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import type { Choosing } from './nat-choose.js';
import { addMapping, isIcmp, isUnmapped, refreshMapping, takeMapping } from './nat-mappings.js';
import { NO_RULE } from './nat-rules.js';
import type { NatRules } from './nat-rules.js';
import { copyAddress } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { holdName, letGo } from './tracking.js';
import type { Tracking } from './tracking.js';

const NOBODY = -1;

/** What sources are chosen with. */
export interface SourceSurroundings {
  readonly packet: Packet;
  readonly flow: Flow;
  readonly rules: NatRules;
  readonly choosing: Choosing;
  readonly interfaces: Interfaces;
  readonly fibs: Fibs;
  /** Lets the first packet of a connection that was just entered count. */
  readonly track: (connection: number) => void;
}

/**
 * Makes the function that gives the first packet of a connection, which leaves by `out` to the next hop `hop`, its source, and enters the
 * connection.
 */
export function sourceOn(
  plane: Plane,
  around: SourceSurroundings,
): (tracking: Tracking, frame: Frame, host: number, out: number, hop: Int32Array) => Reason {
  const { frames, program } = plane;
  const { inPort, serial } = frames;
  const { natRules } = program;
  const { packet, flow, rules, choosing, track } = around;
  const putMasquerade = masqueradeOn(plane, around);
  const chosen = new Int32Array(4);
  let replySource = 0;
  let replyDestination = 0;
  let table: Tracking | undefined;
  /** It is a ping for a mapped source. */
  let isPing = false;

  /** Gives the packet its source address. Gives the rule by which, or NO_RULE. */
  function chooseAddress(host: number, out: number, hop: Int32Array): number {
    const rule = rules.source(host, out, packet);
    if (rule !== NO_RULE) {
      if ((natRules.flags[rule] & NatFlag.Masquerade) !== 0) putMasquerade(out, hop);
      else choosing.source(rule, packet);
    } else if (flow.isForMapping && !rules.isFromOutside(host, flow.cameIn, flow.was)) {
      // From a neighbor of the mapped source: it hears somebody outside (RFC 4787 REQ-9 a).
      copyAddress(flow.was.destination, packet.source);
    } else if (isHairpin(out) || rules.masquerades(host, out, packet)) {
      putMasquerade(out, hop);
    }
    return rule;
  }

  /** A published port, asked for from its own network: the answers have to come back through the host (Docker's proxy). */
  function isHairpin(out: number): boolean {
    if (flow.rule === NO_RULE || flow.cameIn !== out) return false;
    return (natRules.kind[flow.rule] as NatKind) === NatKind.Published;
  }

  function isFree(): boolean {
    if (table === undefined) return false;
    if (!isPing && isSourceChanged() && !isUnmapped(table, flow, packet, replyDestination))
      return false;
    const ports = replyPorts(packet.protocol, packet.ports);
    return !table.table.isTaken(flow.now, flow.key, replySource, replyDestination, ports);
  }

  function isSourceChanged(): boolean {
    const { was } = flow;
    return (
      was.source[3] !== packet.source[3] ||
      was.source[2] !== packet.source[2] ||
      was.source[1] !== packet.source[1] ||
      was.source[0] !== packet.source[0] ||
      was.ports >>> 16 !== packet.ports >>> 16
    );
  }

  /** By a rule; or for a mapping, which may have been made without one. */
  function isDestinationChanged(): boolean {
    const { was } = flow;
    return (
      flow.rule !== NO_RULE ||
      was.destination[3] !== packet.destination[3] ||
      was.destination[2] !== packet.destination[2] ||
      was.destination[1] !== packet.destination[1] ||
      was.destination[0] !== packet.destination[0] ||
      (was.ports & 0xffff) !== (packet.ports & 0xffff)
    );
  }

  function enter(tracking: Tracking, frame: Frame, rule: number): Reason {
    const { family, protocol } = packet;
    const { was } = flow;
    const source = holdName(tracking, family, was.source);
    const destination = holdName(tracking, family, was.destination);
    const isNamed = family === 4 || (source >= 0 && destination >= 0);
    const connection = isNamed
      ? tracking.table.add(
          flow.now,
          flow.key,
          source,
          destination,
          was.ports,
          replySource,
          replyDestination,
          replyPorts(protocol, packet.ports),
        )
      : -1;
    letGo(tracking, family, source);
    letGo(tracking, family, destination);
    if (connection < 0) return Reason.ConnectionsExceeded;
    const marks =
      (isSourceChanged() ? Mark.SourceTranslated : 0) |
      (isDestinationChanged() ? Mark.DestinationTranslated : 0);
    tracking.table.mark(connection, marks);
    tracking.table.setRule(connection, flow.rule === NO_RULE ? rule : flow.rule);
    tracking.table.setFirstFrame(connection, inPort[frame], serial[frame]);
    flow.side = connection << 1;
    if (protocol === Protocol.Tcp)
      tracking.syns?.answer(packet.destination, packet.source, replyPorts(protocol, packet.ports));
    if (marks !== 0) flow.isChanged = true;
    track(connection);
    return Reason.Ok;
  }

  return (tracking, frame, host, out, hop) => {
    table = tracking;
    const rule = chooseAddress(host, out, hop);
    // What Docker's proxy would be called inside is nobody's name outside, nor is the identifier of whom a ping is for.
    isPing = flow.isForMapping && isIcmp(packet.protocol);
    const isMappable = !isPing && (rule !== NO_RULE || !isHairpin(out));
    const isMapped = isMappable && isSourceChanged() && takeMappingOf(tracking);
    replySource = holdName(tracking, packet.family, packet.destination);
    replyDestination = holdName(tracking, packet.family, packet.source);
    const isNamed = packet.family === 4 || (replySource >= 0 && replyDestination >= 0);
    let reason = isNamed ? Reason.Ok : Reason.ConnectionsExceeded;
    if (isNamed && !isMapped && !choosing.port(host, rule, packet, isFree))
      reason = Reason.NatPortsExhausted;
    if (reason === Reason.Ok) reason = enter(tracking, frame, rule);
    letGo(tracking, packet.family, replySource);
    letGo(tracking, packet.family, replyDestination);
    if (reason !== Reason.Ok) return reason;
    if (isMapped || flow.isForMapping) refreshMapping(tracking, flow, false);
    const isNew = !isMapped && isMappable && isSourceChanged();
    if (!isNew || addMapping(tracking, flow, packet, rule)) return Reason.Ok;
    tracking.table.remove(connectionOf(flow.side));
    flow.side = NOBODY;
    return Reason.ConnectionsExceeded;
  };

  /** The mapping is that of the source as it came. */
  function takeMappingOf(tracking: Tracking): boolean {
    if (tracking.mappings === undefined) return false;
    const { was } = flow;
    copyAddress(packet.source, chosen);
    copyAddress(was.source, packet.source);
    if (takeMapping(tracking, flow, packet)) return true;
    copyAddress(chosen, packet.source);
    return false;
  }
}

/**
 * Makes the function that gives a packet the source address of an interface: that whose subnet the next hop is in, or else its first one
 * (Linux nf_nat_masquerade.c, inet_select_addr).
 */
function masqueradeOn(
  { program }: Plane,
  { packet, interfaces, fibs }: SourceSurroundings,
): (out: number, hop: Int32Array) => void {
  const { word0, word1, word2, word3 } = program.addresses;
  const { firstOwn, ownCount } = interfaces;
  const address = new Int32Array(4);

  function read(row: number): boolean {
    address[0] = word0[row];
    address[1] = word1[row];
    address[2] = word2[row];
    address[3] = word3[row];
    return ((address[0] | address[1] | address[2]) === 0) === (packet.family === 4);
  }

  return (out, hop) => {
    const subnet = fibs.findBy(out, packet.family, hop);
    const end = firstOwn[out] + ownCount[out];
    let best = -1;
    for (let row = firstOwn[out]; row < end; row++) {
      if (!read(row)) continue;
      const isNear = fibs.findBy(out, packet.family, address) === subnet;
      if (best < 0 || isNear) best = row;
      if (isNear) break;
    }
    if (best >= 0 && read(best)) copyAddress(address, packet.source);
  };
}
