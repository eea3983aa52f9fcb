/**
 * The fast path of a router: what most packets are goes a short way. It decides nothing by itself and knows no exceptions: a packet that is one
 * in any respect goes the long way (router.ts), untouched, as if it had not been here. So both ways do the same with every packet, and the short
 * one saves what has to be asked of the others (docs/decisions.md).
 *
 * Short is the way of a whole IPv4 packet without options, in a frame of the host's alone, that comes from another station, goes to another, whose
 * next hop is reachable and that fits; and where its host tracks connections, of UDP and TCP on one that both sides have been heard of, and the
 * first one of another (fast-opening.ts). What is told about a frame (explain) is told on the long way.
 *
 * Complication 1: TCP out of its window. Only the tracker says so, and it remembers what it has been asked; so such a packet, which is then Invalid,
 *   goes the long way from behind that question.
 * Complication 2: there may be loops (router.ts). Nothing is remembered here from packet to packet.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Direction, Mark } from '../state/connections.js';
import { connectionOf, directionOf } from '../state/conntrack.js';
import { Verdict } from '../state/tcp-tracker.js';
import { keyOf, replyPorts } from '../state/tuple.js';
import {
  fold,
  isRight,
  pseudoSumIpv4,
  sum,
  updateChecksum,
  updateUdpChecksum,
} from '../wire/checksum.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { Ipv4, fixedSum, Protocol } from '../wire/ipv4.js';
import * as tcp from '../wire/tcp.js';
import { Tcp } from '../wire/tcp.js';
import { Udp } from '../wire/udp.js';
import type { Fibs } from './fibs.js';
import type { openingOn } from './fast-opening.js';
import type { Sure } from './firewall.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import type { Plane } from './plane.js';
import type { Resolver } from './resolve.js';
import type { Tracking } from './tracking.js';

/** What has become of a packet on the fast path. */
export const enum Passage {
  /** It is on its way. */
  Taken,
  /** Nothing: it has to go the long way. */
  Refused,
  /** The same, and its connection has been asked: it is none of its packets. */
  Invalid,
}

export interface FastPathSurroundings {
  readonly interfaces: Interfaces;
  readonly local: LocalAddresses;
  readonly fibs: Fibs;
  readonly resolver: Resolver;
  readonly isSure: Sure;
  readonly open: ReturnType<typeof openingOn>;
}

const VERSION_AND_LENGTH = 0x45;
const FRAGMENT_BITS = 0x3fff;
const TRANSLATED = Mark.SourceTranslated | Mark.DestinationTranslated;

