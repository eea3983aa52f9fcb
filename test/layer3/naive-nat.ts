/**
 * What a router with NAT does, on paper: with Maps, objects and words, from RFC 3022, RFC 1812 and what Linux does where they leave it open. It tracks
 * connections, masquerades what leaves for outside, and forwards published ports.
 *
 * Which port a connection gets that cannot keep its own is the router's choice: it is taken over from what was seen to leave, if that is allowed.
 */
import assert from 'node:assert/strict';
import { RouteKind } from '../../dataplane/program/layout.js';
import { kindOf, NaiveTcp } from './naive-tcp.js';
import type { Direction } from './naive-tcp.js';
import { answerTo } from './packets.js';
import type { Packet } from './packets.js';
import type { Route } from './router.js';

export interface Published {
  readonly protocol: Packet['protocol'];
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
}

export interface Paper {
  readonly routes: readonly Route[];
  /** The addresses of the router, by interface, and what else is for itself. */
  readonly own: readonly string[];
  readonly broadcasts: readonly string[];
  /** Where nothing can go, nor come from. */
  readonly nowhere: readonly string[];
  /** Ports of all addresses of the router. */
  readonly published: readonly Published[];
  /** What begins like this is masqueraded where it leaves by `outside`. */
  readonly inside: string;
  readonly outside: number;
}

/** A packet goes on. */
export interface Leaves {
  readonly packet: Packet;
  readonly iface: number;
  readonly nextHop: string;
}

interface Connection {
  /** What its opener sends is called by the one, what the answers are called by the other. */
  readonly tuples: readonly [asSent: Packet, asAnswered: Packet];
  readonly began: number;
  until: number;
  isAnswered: boolean;
  readonly tcp: NaiveTcp;
}

interface Arrived {
  readonly packet: Packet;
  readonly isNew: boolean;
  readonly isPublished: boolean;
}

const SECOND = 1e9;
const STREAM = 2 * SECOND;
const IPV4_BITS = 32;
const [PRIVILEGED, LOW] = [1024, 512];

/** How long a connection lives after its last packet, in seconds. */
const lives = {
  udp: { once: 30, stream: 120 },
  echo: 30,
  other: 600,
} as const;

const keyOf = ({ protocol, source, port, destination, toPort }: Packet): string =>
  `${protocol} ${source} ${port} ${destination} ${toPort}`;

/** May this packet open a connection? */
function begins(packet: Packet): boolean {
  if (packet.protocol === 'echo') return packet.toPort === 8;
  return packet.protocol !== 'tcp' || ['SYN', 'ACK'].includes(kindOf(packet));
}

/** Which class a port is in; identifiers have none. */
function classOf({ protocol, port }: Packet): number {
  if (protocol === 'echo' || port >= PRIVILEGED) return PRIVILEGED;
  return port >= LOW ? LOW : 0;
}

export class NaiveNat {
  /** How often a connection could not keep its port, and how often one was given up because nothing had come for so long. */
  clashes = 0;
  forgotten = 0;
  private readonly sides = new Map<string, readonly [Connection, Direction]>();

  constructor(private readonly paper: Paper) {}

  /** What becomes of a packet; `seen`: the source port of what left. */
  outcome(came: Packet, cameIn: number, tick: number, seen: number): Leaves | string {
    const { own, broadcasts, nowhere } = this.paper;
    if ([...own, ...nowhere].includes(came.source)) return 'dropped: martian-address';
    const { packet, isNew, isPublished } = this.arrive(came, tick);
    const to = packet.destination;
    if (own.includes(to) || broadcasts.includes(to)) return 'consumed: gateway-address';
    if (nowhere.includes(to)) return 'dropped: martian-address';
    const { kind, via, iface = this.paper.outside } = this.routeTo(to);
    if (iface < 0) return 'dropped: no-route';
    if (kind === RouteKind.Blackhole) return 'dropped: route-blackhole';
    if (kind === RouteKind.Unreachable) return 'dropped: route-unreachable';
    if (kind === RouteKind.Prohibit) return 'dropped: route-prohibited';
    if (packet.hopLimit <= 1) return 'dropped: hop-limit-exceeded';
    const isHairpin = isPublished && cameIn === iface;
    const named = isNew ? this.name(came, packet, iface, isHairpin, tick, seen) : packet;
    if (named === undefined) return 'dropped: nat-ports-exhausted';
    return {
      packet: { ...named, hopLimit: named.hopLimit - 1 },
      iface,
      nextHop: via ?? to,
    };
  }

