/**
 * A soup of packets through a router with NAT, against the model on paper (naive-nat.ts): after each packet the same leaves by the same port, byte for
 * byte, or ends for the same Reason. Few addresses, few ports: so they clash, answer each other, and meet connections long forgotten.
 *
 * 100,000 packets. ETHERLOOM_SOUP=1000000 makes it a million, ETHERLOOM_SOUP_SEED=7 another soup; what fails says which packet of which soup it was.
 */
import assert from 'node:assert/strict';
import { env } from 'node:process';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { RouteKind } from '../../dataplane/program/layout.js';
import { NatFlag, NatKind } from '../../dataplane/program/nat-layout.js';
import { randomOf } from '../random.js';
import { Conversation } from './conversation.js';
import { NaiveNat } from './naive-nat.js';
import type { Leaves, Published } from './naive-nat.js';
import { answerTo, frameOf, ip, portIn, u32 } from './packets.js';
import type { Packet } from './packets.js';
import { INSIDE, macOf, OUTSIDE, OWN, portOf, Router, wordOf } from './router.js';
import type { Outcome, Route, Rule } from './router.js';

const COUNT = Number(env['ETHERLOOM_SOUP'] ?? 100_000);
const SEED = Number(env['ETHERLOOM_SOUP_SEED'] ?? 1);
const SECOND = 1e9;
const CONVERSATIONS = 24;
const RECENT = 32;
/** Ports of the clients, each of which four inside and four outside may have; until they begin again, the days of an open connection are over. */
const [PORT_FIRST, PORTS, CLIENTS_EACH] = [20_000, 40_000, 4];

const insiders = [2, 3, 4, 5].map((last) => ip(`10.0.0.${last}`));
const SERVER = ip('10.0.0.9');
const [GATEWAY, FAR_ROUTER] = [ip('203.0.113.254'), ip('203.0.113.253')];
const neighborsOutside = [7, 8].map((last) => ip(`203.0.113.${last}`));
/** Behind the routers. */
const far = [ip('198.51.100.5'), ip('198.51.100.200')];
const outsiders = [...neighborsOutside, ...far];
/** Where no packet arrives: no route, other kinds of routes, broadcast, loopback. */
const nobody = ['100.64.0.1', '192.0.2.1', '192.0.2.65', '192.0.2.129', '203.0.113.255'];
const LOOPBACK = ip('127.0.0.1');

const routes: readonly Route[] = [
  { to: ip('192.0.2.64'), bits: 26, kind: RouteKind.Prohibit },
  { to: ip('192.0.2.128'), bits: 25, kind: RouteKind.Unreachable },
  { to: ip('198.51.100.128'), bits: 25, via: FAR_ROUTER },
  { to: ip('10.0.0.0'), bits: 24, iface: INSIDE },
  { to: ip('203.0.113.0'), bits: 24 },
  { to: ip('192.0.2.0'), bits: 24, kind: RouteKind.Blackhole },
  { to: ip('198.51.0.0'), bits: 16, via: GATEWAY },
];

const published: readonly Published[] = [
  { protocol: 'tcp', port: 8080, to: SERVER, toPort: 80 },
  { protocol: 'udp', port: 5002, to: SERVER, toPort: 53 },
];

const rules: readonly Rule[] = [
  ...published.map(({ protocol, port, to, toPort }) => ({
    kind: NatKind.Published,
    flags: NatFlag.AnyLocal,
    protocol: protocol === 'tcp' ? 6 : 17,
    network: INSIDE,
    portFirst: port,
    portLast: port,
    to3: wordOf(to),
    toPortFirst: toPort,
    toPortLast: toPort,
  })),
  {
    kind: NatKind.Source,
    flags: NatFlag.Masquerade,
    iface: OUTSIDE,
    match3: wordOf(ip('10.0.0.0')),
    matchPrefix: 96 + 8,
  },
];

const paper = {
  routes,
  own: OWN,
  broadcasts: [ip('203.0.113.255')],
  nowhere: [LOOPBACK],
  published,
  inside: '0a',
  outside: OUTSIDE,
};

/** A packet that is sent, and who wants to know how it arrives. */
interface Sent {
  readonly packet: Packet;
  readonly heard?: (arrived: Packet | undefined) => void;
}

class Soup {
  private readonly random = randomOf(SEED);
  private readonly conversations: (Conversation | undefined)[] = [];
  private readonly recent: Packet[] = [];
  private clients = 0;
  private tick = 0;

