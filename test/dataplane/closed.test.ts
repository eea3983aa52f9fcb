/** Nothing listens in an emulated host, and it says so: RFC 1122 §3.2.2.1 and §4.1.3.1, RFC 9293 §3.10.7.1, RFC 4443 §3.1 and §3.4. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { Flag } from '../../dataplane/wire/tcp.js';
import { counting, hex, join, text, u16, u32, u8, with16 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { padded } from '../../pcaps/build/ethernet.js';
import {
  atA,
  error4,
  error6,
  eth0,
  eth1,
  frame4,
  frame6,
  heard,
  leaves,
  near,
  packet4,
  packet6,
  party,
  routerLab,
  sealed,
  udp,
} from './routed.js';
import type { Sent } from './routed.js';

const lab = routerLab();
const CONSUMED = 'consumed: host-stack';

const toRouter4 = (packet: Uint8Array): Uint8Array => frame4(near, eth0, packet);
const toRouter6 = (packet: Uint8Array): Uint8Array => frame6(near, eth0, packet);

function isSilent(t: ExecutionContext, sent: Sent, why: string, end = CONSUMED): void {
  t.deepEqual(heard(lab, [sent]), [[end]], why);
}

interface Segment {
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly ports?: readonly [number, number];
  readonly data?: string;
  readonly options?: string;
  readonly window?: number;
}

function tcp(family: 4 | 6, from: Station, to: Station, segment: Segment): Uint8Array {
  const { flags, sequence = 0, acknowledgment = 0, ports = [40000, 80], data = '' } = segment;
  const options = hex(segment.options ?? '');
  const head = join(
    u16(...ports),
    u32(sequence, acknowledgment),
    u8((5 + options.length / 4) << 4, flags),
    u16(segment.window ?? 0xfaf0, 0, 0),
    options,
  );
  return sealed(family, from, to, Protocol.Tcp, join(head, text(data)), 16);
}

/** The reset that answers, from `from` to `near`. */
function resetOf(family: 4 | 6, from: Station, segment: Segment, tos = 0): string {
  const answer = tcp(family, from, near, { ports: [80, 40000], window: 0, ...segment });
  const frame =
    family === 4
      ? frame4(
          eth0,
          near,
          packet4(from, near, Protocol.Tcp, answer, { id: 0, fragment: 0x4000, tos }),
        )
      : frame6(eth0, near, packet6(from, near, Protocol.Tcp, answer, 64, tos));
  return leaves('a.p', frame);
}

test('R-13: UDP to an address of the host: the port is unreachable, says the address that was asked', (t) => {
  for (const asked of [eth0, eth1]) {
    const packet = packet4(near, asked, Protocol.Udp, udp(4, near, asked));
    const v6 = packet6(near, asked, Protocol.Udp, udp(6, near, asked));
    t.deepEqual(heard(lab, [atA(toRouter4(packet)), atA(toRouter6(v6))]), [
      [leaves('a.p', error4(eth0, near, 0x0303, packet, { from: asked })), CONSUMED],
      [leaves('a.p', error6(eth0, near, 0x0104, v6, { from: asked })), CONSUMED],
    ]);
  }
});

test('R-2: the time to live does not count for what is for the host itself', (t) => {
  const packet = packet4(near, eth0, Protocol.Udp, udp(4, near, eth0), { ttl: 1 });
  t.deepEqual(heard(lab, [atA(toRouter4(packet))]), [
    [leaves('a.p', error4(eth0, near, 0x0303, packet)), CONSUMED],
  ]);
});

