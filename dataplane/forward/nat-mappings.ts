/**
 * Mappings of RFC 4787: in the profile rfc4787 a source address and port inside have one address and port outside, whoever they speak to
 * (REQ-1), and whoever speaks to these reaches them (REQ-8). Kept in a table of connections (tracking.ts), of whose memory (state/connections) the
 * first word in `windows` counts the TCP connections of a mapping that are open, as far as they have been seen to close again, and the own tick is that until
 * which it lives without these.
 */
import { NatOption } from '../program/nat-layout.js';
import { Direction, Mark, Size } from '../state/connections.js';
import { connectionOf, directionOf } from '../state/conntrack.js';
import type { Conntrack } from '../state/conntrack.js';
import { keyOf } from '../state/tuple.js';
import { Protocol } from '../wire/ipv4.js';
import { isOpen, Turn } from './flow.js';
import type { Flow } from './flow.js';
import type { Packet } from './packet.js';
import { holdName, letGo, nameOf, putAddress } from './tracking.js';
import type { Tracking } from './tracking.js';

const SOURCE_PORT = 0xffff_0000;
const NOBODY = -1;
/** Marks of a mapping besides Mark: by which of the protocols that have it together its source has spoken. */
const SPOKE_TCP = 0x010;
const SPOKE_UDP = 0x020;
/** The protocol in the key of a mapping that TCP and UDP have together. */
const EITHER = 0;

export function isIcmp(protocol: number): boolean {
  return protocol === Protocol.Icmp || protocol === Protocol.Icmpv6;
}

/** The key of the mappings of a protocol: that of its tuples, or one for TCP and UDP where these have mappings together. */
export function mappingKeyOf({ options }: Tracking, { protocol, family }: Packet): number {
  const isShared = (options & NatOption.SharedMappings) !== 0 && spokeBy(protocol) !== 0;
  return keyOf(0, isShared ? EITHER : protocol, family === 6);
}

function spokeBy(protocol: number): number {
  if (protocol === Protocol.Tcp) return SPOKE_TCP;
  return protocol === Protocol.Udp ? SPOKE_UDP : 0;
}

/** May whoever speaks this protocol use a mapping that exists? Not one of another protocol alone, unless filters are shared, too. */
function lets({ mappings, options }: Tracking, mapping: number, protocol: number): boolean {
  if ((options & NatOption.SharedMappings) === 0 || spokeBy(protocol) === 0) return true;
  if ((options & NatOption.SharedFilters) !== 0) return true;
  return mappings !== undefined && (mappings.marksOf(mapping) & spokeBy(protocol)) !== 0;
}

/**
 * The new connection is for a mapped source: gives the packet the destination that this has inside. A question of ICMP has one identifier, which is
 * that of the source it is for; so it is no name of who asks.
 */
export function enterMapping(tracking: Tracking, flow: Flow, packet: Packet): boolean {
  const { mappings } = tracking;
  const outside = nameOf(tracking, packet.family, packet.destination);
  if (mappings === undefined || (packet.family === 6 && outside < 0)) return false;
  const isQuery = isIcmp(packet.protocol);
  const port = isQuery ? packet.ports & SOURCE_PORT : packet.ports << 16;
  const side = mappings.find(flow.now, flow.mappingKey, outside, outside, port);
  if (side < 0 || directionOf(side) === Direction.Original) return false;
  const mapping = connectionOf(side);
  if (!lets(tracking, mapping, packet.protocol)) return false;
  const inside = mappings.sourceOf(mapping, Direction.Original);
  // Who pings a name outside that is his own means the host.
  if (isQuery && inside === nameOf(tracking, packet.family, packet.source)) return false;
  putAddress(tracking, packet.family, inside, packet.destination);
  const portInside = mappings.portsOf(mapping, Direction.Original);
  packet.ports = isQuery
    ? portInside | (packet.ports & 0xffff)
    : (packet.ports & SOURCE_PORT) | (portInside >>> 16);
  flow.rule = mappings.ruleOf(mapping);
  flow.isChanged = true;
  flow.isForMapping = true;
  flow.isDirect = false;
  return true;
}

/** The mapping of the packet's source, or -1. */
function mappingFor(tracking: Tracking, flow: Flow, packet: Packet): number {
  const inside = nameOf(tracking, packet.family, packet.source);
  if (tracking.mappings === undefined || (packet.family === 6 && inside < 0)) return NOBODY;
  const port = packet.ports & SOURCE_PORT;
  const side = tracking.mappings.find(flow.now, flow.mappingKey, inside, inside, port);
  return side < 0 || directionOf(side) === Direction.Reply ? NOBODY : connectionOf(side);
}

