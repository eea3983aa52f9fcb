import test from 'ava';
import { Ends, outerFrame } from './ends.js';
import { A, B, ENDS, FAR, fromFar, HOST, settled, toEverybody, toFar, Tunnel } from './lab.js';

const REMOTE = 'remotes: [192.168.99.2]';
const REMOTE6 = 'remotes: ["fd99::2"]';
const OUTER6 = { source: A.ipv6, destination: HOST.ipv6 };
const heard = [{ port: 'c1', digits: fromFar() }];

test('VX-1: a frame leaves with the I bit alone, and comes in whatever the seven other flags are', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE });
  t.deepEqual(
    tunnel.sent(toFar()).map(({ flags }) => flags),
    [0x0800_0000],
  );
  for (let bit = 24; bit < 32; bit++) {
    const { left, ended } = tunnel.receive({ inner: fromFar(), flags: 0x0800_0000 | (1 << bit) });
    t.deepEqual(left, heard, `bit ${bit}`);
    t.deepEqual(ended, []);
  }
});

test('VX-1: with `reserved: linux` each bit that is not known ends a frame, as in Linux', (t) => {
  const tunnel = settled({ vxlan: `${REMOTE}, reserved: linux` });
  for (let bit = 0; bit < 32; bit++) {
    const { left, ended } = tunnel.receive({ inner: fromFar(), flags: 0x0800_0000 | (1 << bit) });
    t.deepEqual(left, bit === 27 ? heard : [], `bit ${bit}`);
    t.deepEqual(ended, bit === 27 ? [] : ['dropped: vxlan-reserved-bits']);
  }
  t.deepEqual(tunnel.receive({ inner: fromFar(), reserved: 1 }).ended, [
    'dropped: vxlan-reserved-bits',
  ]);
});

test('VX-2: the VNI stands in bytes 4 to 6, all 24 bits of it; the reserved bytes are sent 0 and ignored', (t) => {
  for (const vni of [0, 1, 42, 0x01_0203, 0xff_ffff]) {
    const tunnel = new Tunnel({ vxlan: `vni: ${vni}, ${REMOTE}` });
    const [frame = { digits: '' }] = tunnel
      .send(toFar())
      .left.filter(({ port }) => port === 'h.eth0');
    t.is(frame.digits.slice(84, 100), `08000000${vni.toString(16).padStart(6, '0')}00`);
    const flags = 0x08ff_ffff;
    t.deepEqual(tunnel.receive({ inner: fromFar(), vni, flags, reserved: 255 }).left, heard);
  }
});

test('VX-3: without the I bit a frame is not accepted', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  for (const flags of [0, 0xf7ff_ffff]) {
    const { left, ended } = tunnel.receive({ inner: fromFar(), flags });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: vxlan-without-vni']);
  }
});

test('VX-4: it goes to port 4789, or to the one that is written; elsewhere nobody listens', (t) => {
  for (const [written, port] of [
    ['', 4789],
    ['port: 8472', 8472],
    ['port: 1', 1],
  ] as const) {
    const tunnel = new Tunnel({ vxlan: [REMOTE, written].filter(Boolean).join(', ') });
    t.deepEqual(
      tunnel.sent(toFar()).map(({ toPort }) => toPort),
      [port],
    );
    t.deepEqual(tunnel.receive({ inner: fromFar(), toPort: port }).left, heard);
    const { left, ended } = tunnel.receive({ inner: fromFar(), toPort: port + 1 });
    t.deepEqual(ended, ['consumed: host-stack']);
    t.deepEqual(
      left.map(({ port: by, digits }) => `${by} ${digits.slice(46, 48)} ${digits.slice(68, 72)}`),
      ['h.eth0 01 0303'],
      'the host says that nobody listens at that port',
    );
  }
});

test('VX-6: over IPv4 the UDP checksum is sent 0, or right where it is to be computed', (t) => {
  const [plain] = new Tunnel({ vxlan: REMOTE }).sent(toFar());
  t.is(plain?.checksum, 0);
  const computing = new Tunnel({ vxlan: `${REMOTE}, checksum: computed` });
  const [frame = { digits: '' }] = computing
    .send(toFar())
    .left.filter(({ port }) => port === 'h.eth0');
  t.is(sumOfUdp(frame.digits, false), 0xffff);
});

test('VX-6: received 0 is accepted; anything else is verified, and ends a frame where it is wrong', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  t.deepEqual(tunnel.receive({ inner: fromFar(), checksum: 'none' }).left, heard);
  t.deepEqual(tunnel.receive({ inner: fromFar(), checksum: 'right' }).left, heard);
  const { left, ended } = tunnel.receive({ inner: fromFar(), checksum: 'right', damage: 1 });
  t.deepEqual(left, []);
  t.deepEqual(ended, ['dropped: udp-bad-checksum']);
});