test('R-13, R-16: of a protocol that it does not know the host says so; of IPv6 where the packet names it', (t) => {
  const packet = packet4(near, eth0, 47, counting(16));
  const v6 = packet6(near, eth0, 47, counting(16));
  const behindOptions = packet6(near, eth0, 60, join(hex('2f00 0104 00000000'), counting(16)));
  const behindTwo = packet6(
    near,
    eth0,
    0,
    join(hex('3c00 0104 00000000'), hex('2f01 010c'), new Uint8Array(12), counting(16)),
  );
  const sent = [
    atA(toRouter4(packet)),
    ...[v6, behindOptions, behindTwo].map((p) => atA(toRouter6(p))),
  ];
  const problem = (at: number, about: Uint8Array): string =>
    leaves('a.p', error6(eth0, near, 0x0401, about, { detail: at }));
  t.deepEqual(heard(lab, sent), [
    [leaves('a.p', error4(eth0, near, 0x0302, packet)), CONSUMED],
    [problem(6, v6), CONSUMED],
    [problem(40, behindOptions), CONSUMED],
    [problem(48, behindTwo), CONSUMED],
  ]);
});

test('B-18, D-10: a SYN to an address of the host is answered with a reset that acknowledges it', (t) => {
  const syn = { flags: Flag.Syn, sequence: 0xffff_ffff, options: '020405b4' };
  const reset = { flags: Flag.Rst | Flag.Ack, acknowledgment: 0 };
  const packet = packet4(near, eth1, Protocol.Tcp, tcp(4, near, eth1, syn));
  const v6 = packet6(near, eth1, Protocol.Tcp, tcp(6, near, eth1, syn));
  t.deepEqual(heard(lab, [atA(padded(toRouter4(packet))), atA(toRouter6(v6))]), [
    [resetOf(4, eth1, reset), CONSUMED],
    [resetOf(6, eth1, reset), CONSUMED],
  ]);
});

for (const [what, segment, reset] of [
  [
    'data and a FIN count',
    { flags: Flag.Fin | Flag.Psh, sequence: 1000, data: 'loom' },
    { flags: Flag.Rst | Flag.Ack, acknowledgment: 1005 },
  ],
  [
    'what acknowledges is answered where it expects to go on',
    { flags: Flag.Ack | Flag.Psh, sequence: 7, acknowledgment: 0xdead_beef, data: 'weft' },
    { flags: Flag.Rst, sequence: 0xdead_beef },
  ],
  [
    'a SYN that acknowledges, too',
    { flags: Flag.Ack | Flag.Syn, sequence: 7, acknowledgment: 99 },
    { flags: Flag.Rst, sequence: 99 },
  ],
] as const)
  test(`RFC 9293 §3.10.7.1: ${what}`, (t) => {
    const packet = packet4(near, eth0, Protocol.Tcp, tcp(4, near, eth0, segment));
    t.deepEqual(heard(lab, [atA(toRouter4(packet))]), [[resetOf(4, eth0, reset), CONSUMED]]);
  });

test('a reset has the class of what it answers, without the bits of ECN (RFC 3168 §6.1.1)', (t) => {
  const segment = tcp(4, near, eth0, { flags: Flag.Syn, sequence: 1 });
  const segment6 = tcp(6, near, eth0, { flags: Flag.Syn, sequence: 1 });
  const packet = packet4(near, eth0, Protocol.Tcp, segment, { tos: 0xbb });
  const v6 = packet6(near, eth0, Protocol.Tcp, segment6, 64, 0xbb);
  const reset = { flags: Flag.Rst | Flag.Ack, acknowledgment: 2 };
  t.deepEqual(heard(lab, [atA(toRouter4(packet)), atA(toRouter6(v6))]), [
    [resetOf(4, eth0, reset, 0xb8), CONSUMED],
    [resetOf(6, eth0, reset, 0xb8), CONSUMED],
  ]);
});

test('a reset is not answered, nor a segment whose checksum is wrong, nor one without a whole header', (t) => {
  const of = (segment: Uint8Array): Sent =>
    atA(toRouter4(packet4(near, eth0, Protocol.Tcp, segment)));
  const syn = tcp(4, near, eth0, { flags: Flag.Syn });
  isSilent(t, of(tcp(4, near, eth0, { flags: Flag.Rst })), 'reset');
  isSilent(t, of(tcp(4, near, eth0, { flags: Flag.Rst | Flag.Ack })), 'reset');
  isSilent(t, of(with16(syn, 16, 0x1234)), 'wrong checksum');
  isSilent(t, of(syn.slice(0, 16)), 'no whole header');
  isSilent(t, of(with16(syn, 12, 0x4002)), 'data offset below 5');
});

