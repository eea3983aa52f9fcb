/** What routers and neighbors say of themselves in IPv6 (RFC 4861): through a bridge as it is, and a host believes no more than it has to. */
import test from 'ava';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u32, u8, viewOf, with16 } from '../../pcaps/build/bytes.js';
import { ethernet } from '../../pcaps/build/ethernet.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { arpReply, arpRequest } from '../../pcaps/build/ipv4.js';
import { advertisement, solicitation } from '../../pcaps/build/ipv6.js';
import { bridge } from '../dataplane/lab.js';
import {
  atA,
  atB,
  eth0,
  eth1,
  far,
  frame4,
  frame6,
  heard,
  leaves,
  message6,
  near,
  packet4,
  packet6,
  party,
  routerLab,
  scriptOf,
  udp,
} from '../dataplane/routed.js';
import type { Sent } from '../dataplane/routed.js';
import { digitsOf } from '../layer2/frames.js';
import { byPort, play } from '../layer2/play.js';
import { scenario } from '../layer2/scenario.js';

const linkLocal = (last: number): Uint8Array => join(hex('fe80'), new Uint8Array(13), u8(last));
const router: Station = { ...party(1, 1), ip6: linkLocal(1) };
const host: Station = { ...party(1, 2), ip6: linkLocal(2) };
const group = (last: number): Station => ({
  ...host,
  ip6: join(hex('ff02'), new Uint8Array(13), u8(last)),
});
const own = (station: Station): Uint8Array => join(u8(1, 1), station.mac);

/** A message of neighbor discovery as `raw`, from the EtherType on; its hop limit is 255. */
function raw(from: Station, to: Station, type: number, detail: number, body: Uint8Array): string {
  const message = message6(from, to, type << 8, detail, body);
  return digitsOf(frame6(from, to, packet6(from, to, Protocol.Icmpv6, message, 255))).slice(24);
}

const prefix = join(
  u8(3, 4, 64, 0xc0),
  u32(86_400, 14_400, 0),
  hex('fd000001'),
  new Uint8Array(12),
);
const advertised = raw(router, group(1), 134, 0x4000_0708, join(u32(0, 0), own(router), prefix));
const solicited = raw(host, group(2), 133, 0, own(host));
const redirected = raw(router, host, Icmpv6Type.Redirect, 0, join(linkLocal(3), far.ip6));

scenario(
  'D-6: router advertisements, router solicitations and redirects pass through a bridge untouched',
  {
    lab: bridge('c1 c2 c3'),
    story: `
    c1: c1>33:33:00:00:00:01 raw=${advertised} => c2 c3
    c2: c2>33:33:00:00:00:02 raw=${solicited} => c1 c3
    c1: c1>c2 raw=${redirected} => c2`,
  },
);

const lab = routerLab();
const absent = party(2, 66);
const packet = (to: Station, hops: number): Uint8Array =>
  packet6(near, to, Protocol.Udp, udp(6, near, to), hops);
test('D-6, R-13: a host that forwards follows no redirect (Linux accept_redirects)', (t) => {
  const redirect = packet6(
    { ...eth1, ip6: far.ip6 },
    eth1,
    Protocol.Icmpv6,
    message6(far, eth1, Icmpv6Type.Redirect << 8, 0, join(absent.ip6, far.ip6)),
    255,
  );
  const sent = frame6(near, eth0, packet(far, 64));
  const [, after] = heard(lab, [atB(frame6(far, eth1, redirect)), atA(sent)]);
  t.deepEqual(after, [leaves('b.p', frame6(eth1, far, packet(far, 63)))]);
});

test('D-3: an advertisement without a link-layer address tells nothing of a neighbor that is being looked for; one with it does', (t) => {
  const silent = packet6(
    absent,
    eth1,
    Protocol.Icmpv6,
    message6(absent, eth1, Icmpv6Type.NeighborAdvertisement << 8, 0x6000_0000, absent.ip6),
    255,
  );
  const [, second, third] = heard(lab, [
    atA(frame6(near, eth0, packet(absent, 64))),
    atB(frame6(absent, eth1, silent)),
    atB(advertisement(absent, eth1)),
  ]);
  t.deepEqual(second, ['consumed: host-stack']);
  t.true(third?.includes(leaves('b.p', frame6(eth1, absent, packet(absent, 63)))));
});

/** Nothing but time passes. */
const quietUntil = (seconds: number): Sent => atA(new Uint8Array(), { seconds });
const QUIET = 'dropped: runt';

/** A message of neighbor discovery, right but for what is said otherwise; `spoiled` is added to its checksum. */
interface Wrong {
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly target?: Uint8Array;
  readonly hops?: number;
  readonly kind?: number;
  readonly flags?: number;
  readonly option?: Uint8Array;
  readonly spoiled?: number;
}