  /** Time passes: most often little of it, now and then as much as a connection lives. */
  wait(): number {
    const { random } = this;
    const kind = random(100);
    if (kind === 0) this.tick += random(130) * SECOND;
    else if (kind < 10) this.tick += random(5 * SECOND);
    else this.tick += random(SECOND / 5);
    return this.tick;
  }

  next(): Sent {
    const kind = this.random(100);
    if (kind < 50) return this.converse();
    if (kind < 70) return { packet: this.question() };
    if (kind < 93) return { packet: this.answer() };
    return { packet: this.stray() };
  }

  /** This packet has left: it may be answered. */
  remember(packet: Packet): void {
    const { protocol, damage } = packet;
    if (protocol !== 'tcp' && damage === undefined) this.recent[this.random(RECENT)] = packet;
  }

  private pick<T>(from: readonly T[]): T {
    const one = from[this.random(from.length)];
    assert.ok(one !== undefined);
    return one;
  }

  private converse(): Sent {
    const slot = this.random(CONVERSATIONS);
    const before = this.conversations[slot];
    const isOver = before?.isOver(this.tick) ?? true;
    const conversation = isOver ? this.begin(before) : before;
    this.conversations[slot] = conversation;
    if (conversation === undefined || conversation.isOver(this.tick))
      return { packet: this.question() };
    return {
      packet: conversation.speak(this.tick),
      heard: (arrived) => {
        conversation.hear(arrived);
      },
    };
  }

  /** Clients count their ports up, all from the same one on. What was closed properly may begin again by the same ports. */
  private begin(before: Conversation | undefined): Conversation {
    const { random } = this;
    if (before?.isProper === true && random(3) === 0)
      return new Conversation(random, before.client, false);
    // Whoever may be forgotten has a port to himself: nobody else's segments are to be taken for his.
    const isPatient = random(8) === 0;
    if (isPatient) this.clients += CLIENTS_EACH - (this.clients % CLIENTS_EACH);
    const port = PORT_FIRST + (Math.floor(this.clients / CLIENTS_EACH) % PORTS);
    const which = this.clients % CLIENTS_EACH;
    this.clients += isPatient ? CLIENTS_EACH : 1;
    const insider = insiders[which] ?? '';
    const outsider = outsiders[which] ?? '';
    const [source, destination, toPort] = this.pick([
      [insider, this.pick(outsiders), 80],
      [insider, this.pick(outsiders), 80],
      [outsider, OWN[1], 8080],
      [insider, this.pick(OWN), 8080],
      [outsider, SERVER, 80],
    ] as const);
    return new Conversation(random, { source, destination, port, toPort }, isPatient);
  }

  /** UDP, a ping, or what has no ports, from anybody to anybody. */
  private question(): Packet {
    const { random } = this;
    const isFromInside = random(3) > 0;
    const source = this.pick(isFromInside ? [...insiders, SERVER] : outsiders);
    const wide = [...outsiders, ...outsiders, OWN[1], ...nobody.map(ip), LOOPBACK];
    const destination = this.pick(isFromInside ? wide : [OWN[1], OWN[1], OWN[0], ...insiders]);
    const protocol = this.pick(['udp', 'udp', 'udp', 'echo', 'echo', 'other'] as const);
    return this.odd({
      source,
      destination,
      protocol,
      ...this.portsOf(protocol),
      hopLimit: 64,
      data: `${u32(random(2 ** 32))}${'5a'.repeat(random(30))}`,
    });
  }

  private portsOf(protocol: Packet['protocol']): { port: number; toPort: number } {
    if (protocol === 'other') return { port: 0, toPort: 0 };
    if (protocol === 'echo') return { port: this.random(3), toPort: 8 };
    return { port: this.pick([53, 700, 5000, 5001]), toPort: this.pick([53, 5000, 5001, 5002]) };
  }

  /** Somebody answers what has left lately. */
  private answer(): Packet {
    const heard = this.recent[this.random(RECENT)];
    return heard === undefined ? this.question() : this.odd({ ...answerTo(heard), hopLimit: 64 });
  }

  /** Now and then there is something about a packet: it is nearly lost, damaged, without checksum, or claims to be the router's. */
  private odd(packet: Packet): Packet {
    switch (this.random(40)) {
      case 0:
        return { ...packet, hopLimit: 1 };
      case 1:
        return { ...packet, hopLimit: 2 };
      case 2:
        return hasChecksum(packet) ? { ...packet, damage: 0x1234 } : packet;
      case 3:
        return packet.protocol === 'udp' ? { ...packet, checksum: 'none' } : packet;
      case 4:
        return { ...packet, source: this.pick([...OWN, LOOPBACK]) };
      default:
        return packet;
    }
  }

