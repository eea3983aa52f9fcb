import test from 'ava';
import { inner } from './ends.js';
import { A, C1, FAR, fromFar, HOST, ipv6, settled, toFar, Tunnel } from './lab.js';

const REMOTE = 'remotes: [192.168.99.2]';
const REMOTE6 = 'remotes: ["fd99::2"]';
const OVER6 = { source: A.ipv6, destination: HOST.ipv6, checksum: 'right' as const };
const IPV6 = { source: ipv6('fd00::2'), destination: ipv6('fd00::3') };
const ARP = `${FAR.mac}${C1.mac}08060001080006040001${C1.mac}${C1.ip}000000000000${FAR.ip}`;

/** Of the outer header that a frame gets. */
function outerOf(vxlan: string, digits: string) {
  const [outer] = new Tunnel({ vxlan }).sent(digits);
  if (outer === undefined) throw new Error('nothing was sent');
  return outer;
}

test('VX-13: on the way in the ECN field is copied, but for CE, which becomes ECT(0); ARP has none', (t) => {
  for (const remote of [REMOTE, REMOTE6])
    for (const packet of [{}, IPV6]) {
      const tos = [0, 1, 2, 3].map(
        (ecn) => outerOf(remote, toFar({ ...packet, service: ecn })).tos,
      );
      t.deepEqual(tos, [0, 1, 2, 2]);
    }
  t.is(outerOf(REMOTE, ARP).tos, 0);
});

test('VX-13: with `ecn: zero` the outer field says nothing', (t) => {
  const vxlan = `${REMOTE}, ecn: zero`;
  const tos = [0, 1, 2, 3].map((ecn) => outerOf(vxlan, toFar({ service: ecn })).tos);
  t.deepEqual(tos, [0, 0, 0, 0]);
});

/** Outer field, inner field, what it becomes; none: the frame ends (RFC 6040 §4.2, figure 4). */
const DECAPSULATED: readonly (readonly [outer: number, inner: number, becomes?: number])[] = [
  [0, 0, 0],
  [0, 1, 1],
  [0, 2, 2],
  [0, 3, 3],
  [1, 0, 0],
  [1, 1, 1],
  [1, 2, 1],
  [1, 3, 3],
  [2, 0, 0],
  [2, 1, 1],
  [2, 2, 2],
  [2, 3, 3],
  [3, 0],
  [3, 1, 3],
  [3, 2, 3],
  [3, 3, 3],
];

for (const [name, packet] of [
  ['IPv4', {}],
  ['IPv6', { source: ipv6('fd00::3'), destination: ipv6('fd00::2') }],
] as const)
  test(`VX-13: on the way out all 16 combinations of outer and inner ECN do as RFC 6040 says: ${name}`, (t) => {
    const over4 = settled({ vxlan: REMOTE });
    const over6 = settled({ vxlan: REMOTE6 });
    for (const [outer, own, becomes] of DECAPSULATED) {
      const digits = fromFar({ ...packet, service: 0xb8 | own });
      const wanted = becomes === undefined ? [] : [fromFar({ ...packet, service: 0xb8 | becomes })];
      for (const heard of [
        over4.receive({ inner: digits, tos: 0x48 | outer }),
        over6.receive({ ...OVER6, inner: digits, tos: 0x48 | outer }),
      ]) {
        t.deepEqual(
          heard.left.map((left) => left.digits),
          wanted,
          `${outer} around ${own}`,
        );
        t.deepEqual(heard.ended, becomes === undefined ? ['dropped: vxlan-congested'] : []);
      }
    }
  });

test('VX-13: congestion in the tunnel does not end what carries no IP packet', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const arp = `${C1.mac}${FAR.mac}08060001080006040002${FAR.mac}${FAR.ip}${C1.mac}${C1.ip}`;
  t.deepEqual(tunnel.receive({ inner: arp, tos: 3 }).left, [{ port: 'c1', digits: arp }]);
});

test('VX-14: the outer TTL is 64, what is written, or that inside; the inner one stays as it is', (t) => {
  for (const [vxlan, ttl] of [
    [REMOTE, 64],
    [`${REMOTE}, ttl: 1`, 1],
    [`${REMOTE}, ttl: 255`, 255],
    [`${REMOTE}, ttl: inherit`, 17],
    [`${REMOTE6}, ttl: inherit`, 17],
  ] as const)
    for (const packet of [{}, IPV6]) {
      const digits = toFar({ ...packet, hopLimit: 17 });
      const outer = outerOf(vxlan, digits);
      t.is(outer.ttl, ttl);
      t.is(outer.inner, digits);
    }
  t.is(outerOf(`${REMOTE}, ttl: inherit`, ARP).ttl, 64, 'ARP has no TTL');
});