  /** Whose packet is it, and who is it really for? */
  private arrive(packet: Packet, tick: number): Arrived {
    const asItIs = { packet, isNew: false, isPublished: false };
    if (packet.damage !== undefined) return asItIs;
    const found = this.find(packet, tick);
    if (found !== undefined) {
      const [connection, direction] = found;
      const verdict = follow(connection, direction, packet, tick);
      if (verdict === 'x') return asItIs;
      if (verdict !== 'restart') return { ...asItIs, packet: translated(packet, found) };
      this.forget(connection);
    }
    if (!begins(packet)) return asItIs;
    const published = this.paper.published.find(
      ({ protocol, port }) =>
        protocol === packet.protocol &&
        port === packet.toPort &&
        this.paper.own.includes(packet.destination),
    );
    if (published === undefined) return { ...asItIs, isNew: true };
    const { to, toPort } = published;
    return { packet: { ...packet, destination: to, toPort }, isNew: true, isPublished: true };
  }

  /** Where does a new connection come from for others? Enters it; nothing where it would be mistaken for another. */
  private name(
    came: Packet,
    packet: Packet,
    out: number,
    isHairpin: boolean,
    tick: number,
    seen: number,
  ): Packet | undefined {
    const { own, inside, outside } = this.paper;
    const isMasqueraded = (out === outside && packet.source.startsWith(inside)) || isHairpin;
    const kept = { ...packet, source: isMasqueraded ? (own[out] ?? '') : packet.source };
    const isFree = (one: Packet): boolean => this.find(answerTo(one), tick) === undefined;
    if (!isFree(kept) && packet.protocol === 'other') return undefined;
    const named = isFree(kept) ? kept : { ...kept, port: seen };
    if (named !== kept) this.clashes++;
    assert.ok(isFree(named), 'the answers to two connections would look alike');
    assert.equal(classOf(named), classOf(kept), 'class of the port');
    this.enter(came, named, tick);
    return named;
  }

  private enter(asSent: Packet, named: Packet, tick: number): void {
    const connection: Connection = {
      tuples: [asSent, answerTo(named)],
      began: tick,
      until: tick,
      isAnswered: false,
      tcp: new NaiveTcp(),
    };
    this.sides.set(keyOf(connection.tuples[1]), [connection, 1]);
    this.sides.set(keyOf(connection.tuples[0]), [connection, 0]);
    follow(connection, 0, asSent, tick);
  }

  private find(packet: Packet, tick: number): readonly [Connection, Direction] | undefined {
    const side = this.sides.get(keyOf(packet));
    if (side === undefined || side[0].until > tick) return side;
    this.forget(side[0]);
    this.forgotten++;
    return undefined;
  }

  private forget({ tuples }: Connection): void {
    for (const tuple of tuples) this.sides.delete(keyOf(tuple));
  }

  /** The route with the longest prefix. */
  private routeTo(
    address: string,
  ): Route | { readonly iface: number; via?: string; kind?: number } {
    const bitsOf = (digits: string): string =>
      parseInt(digits, 16).toString(2).padStart(IPV4_BITS, '0');
    const matching = this.paper.routes.filter(({ to, bits }) =>
      bitsOf(address).startsWith(bitsOf(to).slice(0, bits)),
    );
    const [longest] = matching.sort((one, other) => other.bits - one.bits);
    return longest ?? { iface: -1 };
  }
}

/** A packet of a connection is called what the answers to it are called, turned round. */
function translated(packet: Packet, [{ tuples }, direction]: readonly [Connection, Direction]) {
  const { source, destination, port, toPort } = answerTo(tuples[direction === 0 ? 1 : 0]);
  return { ...packet, source, destination, port, toPort };
}

/** Lets a packet of a connection count: how long does that live now? Gives x where it does not belong there, restart where another begins. */
function follow(
  connection: Connection,
  direction: Direction,
  packet: Packet,
  tick: number,
): string {
  const { protocol } = packet;
  if (protocol === 'tcp') {
    const { verdict, seconds } = connection.tcp.follow(direction, packet, connection.isAnswered);
    if (verdict === 'x' || verdict === 'restart') return verdict;
    if (seconds !== undefined) connection.until = tick + seconds * SECOND;
  } else if (protocol === 'udp') {
    const isStream = connection.isAnswered && tick > connection.began + STREAM;
    connection.until = tick + (isStream ? lives.udp.stream : lives.udp.once) * SECOND;
  } else connection.until = tick + lives[protocol] * SECOND;
  if (direction === 1) connection.isAnswered = true;
  return 'accepted';
}