  /** TCP that belongs to nothing and can begin nothing, or the answer to a ping that nobody sent. */
  private stray(): Packet {
    const { random } = this;
    const isFromInside = random(2) === 0;
    const bits = this.pick(['11', '12', '04', '14', '00', '03', '29']);
    const stray = {
      source: this.pick(isFromInside ? insiders : outsiders),
      destination: this.pick(isFromInside ? outsiders : [OWN[1], ...insiders]),
      hopLimit: 64,
    };
    return random(4) === 0
      ? { ...stray, protocol: 'echo', port: 77, toPort: 0, data: '00010203' }
      : {
          ...stray,
          protocol: 'tcp',
          port: 7,
          toPort: 9,
          segment: `${u32(random(2 ** 32))}${u32(random(2 ** 32))}50${bits}faf0`,
          data: '0000',
        };
  }
}

function hasChecksum({ protocol, checksum }: Packet): boolean {
  return protocol !== 'other' && checksum === undefined;
}

/** The interface by which a packet comes in, and the neighbor who brings it. */
function senderOf({ source }: Packet): readonly [iface: number, neighbor: string] {
  if ([...insiders, SERVER].includes(source)) return [INSIDE, source];
  return [OUTSIDE, neighborsOutside.includes(source) ? source : GATEWAY];
}

function frameLeaving({ packet, iface, nextHop }: Leaves): Outcome {
  const digits = frameOf(packet, { to: macOf(nextHop), from: macOf(OWN[iface] ?? '') });
  return { left: [{ port: portOf(iface, nextHop), digits }], ended: '' };
}

const written = ({ left, ended }: Outcome): string =>
  [...left.map(({ port, digits }) => `${port} ${digits}`), ended].join('\n');

/** Lets so many packets through a router and its model, and says how many ended how; what differs is a failure. */
function play(t: ExecutionContext, count: number, isTraced: boolean): ReadonlyMap<string, number> {
  const router = new Router({
    routes,
    rules,
    neighbors: [
      ...[...insiders, SERVER].map((address) => [INSIDE, address] as const),
      ...[...neighborsOutside, GATEWAY, FAR_ROUTER].map((address) => [OUTSIDE, address] as const),
    ],
    connections: 1 << 17,
    isTraced,
  });
  const naive = new NaiveNat(paper);
  const soup = new Soup();
  const ends = new Map<string, number>();
  for (let i = 1; i <= count; i++) {
    const tick = soup.wait();
    const { packet, heard } = soup.next();
    const [iface, neighbor] = senderOf(packet);
    const outcome = router.send(packet, iface, tick, neighbor);
    const seen = portIn(outcome.left[0]?.digits ?? '');
    const told = naive.outcome(packet, iface, tick, seen);
    const wanted = typeof told === 'string' ? { left: [], ended: told } : frameLeaving(told);
    if (written(outcome) !== written(wanted)) {
      const said = `packet ${i} of soup ${SEED} at ${tick / SECOND} s: ${JSON.stringify(packet)}`;
      t.is(written(outcome), written(wanted), said);
      return ends;
    }
    const arrived = typeof told === 'string' ? undefined : told.packet;
    if (arrived !== undefined) soup.remember(arrived);
    heard?.(arrived);
    ends.set(wanted.ended, (ends.get(wanted.ended) ?? 0) + 1);
  }
  router.checkConservation();
  const tracking = router.plane.trackings[0];
  t.is(tracking?.table.earlyDropped, 0, 'no connection was given up for another');
  t.is(tracking?.table.refused, 0);
  t.is(tracking?.table.clashed, 0);
  return ends.set('another port', naive.clashes).set('forgotten', naive.forgotten);
}

test(`N4787 N5382 N5508 N3022 R-2 R-14: ${COUNT.toLocaleString('en')} packets leave as they should, byte for byte, or end for the Reason they should`, (t) => {
  t.timeout(COUNT * 2);
  const ends = play(t, COUNT, false);
  t.log([...ends].map(([how, count]) => `${how || 'left'}: ${count}`).join(', '));
  for (const count of ends.values()) t.true(count > COUNT / 1000, 'everything happens');
});

test('the same leaves when everything is told of each packet, and none goes the short way', (t) => {
  t.timeout(COUNT * 2);
  t.true(play(t, COUNT / 10, true).size > 2);
});