const UNSPECIFIED = new Uint8Array(16);
const ALL_NODES = join(hex('ff02'), new Uint8Array(13), u8(1));
const groupOf = ({ ip6 }: Station): Uint8Array =>
  join(hex('ff02 0000 0000 0000 0000 0001 ff'), ip6.slice(13));

function discovery(type: Icmpv6Type, right: Required<Wrong>, wrong: Wrong): Uint8Array {
  const { source, destination, target, hops, kind, flags, option, spoiled } = {
    ...right,
    ...wrong,
  };
  const isGroup = destination[0] === 0xff;
  const mac = isGroup ? join(hex('3333'), destination.slice(12)) : eth1.mac;
  const [from, to] = [
    { ...absent, ip6: source },
    { ...eth1, mac, ip6: destination },
  ];
  const message = message6(from, to, (type << 8) | kind, flags << 24, join(target, option));
  const sum = viewOf(message).getUint16(2);
  const spoilt = with16(message, 2, (sum + spoiled) & 0xffff);
  return frame6(from, to, packet6(from, to, Protocol.Icmpv6, spoilt, hops));
}

/** `absent` asks for the router. */
const solicits = (wrong: Wrong): Uint8Array =>
  discovery(
    Icmpv6Type.NeighborSolicitation,
    {
      source: absent.ip6,
      destination: groupOf(eth1),
      target: eth1.ip6,
      hops: 255,
      kind: 0,
      flags: 0,
      option: join(hex('01 01'), absent.mac),
      spoiled: 0,
    },
    wrong,
  );

/** `absent` answers the router. */
const advertises = (wrong: Wrong): Uint8Array =>
  discovery(
    Icmpv6Type.NeighborAdvertisement,
    {
      source: absent.ip6,
      destination: eth1.ip6,
      target: absent.ip6,
      hops: 255,
      kind: 0,
      flags: 0x60,
      option: join(hex('02 01'), absent.mac),
      spoiled: 0,
    },
    wrong,
  );

const none = new Uint8Array();
/** What both may not be. */
const INVALID: Readonly<Record<string, Wrong>> = {
  'that a router has passed on': { hops: 254 },
  'with a code': { kind: 1 },
  'with a wrong checksum': { spoiled: 1 },
  'for a group': { target: ALL_NODES },
  'with an option of no length': { option: hex('0e 00 000000000000') },
  'with an option longer than it': { option: hex('0e 02 000000000000') },
};

for (const [what, wrong] of Object.entries<Wrong>({
  ...INVALID,
  'with a link-layer address that is none of Ethernet': {
    option: join(hex('01 02'), absent.mac, new Uint8Array(8)),
  },
  'of nobody who names his link-layer address': { source: UNSPECIFIED },
  'of nobody to the host itself': {
    source: UNSPECIFIED,
    destination: eth1.ip6,
    option: none,
  },
  'of nobody to all nodes': { source: UNSPECIFIED, destination: ALL_NODES, option: none },
}))
  test(`D-1: a solicitation ${what} is not answered, and tells nothing of who sent it`, (t) => {
    const [right, spoilt] = heard(lab, [atB(solicits({})), atB(solicits(wrong))]);
    t.regex(right?.join(' ') ?? '', /^b\.p \w+ consumed: host-stack$/);
    t.regex(spoilt?.join(' ') ?? '', /^(consumed: host-stack|dropped: martian-address)$/);
    const [, asks] = heard(lab, [
      atB(solicits(wrong)),
      atA(frame6(near, eth0, packet(absent, 64))),
      quietUntil(10),
    ]);
    t.deepEqual(asks, [leaves('b.p', solicitation(eth1, absent))]);
  });

for (const [what, wrong] of Object.entries<Wrong>({
  ...INVALID,
  'with a link-layer address that is none of Ethernet': {
    option: join(hex('02 02'), absent.mac, new Uint8Array(8)),
  },
  'that is solicited and to all nodes': { destination: ALL_NODES },
}))
  test(`D-1: an advertisement ${what} is not believed`, (t) => {
    const [, spoilt, right] = heard(lab, [
      atA(frame6(near, eth0, packet(absent, 64))),
      atB(advertises(wrong)),
      atB(advertises({})),
    ]);
    t.deepEqual(spoilt, ['consumed: host-stack']);
    t.true(right?.includes(leaves('b.p', frame6(eth1, absent, packet(absent, 63)))));
  });

/** Where a packet for `far` goes at a time, and what the router says of its own in the next 5.5 s. */
function whereabouts(advertised: Uint8Array, seconds: number): string[] {
  const [, , sent = [], asked = []] = heard(lab, [
    atB(advertisement(far, eth1)),
    atB(advertised, { seconds }),
    atA(frame6(near, eth0, packet(far, 64)), { seconds }),
    quietUntil(seconds + 5.5),
  ]);
  return [...sent, ...asked];
}