test('C-8: a checksum that was left to the network card counts as right, and so does one over bytes that a capture did not keep', (t) => {
  const syn = tcp(4, near, eth0, { flags: Flag.Syn, data: 'x'.repeat(200) });
  const whole = packet4(near, eth0, Protocol.Tcp, syn);
  const pseudo = [...near.ip, ...eth0.ip].reduce(
    (all, byte, i) => all + (i % 2 === 0 ? byte << 8 : byte),
    Protocol.Tcp + syn.length,
  );
  const partial = packet4(near, eth0, Protocol.Tcp, with16(syn, 16, pseudo & 0xffff));
  const reset = resetOf(4, eth0, { flags: Flag.Rst | Flag.Ack, acknowledgment: 201 });
  t.deepEqual(heard(lab, [atA(toRouter4(partial)), atA(toRouter4(whole), { kept: 80 })]), [
    [reset, CONSUMED],
    [reset, CONSUMED],
  ]);
});

test('a datagram with a wrong checksum or length hears nothing; one without a checksum does, but for IPv6', (t) => {
  const of = (family: 4 | 6, datagram: Uint8Array): Sent =>
    atA(
      family === 4
        ? toRouter4(packet4(near, eth0, Protocol.Udp, datagram))
        : toRouter6(packet6(near, eth0, Protocol.Udp, datagram)),
    );
  const datagram = udp(4, near, eth0);
  isSilent(t, of(4, with16(datagram, 6, 0x1234)), 'wrong checksum');
  isSilent(t, of(4, with16(datagram, 4, 99)), 'longer than its packet');
  isSilent(t, of(6, with16(udp(6, near, eth0), 6, 0)), 'IPv6 needs a checksum');
  const bare = with16(datagram, 6, 0);
  t.deepEqual(heard(lab, [of(4, bare)]), [
    [leaves('a.p', error4(eth0, near, 0x0303, packet4(near, eth0, Protocol.Udp, bare))), CONSUMED],
  ]);
});

test('R-11: groups, everybody, fragments, impossible sources, IGMP and nothing at all are not answered', (t) => {
  const from = (source: Station, to = eth0): Uint8Array =>
    packet4(source, to, Protocol.Udp, udp(4, source, to));
  const everybody = { ...eth0, mac: hex('ffffffffffff') };
  isSilent(t, atA(frame4(near, everybody, from(near))), 'in a frame to everybody');
  isSilent(t, atA(toRouter4(from(near, { ...eth0, ip: u8(10, 0, 1, 255) }))), 'for everybody');
  isSilent(t, atA(toRouter4(from(near, { ...eth0, ip: hex('e0000001') }))), 'for a group');
  isSilent(t, atA(toRouter4(from({ ...near, ip: hex('0a0001ff') }))), 'from everybody');
  for (const ip of ['7f000001', '00000000', 'e0000001', '0a000201'])
    isSilent(t, atA(toRouter4(from({ ...near, ip: hex(ip) }))), ip, 'dropped: martian-address');
  const fragment = (bits: number): Uint8Array =>
    packet4(near, eth0, Protocol.Udp, udp(4, near, eth0), { fragment: bits });
  isSilent(t, atA(toRouter4(fragment(0x2000))), 'first fragment');
  isSilent(t, atA(toRouter4(fragment(0x0001))), 'last fragment');
  isSilent(t, atA(toRouter4(packet4(near, eth0, Protocol.Igmp, counting(8)))), 'IGMP');
  isSilent(t, atA(toRouter6(packet6(near, eth0, 59, counting(8)))), 'no next header');
});

test('what comes for another host is not refused but forwarded', (t) => {
  const other = party(2, 9);
  const syn = (ttl: number): Uint8Array =>
    packet4(near, other, Protocol.Tcp, tcp(4, near, other, { flags: Flag.Syn }), { ttl });
  t.deepEqual(heard(lab, [atA(toRouter4(syn(64)))]), [
    [leaves('b.p', frame4(eth1, other, syn(63)))],
  ]);
});