/** The source of a new connection is mapped already: gives the packet the one that it has outside. */
export function takeMapping(tracking: Tracking, flow: Flow, packet: Packet): boolean {
  const { mappings } = tracking;
  const mapping = mappingFor(tracking, flow, packet);
  if (mappings === undefined || mapping < 0) return false;
  const outside = mappings.sourceOf(mapping, Direction.Reply);
  mappings.mark(mapping, spokeBy(packet.protocol));
  putAddress(tracking, packet.family, outside, packet.source);
  packet.ports =
    (mappings.portsOf(mapping, Direction.Reply) & SOURCE_PORT) | (packet.ports & 0xffff);
  return true;
}

/** Is the packet's source, as it is outside, nobody's yet? `outside`: the name of its address. */
export function isUnmapped(
  { mappings }: Tracking,
  flow: Flow,
  packet: Packet,
  outside: number,
): boolean {
  if (mappings === undefined) return true;
  const port = packet.ports & SOURCE_PORT;
  return !mappings.isTaken(flow.now, flow.mappingKey, outside, outside, port);
}

/**
 * The source that the packet came with (`flow.was`) has the one outside that it has now, for as long as its connection lives, which was just entered.
 * False when there is no room for another mapping.
 */
export function addMapping(tracking: Tracking, flow: Flow, packet: Packet, rule: number): boolean {
  const { table, mappings } = tracking;
  if (mappings === undefined) return true;
  const { family } = packet;
  const inside = holdName(tracking, family, flow.was.source);
  const outside = holdName(tracking, family, packet.source);
  const isNamed = family === 4 || (inside >= 0 && outside >= 0);
  const ports = flow.was.ports & SOURCE_PORT;
  const portsOutside = packet.ports & SOURCE_PORT;
  const key = flow.mappingKey;
  const mapping = isNamed
    ? mappings.add(flow.now, key, inside, inside, ports, outside, outside, portsOutside)
    : NOBODY;
  letGo(tracking, family, inside);
  letGo(tracking, family, outside);
  if (mapping < 0) return false;
  mappings.setExpiry(mapping, table.expiryOf(connectionOf(flow.side)));
  mappings.setRule(mapping, rule);
  mappings.mark(mapping, spokeBy(packet.protocol));
  mappings.windows[mapping * Size.WindowWords] = 0;
  refreshMapping(tracking, flow, false);
  return true;
}

/**
 * A packet goes on with its connection, and so does the mapping of the source inside: with each packet of one that was opened from there, and with
 * the answers from there to one that was opened from elsewhere (REQ-6). What comes unasked keeps a mapping alive only where the topology says so
 * (RFC 7857 §7), and a reset that refuses it never does (§7.1), which is what the packet at hand is if it `isReset`.
 */
export function refreshMapping(tracking: Tracking, flow: Flow, isReset: boolean): void {
  const { table, mappings, options } = tracking;
  if (mappings === undefined) return;
  const connection = connectionOf(flow.side);
  const isOwn = directionOf(flow.side) === Direction.Reply;
  const refreshes = !isReset && (isOwn || (options & NatOption.InboundRefresh) !== 0);
  if (table.has(connection, Mark.SourceTranslated))
    follow(tracking, flow, Direction.Original, true);
  if (table.has(connection, Mark.DestinationTranslated))
    follow(tracking, flow, Direction.Reply, refreshes);
}

/** The mapping of who sends in this direction, if there is one, learns of the packet at hand. */
function follow(tracking: Tracking, flow: Flow, direction: Direction, refreshes: boolean): void {
  const { table, mappings } = tracking;
  if (mappings === undefined || (!refreshes && flow.turn === Turn.None)) return;
  const connection = connectionOf(flow.side);
  const inside = table.sourceOf(connection, direction);
  const port = table.portsOf(connection, direction) & SOURCE_PORT;
  const side = mappings.find(flow.now, flow.mappingKey, inside, inside, port);
  if (side < 0 || directionOf(side) === Direction.Reply) return;
  const mapping = connectionOf(side);
  if (refreshes) refresh(mappings, mapping, table, connection);
  if (flow.turn !== Turn.None) turn(mappings, mapping, table, connection, flow.turn);
}

/** It lives as long as the connection, and is given up for no other if that is not. */
function refresh(mappings: Conntrack, mapping: number, table: Conntrack, connection: number): void {
  const expiry = table.expiryOf(connection);
  if (!isOpen(table, connection))
    mappings.setOwnTick(mapping, Math.max(mappings.ownTickOf(mapping), expiry));
  if (table.has(connection, Mark.Assured)) mappings.mark(mapping, Mark.Assured);
  mappings.setExpiry(mapping, Math.max(mappings.expiryOf(mapping), expiry));
}

/** A TCP connection that it has is open now, or no more: with the last of them its long life is over (RFC 5382 REQ-5). */
function turn(
  mappings: Conntrack,
  mapping: number,
  table: Conntrack,
  connection: number,
  how: Turn,
): void {
  const at = mapping * Size.WindowWords;
  mappings.windows[at] = Math.max(0, mappings.windows[at] + how);
  if (how === Turn.Opens || mappings.windows[at] > 0) return;
  mappings.setExpiry(mapping, Math.max(mappings.ownTickOf(mapping), table.expiryOf(connection)));
}