test('D-3: O says whether another link-layer address replaces the one that is known, and S whether the neighbor is reachable', (t) => {
  const moved = { ...far, mac: absent.mac };
  const at = ({ mac }: Station): string =>
    leaves('b.p', frame6(eth1, { ...far, mac }, packet(far, 63)));
  const probe = ({ mac }: Station): string =>
    leaves('b.p', solicitation(eth1, far, { ...far, mac }));
  const cases: readonly [flags: number, from: Station, then: readonly string[]][] = [
    [0x60, moved, [at(moved), QUIET]],
    [0x20, moved, [at(moved), probe(moved), QUIET]],
    [0x40, moved, [at(far), probe(far), QUIET]],
    [0x00, moved, [at(far), probe(far), QUIET]],
    [0x00, far, [at(far), QUIET]],
    [0x20, far, [at(far), QUIET]],
  ];
  for (const [flags, from, then] of cases)
    t.deepEqual(whereabouts(advertisement(from, eth1, flags), 2), then, String(flags));
  // After 30 s it is no more reachable unless it says so itself.
  t.deepEqual(whereabouts(advertisement(far, eth1, 0x20), 40), [at(far), probe(far), QUIET]);
  t.deepEqual(whereabouts(advertisement(far, eth1, 0x40), 40), [at(far), QUIET]);
});

test('D-2: who asks the host itself is not told the link-layer address again, and so without O', (t) => {
  const [toGroup, toHost] = heard(lab, [
    atB(solicits({})),
    atB(solicits({ destination: eth1.ip6 })),
  ]);
  t.deepEqual(toGroup, [leaves('b.p', advertisement(eth1, absent, 0xe0)), 'consumed: host-stack']);
  const short = message6(eth1, absent, 0x8800, 0xc000_0000, eth1.ip6);
  const answer = frame6(eth1, absent, packet6(eth1, absent, Protocol.Icmpv6, short, 255));
  t.deepEqual(toHost, [leaves('b.p', answer), 'consumed: host-stack']);
});

test('D-5: who looks whether an address of the host is free is told by all nodes that it is not; who claims it changes nothing', (t) => {
  const probe = atB(solicits({ source: UNSPECIFIED, option: none }));
  const claim = atB(advertises({ target: eth1.ip6, destination: ALL_NODES, flags: 0x20 }));
  const everybody = { ...eth1, mac: hex('33 33 00 00 00 01'), ip6: ALL_NODES };
  const defended = [leaves('b.p', advertisement(eth1, everybody, 0xa0)), 'consumed: host-stack'];
  const [first, claimed, second, answered] = heard(lab, [probe, claim, probe, atB(solicits({}))]);
  t.deepEqual([first, second], [defended, defended]);
  t.deepEqual(claimed, ['consumed: host-stack']);
  t.deepEqual(answered?.[0], leaves('b.p', advertisement(eth1, absent, 0xe0)));
});

test('D-4: on the fast path, too, a neighbor is reachable for 30 s, and asked 5 s after the next packet', (t) => {
  const data = (hops: number): Uint8Array =>
    packet4(near, absent, Protocol.Udp, udp(4, near, absent), { ttl: hops });
  const sent = (seconds: number): Sent => atA(frame4(near, eth0, data(64)), { seconds });
  const left = leaves('b.p', frame4(eth1, absent, data(63)));
  const probe = leaves(
    'b.p',
    ethernet(eth1, absent, EtherType.Arp, arpRequest(eth1, absent).slice(14)),
  );
  const [, , ...then] = heard(lab, [
    sent(0),
    atB(arpReply(absent, eth1), { seconds: 0.5 }),
    ...[10, 31, 31.5, 35.9, 36.5].map(sent),
  ]);
  t.deepEqual(then, [[left], [left], [left], [left], [probe, left]]);
});

test('D-4: however many neighbors are to be asked at one moment, all of them are, in bursts of any size', (t) => {
  const count = 240;
  const meet = (net: number, at: typeof atA, nic: Station): Sent[] =>
    Array.from({ length: count }, (_, i) => at(arpRequest(party(net, i + 10), nic)));
  const speak = (net: number, at: typeof atA, [from, nic]: readonly [Station, Station]): Sent[] =>
    Array.from({ length: count }, (_, i) => {
      const to = party(net, i + 10);
      return at(frame4(from, nic, packet4(from, to, Protocol.Udp, udp(4, from, to))));
    });
  const script = scriptOf(lab, [
    ...meet(1, atA, eth0),
    ...meet(2, atB, eth1),
    ...speak(1, atB, [far, eth1]),
    ...speak(2, atA, [near, eth0]),
    quietUntil(60),
  ]);
  for (const most of [1, 256]) {
    const left = Object.values(byPort(play(lab, script, { most }))).flat();
    const asked = left.filter(
      (digits) => digits.startsWith('0806', 24) && digits.startsWith('0001', 40),
    );
    t.is(asked.length, 3 * 2 * count, `bursts of ${most}`);
  }
});
