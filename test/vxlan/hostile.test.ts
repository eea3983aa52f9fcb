import fc from 'fast-check';
import test from 'ava';
import { ip, packetDigits, piecesOf } from '../layer3/packets.js';
import { outerFrame, outerPacket } from './ends.js';
import type { Outer } from './ends.js';
import { A, C1, fromFar, HOST, settled, toFar } from './lab.js';
import type { Tunnel } from './lab.js';

const REMOTE = 'remotes: [192.168.99.2]';
const OUTER: Outer = {
  source: A.ip,
  destination: HOST.ip,
  to: HOST.mac,
  from: A.mac,
  vni: 42,
  inner: fromFar(),
};

test('VX-15: an inner frame shorter than an Ethernet header ends, and nothing else happens', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  for (let bytes = 0; bytes < 14; bytes++) {
    const { left, ended } = tunnel.receive({ inner: fromFar().slice(0, 2 * bytes) });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: runt'], `${bytes} bytes`);
  }
});

test('VX-15: a datagram that ends inside the VXLAN header ends', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const whole = outerPacket(OUTER);
  for (let bytes = 0; bytes < 8; bytes++) {
    const packet = packetDigits({ ...whole, data: whole.data.slice(0, 2 * bytes) });
    const { left, ended } = tunnel.pass({
      port: 'h.eth0',
      digits: `${HOST.mac}${A.mac}0800${packet}`,
    });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: vxlan-truncated'], `${bytes} bytes`);
  }
});

test('VX-15: a UDP length that is more than the packet has, or less than its header, ends the frame', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const digits = outerFrame(OUTER);
  const right = parseInt(digits.slice(76, 80), 16);
  for (const length of [0, 7, right + 1, 0xffff]) {
    const damaged = digits.slice(0, 76) + length.toString(16).padStart(4, '0') + digits.slice(80);
    const { left, ended } = tunnel.pass({ port: 'h.eth0', digits: damaged });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: udp-bad-length']);
  }
});

test('VX-15: what stands behind the datagram, as padding of the outer frame does, is not part of the inner one', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const { left } = tunnel.pass({ port: 'h.eth0', digits: `${outerFrame(OUTER)}a5a5a5` });
  t.deepEqual(left, [{ port: 'c1', digits: fromFar() }]);
});

test('VX-15: a source that no station can have ends the frame, and nothing is learned', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  for (const from of ['010000000001', 'ffffffffffff', '000000000000']) {
    const inner = `${C1.mac}${from}0800${fromFar().slice(28)}`;
    t.deepEqual(tunnel.receive({ inner }).ended, ['dropped: source-address-invalid']);
  }
  t.is(tunnel.plane.remotes[0]?.fdb.learned, 0);
});

test('VX-15: packets that pretend to come from the host itself, or from everybody, are not let in', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  for (const source of [HOST.ip, ip('224.0.0.1'), ip('127.0.0.1')]) {
    const { left, ended } = tunnel.receive({ source, inner: fromFar() });
    t.deepEqual(left, []);
    t.deepEqual(ended, ['dropped: martian-address'], source);
  }
});

test('VX-15: an IPv4 header with a wrong checksum ends as any other does', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const digits = outerFrame(OUTER);
  const damaged = `${digits.slice(0, 44)}3f${digits.slice(46)}`;
  t.deepEqual(tunnel.pass({ port: 'h.eth0', digits: damaged }).ended, [
    'dropped: ipv4-bad-checksum',
  ]);
});

test('VX-11: outer packets in fragments are put together like any others for the host', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const pieces = piecesOf(outerPacket({ ...OUTER, identification: 77 }), 24);
  t.true(pieces.length > 2);
  const outcomes = pieces.map((piece) =>
    tunnel.pass({ port: 'h.eth0', digits: `${HOST.mac}${A.mac}0800${packetDigits(piece)}` }),
  );
  t.deepEqual(
    outcomes.flatMap(({ left }) => left),
    [{ port: 'c1', digits: fromFar() }],
  );
});

test('outer packets with IPv4 options are opened as well', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const packet = packetDigits({ ...outerPacket(OUTER), options: '01010100' });
  const { left } = tunnel.pass({ port: 'h.eth0', digits: `${HOST.mac}${A.mac}0800${packet}` });
  t.deepEqual(left, [{ port: 'c1', digits: fromFar() }]);
});

test('a host that does not forward, and one that checks reverse paths, hear their tunnels all the same', (t) => {
  for (const host of ['forward: false', 'rp_filter: 1']) {
    const tunnel = settled({ vxlan: REMOTE, host });
    t.deepEqual(tunnel.receive({ inner: fromFar() }).left, [{ port: 'c1', digits: fromFar() }]);
    t.deepEqual(tunnel.sent(toFar()).length, 1);
  }
});

const hostile = fc.record({
  at: fc.integer({ min: 0, max: 110 }),
  byte: fc.integer({ min: 0, max: 255 }),
  cut: fc.option(fc.integer({ min: 0, max: 140 }), { freq: 3 }),
  kept: fc.option(fc.integer({ min: 14, max: 140 }), { freq: 3 }),
});

/** A frame damaged so, and how long it was on the wire. */
function damaged(
  whole: string,
  damages: readonly { at: number; byte: number; cut: number | null; kept: number | null }[],
): { digits: string; wireLength: number } {
  let digits = whole;
  let wireLength = digits.length / 2;
  for (const { at, byte, cut, kept } of damages) {
    const place = 2 * Math.min(at, digits.length / 2 - 1);
    digits = digits.slice(0, place) + byte.toString(16).padStart(2, '0') + digits.slice(place + 2);
    if (cut !== null) {
      digits = digits.slice(0, 2 * Math.max(cut, 1));
      wireLength = digits.length / 2;
    }
    if (kept !== null) digits = digits.slice(0, 2 * kept);
  }
  return { digits, wireLength };
}

/** `pass` throws unless every frame is accounted for; a traced frame always goes the long way. */
const bothWays = (vxlan: string): Tunnel[] =>
  [false, true].map((isTraced) => settled({ vxlan }, { isTraced }));

const SETTINGS = ['', ', gbp: true, inner_tags: true, checksum: computed', ', reserved: linux'];

for (const more of SETTINGS)
  test(`VX-15: property: no damage to an outer frame does anything but end it or let it through, and the short way does as the long one${more}`, (t) => {
    const tunnels = bothWays(`${REMOTE}${more}`);
    const damages = fc.array(hostile, { maxLength: 4 });
    fc.assert(
      fc.property(damages, fc.boolean(), (wrong, summed) => {
        const whole = outerFrame({ ...OUTER, checksum: summed ? 'right' : 'none' });
        const coming = { port: 'h.eth0', ...damaged(whole, wrong) };
        const [short, long] = tunnels.map((tunnel) => tunnel.pass(coming));
        t.deepEqual(short, long);
      }),
      { numRuns: 1000 },
    );
  });

for (const more of SETTINGS)
  test(`VX-15: property: the same of a frame that goes into the tunnel${more}`, (t) => {
    const tunnels = bothWays(`${REMOTE}${more}`);
    for (const tunnel of tunnels) tunnel.receive({ inner: fromFar() });
    const damages = fc.array(hostile, { maxLength: 4 });
    fc.assert(
      fc.property(damages, (wrong) => {
        const coming = { port: 'c1', ...damaged(toFar(), wrong) };
        const [short, long] = tunnels.map((tunnel) => tunnel.pass(coming));
        t.deepEqual(short, long);
      }),
      { numRuns: 1000 },
    );
  });