test('VX-7: over IPv6 the checksum is computed, and a frame without one accepted only where both ends are told so', (t) => {
  const tunnel = settled({ vxlan: REMOTE6 });
  const [frame = { digits: '' }] = tunnel
    .send(toFar())
    .left.filter(({ port }) => port === 'h.eth0');
  t.is(sumOfUdp(frame.digits, true), 0xffff);
  t.not(frame.digits.slice(120, 124), '0000');
  t.deepEqual(tunnel.receive({ ...OUTER6, inner: fromFar(), checksum: 'right' }).left, heard);
  const { left, ended } = tunnel.receive({ ...OUTER6, inner: fromFar(), checksum: 'none' });
  t.deepEqual(left, []);
  t.deepEqual(ended, ['dropped: vxlan-checksum-missing']);
  const damaged = { ...OUTER6, inner: fromFar(), checksum: 'right' as const, damage: 1 };
  t.deepEqual(tunnel.receive(damaged).ended, ['dropped: udp-bad-checksum']);
});

test('VX-7: with both ends told so, over IPv6 it is sent 0 and accepted as 0', (t) => {
  const tunnel = settled({ vxlan: `${REMOTE6}, checksum: zero, accept_zero_checksum: true` });
  t.deepEqual(
    tunnel.sent(toFar()).map(({ checksum }) => checksum),
    [0],
  );
  t.deepEqual(tunnel.receive({ ...OUTER6, inner: fromFar(), checksum: 'none' }).left, heard);
});

test('VX-8: only the VNI that is configured, at its port and in its family, is accepted', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  for (const vni of [0, 41, 43, 42 * 256]) {
    const { left, ended } = tunnel.receive({ inner: fromFar(), vni });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: vxlan-vni-unknown']);
  }
  const overIpv6 = tunnel.receive({ ...OUTER6, inner: fromFar(), checksum: 'right' });
  t.deepEqual(overIpv6.ended, ['consumed: host-stack']);
});

test('the outer packet has the addresses of the ends, or the one that is written as local', (t) => {
  const [{ source, destination, from, to } = { source: '', destination: '', from: '', to: '' }] =
    new Tunnel({ vxlan: REMOTE }).sent(toFar());
  t.deepEqual([source, destination, from, to], [HOST.ip, A.ip, HOST.mac, A.mac]);
  const nic = 'mtu: 1600';
  const local = new Tunnel({ nic, vxlan: 'remotes: [192.168.99.3], local: 192.168.99.1' });
  t.deepEqual(
    local.sent(toFar()).map((outer) => [outer.source, outer.destination, outer.inner]),
    [[HOST.ip, B.ip, toFar()]],
  );
});

test('outer packets over IPv4 are numbered one after the other, and each carries the frame as it is', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE });
  const numbers = [1, 2, 3].map(() => {
    const [frame = { digits: '' }] = tunnel
      .send(toFar())
      .left.filter(({ port }) => port === 'h.eth0');
    t.is(frame.digits.slice(100), toFar());
    return frame.digits.slice(36, 40);
  });
  t.deepEqual(numbers, ['0001', '0002', '0003']);
});

const STITCHED = `
x-hosts: { h: { nics: { eth0: { mac: "02:00:00:00:00:01", addresses: [192.168.99.1/24] } } } }
services: { c1: { networks: [blue] } }
networks:
  blue:
    x-vxlan:
      vxlan42: { vni: 42, remotes: [192.168.99.2], gbp: true }
      vxlan43: { vni: 43, remotes: [192.168.99.3], gbp: true }
      vxlan44: { vni: 44, remotes: [192.168.99.4] }
`;

test('the policy of a frame (GBP) is kept from tunnel to tunnel, and where its D bit says so nothing is learned', (t) => {
  const ends = new Ends(STITCHED);
  for (const { ip, mac } of ENDS) ends.introduce('h.eth0', ip, mac);
  const receive = (digits: string, flags: number): string[] => {
    const way = { source: A.ip, destination: HOST.ip, to: HOST.mac, from: A.mac, vni: 42 };
    const outer = outerFrame({ ...way, inner: digits, flags });
    return ends
      .pass({ port: 'h.eth0', digits: outer })
      .left.flatMap(({ port, digits: left }) =>
        port === 'h.eth0' ? [`${left.slice(84, 92)} ${left.slice(92, 98)}`] : [],
      );
  };
  t.deepEqual(receive(toEverybody(FAR.mac), 0x8848_1234), ['88481234 00002b', '08000000 00002c']);
  t.is(ends.plane.remotes[0]?.fdb.learned, 0);
  t.deepEqual(receive(toEverybody(FAR.mac), 0x8808_1234), ['88081234 00002b', '08000000 00002c']);
  t.is(ends.plane.remotes[0]?.fdb.learned, 1);
  t.deepEqual(receive(toEverybody(FAR.mac), 0x0800_0000), ['08000000 00002b', '08000000 00002c']);
});

/** The sum of a UDP datagram and its pseudo header. */
function sumOfUdp(digits: string, isIpv6: boolean): number {
  const addresses = isIpv6 ? digits.slice(44, 108) : digits.slice(52, 68);
  const udp = digits.slice(isIpv6 ? 108 : 68);
  const words = `${addresses}${(17).toString(16).padStart(4, '0')}${(udp.length / 2).toString(16).padStart(4, '0')}${udp}`;
  let sum = 0;
  for (let at = 0; at < words.length; at += 4)
    sum += parseInt(words.slice(at, at + 4).padEnd(4, '0'), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