test('VX-14: what comes out has the TTL with which it went in', (t) => {
  const digits = fromFar({ hopLimit: 1 });
  const { left } = settled({ vxlan: REMOTE }).receive({ inner: digits, ttl: 1 });
  t.deepEqual(left, [{ port: 'c1', digits }]);
});

test('the outer type of service is 0, what is written, or that inside', (t) => {
  for (const [vxlan, tos] of [
    [REMOTE, 2],
    [`${REMOTE}, tos: 184`, 186],
    [`${REMOTE}, tos: inherit`, 0x4a],
    [`${REMOTE}, tos: inherit, ecn: zero`, 0x48],
    [`${REMOTE6}, tos: inherit`, 0x4a],
  ] as const)
    for (const packet of [{}, IPV6])
      t.is(outerOf(vxlan, toFar({ ...packet, service: 0x4a })).tos, tos, vxlan);
});

test('the outer DF bit is not set, set, or as that inside, where IPv6 counts as set', (t) => {
  for (const [vxlan, plain, whole, overIpv6, arp] of [
    [REMOTE, false, false, false, false],
    [`${REMOTE}, df: set`, true, true, true, true],
    [`${REMOTE}, df: inherit`, false, true, true, false],
  ] as const) {
    t.is(outerOf(vxlan, toFar()).isWhole, plain);
    t.is(outerOf(vxlan, toFar({ isWhole: true })).isWhole, whole);
    t.is(outerOf(vxlan, toFar(IPV6)).isWhole, overIpv6);
    t.is(outerOf(vxlan, ARP).isWhole, arp);
  }
});

test('VX-5: all frames of a flow have one source port, fragments too, and it is between 49152 and 65535', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE });
  const portOf = (digits: string): number => tunnel.sent(digits)[0]?.port ?? -1;
  const one = portOf(toFar());
  t.true(one >= 49152 && one <= 65535);
  t.is(portOf(toFar({ data: 'ff'.repeat(99), hopLimit: 3, service: 4 })), one);
  const fragments = [0, 3].map((offset) =>
    portOf(toFar({ offset, hasMore: offset === 0, data: '00'.repeat(24) })),
  );
  t.is(fragments[0], fragments[1]);
  const flows = Array.from({ length: 64 }, (_, i) => portOf(toFar({ port: 1000 + i })));
  t.true(new Set(flows).size > 56, 'other flows have other ports');
});

test('VX-5: the source ports are those of the range that is written', (t) => {
  for (const [first, last] of [
    [1024, 1024],
    [40_000, 40_009],
    [1, 65_535],
  ] as const) {
    const tunnel = new Tunnel({ vxlan: `${REMOTE}, source_ports: ${first}-${last}` });
    const ports = Array.from(
      { length: 200 },
      (_, i) => tunnel.sent(toFar({ port: i }))[0]?.port ?? 0,
    );
    t.true(ports.every((port) => port >= first && port <= last));
    if (last - first === 9) t.is(new Set(ports).size, 10);
  }
});

test('VX-5: what is no IP packet is a flow by its addresses and type', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE });
  const portOf = (digits: string): number => tunnel.sent(digits)[0]?.port ?? -1;
  const frame = (from: string): string => `${FAR.mac}${from}88b5${'00'.repeat(46)}`;
  t.is(portOf(frame(C1.mac)), portOf(frame(C1.mac).replace(/00$/, 'ff')));
  const ports = Array.from({ length: 16 }, (_, i) =>
    portOf(frame(`02420a0001${(16 + i).toString(16)}`)),
  );
  t.true(new Set(ports).size > 12);
});

test('a frame that a capture has cut is put into a tunnel as it is, and comes out so', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const digits = toFar({ data: 'ab'.repeat(100) });
  const { left } = tunnel.send(digits.slice(0, 120), { wireLength: digits.length / 2 });
  const [outer = ''] = left.filter(({ port }) => port === 'h.eth0').map((one) => one.digits);
  t.is(outer.slice(100), digits.slice(0, 120));
  t.is(parseInt(outer.slice(32, 36), 16), digits.length / 2 + 36, 'its lengths are those of all');
  const back = inner(
    { source: FAR.ip, destination: C1.ip, data: 'ab'.repeat(100) },
    { to: C1.mac, from: FAR.mac },
  );
  const carrier = tunnel.receive({ inner: back });
  t.is(carrier.left.length, 1);
});