/** Makes the function that sends on a packet that came in by an interface of a host that forwards, if it may go the short way. */
export function fastPathOn(
  plane: Plane,
  { interfaces, local, fibs, resolver, isSure, open }: FastPathSurroundings,
): (frame: Frame, iface: number, host: number) => Passage {
  const { frames, trackings, guesses } = plane;
  const { start, length, payload, packetLength, etherType, flags, holders, tick, view } = frames;
  const { hops } = fibs;
  const { mtu } = interfaces;
  const { reversePath } = plane.program.hosts;
  const sole = trackings.length === 1 ? trackings[0] : undefined;

  /** Is it, as far as its header says, a packet for the fast path? */
  function isCommon(frame: Frame, at: number): boolean {
    if (etherType[frame] !== EtherType.Ipv4 || at !== start[frame] + Ethernet.HeaderLength)
      return false;
    if (holders[frame] !== 1 || (flags[frame] & FrameFlag.Offloaded) !== 0) return false;
    const here = start[frame] + length[frame] - at;
    if (here < Ipv4.HeaderLengthMin) return false;
    const first = view.getInt32(at);
    const total = first & 0xffff;
    if (first >>> 24 !== VERSION_AND_LENGTH || total < Ipv4.HeaderLengthMin || total > here)
      return false;
    if ((view.getUint16(at + 6) & FRAGMENT_BITS) !== 0 || view.getUint8(at + 8) <= 1) return false;
    return isRight(fixedSum(view, at)) && local.isElsewhere(view.getInt32(at + 12));
  }

  /** The next hop of an address outside, if a packet of so many bytes can go there from an interface, and not back by it, or -1. */
  function hopTo(iface: number, host: number, destination: number, bytes: number): number {
    if (!local.isElsewhere(destination)) return -1;
    const hop = fibs.hopIpv4(host, destination);
    return hop >= 0 && hops.iface[hop] !== iface && bytes <= mtu[hops.iface[hop]] ? hop : -1;
  }

  /** The entry of the station that a next hop is, or -1 while it is not known, or has to be asked whether it is still there. */
  function stationAt(hop: number, destination: number, frame: Frame): number {
    const address = hops.via[hop] === 0 ? destination : hops.via[hop];
    return resolver.reach(hops.iface[hop], address, frame);
  }

  /** One router more has been passed. `was` and `are`: sums of what else has been changed in the header. */
  function passOn(frame: Frame, at: number, were: number, are: number): void {
    flags[frame] |= FrameFlag.Forwarded;
    const was = view.getUint16(at + 8);
    const now = was - 0x100;
    view.setUint16(at + 8, now);
    view.setUint16(at + 10, updateChecksum(view.getUint16(at + 10), were + was, are + now));
  }

  function forward(frame: Frame, at: number, iface: number, host: number): Passage {
    const destination = view.getInt32(at + 16);
    const hop = hopTo(iface, host, destination, packetLength[frame]);
    if (hop < 0) return Passage.Refused;
    const station = stationAt(hop, destination, frame);
    if (station < 0) return Passage.Refused;
    passOn(frame, at, 0, 0);
    resolver.sendTo(frame, hops.iface[hop], station);
    return Passage.Taken;
  }

  /** Has the packet a whole header of UDP or TCP, and the right checksum? */
  function isTrackable(at: number): boolean {
    const upper = at + Ipv4.HeaderLengthMin;
    const bytes = view.getUint16(at + 2) - Ipv4.HeaderLengthMin;
    const protocol = view.getUint8(at + 9);
    if (protocol === Protocol.Udp) {
      if (bytes < Udp.HeaderLength) return false;
      if (view.getUint16(upper + Udp.ChecksumOffset) === 0) return true;
    } else {
      if (protocol !== Protocol.Tcp || bytes < Tcp.HeaderLengthMin) return false;
      const header = tcp.headerLength(view, upper);
      if (header < Tcp.HeaderLengthMin || header > bytes) return false;
    }
    return isRight(pseudoSumIpv4(view, at, protocol, bytes) + sum(view, upper, bytes));
  }

  /** Does TCP open a connection by it? On one that there is, it may be the first packet of another. */
  function isSyn(at: number): boolean {
    if (view.getUint8(at + 9) !== Protocol.Tcp) return false;
    const opening = tcp.flags(view, at + Ipv4.HeaderLengthMin) & (tcp.Flag.Syn | tcp.Flag.Ack);
    return opening === tcp.Flag.Syn;
  }

  function track(frame: Frame, at: number, { tracker }: Tracking, side: number): Verdict {
    const upper = at + Ipv4.HeaderLengthMin;
    if (view.getUint8(at + 9) !== Protocol.Tcp) {
      tracker.trackUdp(side, tick[frame]);
      return Verdict.Accept;
    }
    const control = tcp.flags(view, upper);
    const header = tcp.headerLength(view, upper);
    const options = upper + Tcp.HeaderLengthMin;
    return tracker.track(
      side,
      tick[frame],
      control,
      tcp.sequence(view, upper),
      tcp.acknowledgment(view, upper),
      view.getUint16(upper + 14),
      view.getUint16(at + 2) - Ipv4.HeaderLengthMin - header,
      (control & tcp.Flag.Syn) === 0 ? Tcp.NoScale : tcp.windowScale(view, options, upper + header),
    );
  }

  /** Gives the packet its name on the other side. */
  function translate(
    frame: Frame,
    at: number,
    source: number,
    destination: number,
    ports: number,
  ): void {
    const upper = at + Ipv4.HeaderLengthMin;
    const were = fold(view.getUint32(at + 12)) + fold(view.getUint32(at + 16));
    const are = fold(source) + fold(destination);
    const portsWere = fold(view.getInt32(upper));
    view.setInt32(at + 12, source);
    view.setInt32(at + 16, destination);
    view.setInt32(upper, ports);
    passOn(frame, at, were, are);
    const [a, b] = [were + portsWere, are + fold(ports)];
    if (view.getUint8(at + 9) === Protocol.Udp) {
      const field = upper + Udp.ChecksumOffset;
      view.setUint16(field, updateUdpChecksum(view.getUint16(field), a, b));
    } else {
      const field = upper + Tcp.ChecksumOffset;
      view.setUint16(field, updateChecksum(view.getUint16(field), a, b));
    }
  }

  /** The first packet of a connection, if it may be one. */
  function begin(
    frame: Frame,
    at: number,
    iface: number,
    host: number,
    tracking: Tracking,
    key: number,
  ): Passage {
    const upper = at + Ipv4.HeaderLengthMin;
    const protocol = view.getUint8(at + 9);
    const control = protocol === Protocol.Tcp ? tcp.flags(view, upper) : 0;
    if (!tracking.tracker.begins(protocol, 0, control)) return Passage.Refused;
    const destination = view.getInt32(at + 16);
    const hop = hopTo(iface, host, destination, packetLength[frame]);
    if (hop < 0) return Passage.Refused;
    const station = stationAt(hop, destination, frame);
    if (station < 0) return Passage.Refused;
    const connection = open(frame, host, iface, hops.iface[hop], tracking, key);
    if (connection < 0) return Passage.Refused;
    track(frame, at, tracking, connection << 1);
    send(frame, at, tracking, connection << 1, hop, station);
    return Passage.Taken;
  }

  /** The packet of a side of a connection goes on, under the name that it has on the other side. */
  function send(
    frame: Frame,
    at: number,
    { table }: Tracking,
    side: number,
    hop: number,
    station: number,
  ): void {
    const connection = connectionOf(side);
    const other = directionOf(side) === Direction.Reply ? Direction.Original : Direction.Reply;
    if ((table.marksOf(connection) & TRANSLATED) === 0) passOn(frame, at, 0, 0);
    else {
      const source = table.destinationOf(connection, other);
      const destination = table.sourceOf(connection, other);
      const ports = replyPorts(Protocol.Udp, table.portsOf(connection, other));
      translate(frame, at, source, destination, ports);
    }
    resolver.sendTo(frame, hops.iface[hop], station);
  }

  function follow(
    frame: Frame,
    at: number,
    iface: number,
    host: number,
    tracking: Tracking,
  ): Passage {
    const { table } = tracking;
    if (tracking.mappings !== undefined || !isTrackable(at)) return Passage.Refused;
    const [from, to] = [view.getInt32(at + 12), view.getInt32(at + 16)];
    const key = keyOf(0, view.getUint8(at + 9), false);
    const ports = view.getInt32(at + Ipv4.HeaderLengthMin);
    const guess = guesses[frame] - 1;
    const side =
      guess >= 0 && table.isAlive(guess, tick[frame], key, from, to, ports)
        ? guess
        : table.find(tick[frame], key, from, to, ports);
    if (side < 0) return begin(frame, at, iface, host, tracking, key);
    if (isSyn(at)) return Passage.Refused;
    const connection = connectionOf(side);
    const isReply = directionOf(side) === Direction.Reply;
    const marks = table.marksOf(connection);
    if (!isReply && (marks & Mark.SeenReply) === 0) return Passage.Refused;
    const destination = table.sourceOf(connection, isReply ? Direction.Original : Direction.Reply);
    const hop = hopTo(iface, host, destination, packetLength[frame]);
    if (hop < 0) return Passage.Refused;
    const isDirect = (marks & (isReply ? Mark.SourceTranslated : Mark.DestinationTranslated)) === 0;
    if (!isSure(iface, hops.iface[hop], table.ruleOf(connection), isDirect)) return Passage.Refused;
    const station = stationAt(hop, destination, frame);
    if (station < 0) return Passage.Refused;
    if (track(frame, at, tracking, side) !== Verdict.Accept) return Passage.Invalid;
    send(frame, at, tracking, side, hop, station);
    return Passage.Taken;
  }

  return (frame, iface, host) => {
    const at = payload[frame];
    if (plane.isTracing || reversePath[host] > 0 || !isCommon(frame, at)) return Passage.Refused;
    const tracking = sole ?? trackings[host];
    return tracking === undefined
      ? forward(frame, at, iface, host)
      : follow(frame, at, iface, host, tracking);
  };
}
