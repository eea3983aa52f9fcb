/**
 * What ICMP errors quote, read and rewritten: RFC 5508 §4 and §7, RFC 3022 §4.3, RFC 1624. The model writes the whole error anew, with other addresses
 * and ports and with checksums over all bytes; rewriting must give the same bytes.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Packet, NO_TRANSPORT, readOn } from '../../dataplane/forward/packet.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { Quote, readQuoteOn, rewriteQuoteOn } from '../../dataplane/forward/quote.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { pseudoSumIpv4, sum } from '../../dataplane/wire/checksum.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { counting, hex, join, u16, u32, u8, viewOf, with16 } from '../../pcaps/build/bytes.js';
import { tagged } from '../../pcaps/build/ethernet.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { digitsOf } from '../layer2/frames.js';
import {
  eth0,
  far,
  frame4,
  frame6,
  message4,
  message6,
  near,
  packet4,
  packet6,
  routerLab,
  sealed,
  udp,
} from './routed.js';

const plane = new Plane(routerLab().program);
const { frames } = plane;
const packet = new Packet();
const quote = new Quote();
const read = readOn(plane, packet);
const readQuote = readQuoteOn(plane, packet, quote);
const rewrite = rewriteQuoteOn(plane);

/** Puts a frame into the pool as `parse` leaves it. */
function put(bytes: Uint8Array, wireLength = bytes.length): number {
  const frame = frames.claim();
  const start = frames.start[frame] ?? 0;
  const isTagged = viewOf(bytes).getUint16(12) === EtherType.VlanTag;
  const payload = isTagged ? 18 : 14;
  frames.holders[frame] = 1;
  frames.bytes.set(bytes, start);
  frames.length[frame] = bytes.length;
  frames.wireLength[frame] = wireLength;
  frames.payload[frame] = start + payload;
  frames.etherType[frame] = viewOf(bytes).getUint16(payload - 2);
  return frame;
}

function bytesOf(frame: number): Uint8Array {
  const start = frames.start[frame] ?? 0;
  return frames.bytes.slice(start, start + (frames.length[frame] ?? 0));
}

/** Does something with a frame in the pool and takes it out again. */
function using<A>(bytes: Uint8Array, act: (frame: number) => A, wireLength?: number): A {
  const frame = put(bytes, wireLength);
  try {
    return act(frame);
  } finally {
    frames.release(frame);
  }
}

/** Reads the quote of an error. */
function reading(bytes: Uint8Array, wireLength?: number): Reason {
  return using(bytes, (frame) => read(frame) || readQuote(frame), wireLength);
}

const words = (family: 4 | 6, { ip, ip6 }: Station): Int32Array => {
  const all = family === 4 ? join(new Uint8Array(12), ip) : ip6;
  return Int32Array.from([0, 4, 8, 12], (at) => viewOf(all).getInt32(at));
};

/** An error about `quoted` that somebody at `far` sends to `near`. */
const error4Of = (quoted: Uint8Array, kind = 0x0303, detail = 0): Uint8Array =>
  frame4(near, eth0, packet4(far, near, Protocol.Icmp, message4(kind, detail, quoted)));
const error6Of = (quoted: Uint8Array, kind = 0x0104, detail = 0): Uint8Array =>
  frame6(
    near,
    eth0,
    packet6(far, near, Protocol.Icmpv6, message6(far, near, kind, detail, quoted)),
  );

const datagram = packet4(near, far, Protocol.Udp, udp(4, near, far));

test('N5508-4: the quote says which packet the error is about: its addresses, its protocol and its ports', (t) => {
  t.is(reading(error4Of(datagram.slice(0, 28))), Reason.Ok);
  t.deepEqual(
    [quote.family, quote.protocol, quote.ports >>> 16, quote.ports & 0xffff, quote.isWhole],
    [4, Protocol.Udp, 5000, 7, false],
  );
  t.deepEqual([quote.source, quote.destination], [words(4, near), words(4, far)]);
  const v6 = packet6(near, far, Protocol.Udp, udp(6, near, far));
  t.is(reading(error6Of(v6)), Reason.Ok);
  t.deepEqual(
    [quote.family, quote.protocol, quote.ports >>> 16, quote.ports & 0xffff, quote.isWhole],
    [6, Protocol.Udp, 5000, 7, true],
  );
  t.deepEqual([quote.source, quote.destination], [words(6, near), words(6, far)]);
});

test('N5508-4: of a ping the quote has identifier, type and code', (t) => {
  const echo4 = message4(IcmpType.EchoRequest << 8, 0x0bad_0001, counting(8));
  t.is(reading(error4Of(packet4(near, far, Protocol.Icmp, echo4))), Reason.Ok);
  t.is(quote.ports, (0x0bad << 16) | (IcmpType.EchoRequest << 8));
  const echo6 = message6(near, far, Icmpv6Type.EchoReply << 8, 0x0bad_0001, counting(8));
  t.is(reading(error6Of(packet6(near, far, Protocol.Icmpv6, echo6))), Reason.Ok);
  t.is(quote.ports, (0x0bad << 16) | (Icmpv6Type.EchoReply << 8));
});

test('N5508-3: an error with a wrong ICMP checksum is not passed on', (t) => {
  const [good4, good6] = [error4Of(datagram), error6Of(packet6(near, far, 17, udp(6, near, far)))];
  for (const [good, at] of [
    [good4, 14 + 20 + 2],
    [good6, 14 + 40 + 2],
  ] as const) {
    t.is(reading(good), Reason.Ok);
    const bad = with16(good, at, viewOf(good).getUint16(at) ^ 1);
    t.is(reading(bad), Reason.IcmpBadChecksum);
    t.is(reading(bad.slice(0, -4), bad.length), Reason.Ok, 'what was not kept cannot be checked');
  }
});

test('N5508-3 a): nor one whose quoted IPv4 header has a wrong checksum', (t) => {
  const bad = with16(datagram, 10, viewOf(datagram).getUint16(10) ^ 1);
  t.is(reading(error4Of(bad)), Reason.Ipv4BadChecksum);
});

test('N5508-3 b): options in the quoted header are skipped, and so are extension headers', (t) => {
  const options = hex('94 04 00 00 01 01 01 00');
  const optioned = packet4(near, far, Protocol.Udp, udp(4, near, far), { options });
  t.is(reading(error4Of(optioned)), Reason.Ok);
  t.is(quote.ports, (5000 << 16) | 7);
  const extended = packet6(near, far, 60, join(hex('1100 0104 00000000'), udp(6, near, far)));
  t.is(reading(error6Of(extended)), Reason.Ok);
  t.deepEqual([quote.protocol, quote.ports], [Protocol.Udp, (5000 << 16) | 7]);
});

test('N5508-3 c): a wrong checksum of the quoted datagram is nobody’s business', (t) => {
  const wrong = packet4(near, far, Protocol.Udp, with16(udp(4, near, far), 6, 0x1234));
  t.is(reading(error4Of(wrong)), Reason.Ok);
});

test('N5508-3 d): extensions behind the quote do not belong to it (RFC 4884), where the error says how long it is', (t) => {
  const long = packet4(near, far, Protocol.Udp, udp(4, near, far, counting(200)));
  const extension = hex('2000 dead 0008 0101 0001 0203');
  const body = join(long.slice(0, 128), extension);
  const end = (): number => quote.end - quote.at;
  t.is(reading(error4Of(body, 0x0303, (128 / 4) << 16)), Reason.Ok);
  t.is(end(), 128);
  t.is(reading(error4Of(body)), Reason.Ok);
  t.is(end(), 140, 'it does not say so');
  t.is(reading(error4Of(body, 0x0303, (64 / 4) << 16)), Reason.Ok);
  t.is(end(), 140, 'no quote before extensions is so short');
  const long6 = packet6(near, far, Protocol.Udp, udp(6, near, far, counting(200)));
  const body6 = join(long6.slice(0, 128), extension);
  t.is(reading(error6Of(body6, 0x0300, (128 / 8) << 24)), Reason.Ok);
  t.is(end(), 128);
  const padded = join(datagram, new Uint8Array(128 - datagram.length), extension);
  t.is(reading(error4Of(padded, 0x0b00, (128 / 4) << 16)), Reason.Ok);
  t.deepEqual([end(), quote.isWhole], [datagram.length, true]);
});

test('a quote that is cut within its headers has no ports, or is none', (t) => {
  t.is(reading(error4Of(datagram.slice(0, 27))), Reason.Ok);
  t.deepEqual([quote.transport, quote.ports], [NO_TRANSPORT, 0]);
  t.not(reading(error4Of(datagram.slice(0, 19))), Reason.Ok);
  t.not(reading(error4Of(new Uint8Array())), Reason.Ok);
  t.not(reading(error6Of(packet6(near, far, 17, udp(6, near, far)).slice(0, 39))), Reason.Ok);
});

test('a quoted later fragment has no ports', (t) => {
  const later = packet4(near, far, Protocol.Udp, udp(4, near, far), { fragment: 0x0010 });
  t.is(reading(error4Of(later)), Reason.Ok);
  t.deepEqual([quote.transport, quote.ports, quote.fragmentOffset], [NO_TRANSPORT, 0, 128]);
});

/** A quoted packet, as the model writes it. */
interface Quoted {
  readonly family: 4 | 6;
  readonly protocol: Protocol;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly ports: readonly [number, number];
  readonly data: Uint8Array;
  /** UDP without a checksum. */
  readonly isBare: boolean;
  /** Units of options or extension headers: 4 bytes of IPv4, 8 of IPv6. */
  readonly options: number;
  /** Bytes of it that are quoted, from its first on; at least its IP header. */
  readonly kept: number;
  /** What is behind the quote, where it has 128 bytes. */
  readonly extension: Uint8Array;
}

const stationOf = (family: 4 | 6, address: Uint8Array): Station => ({
  mac: near.mac,
  ip: family === 4 ? address : near.ip,
  ip6: family === 6 ? address : near.ip6,
});

const endsOf = ({ family, source, destination }: Quoted) =>
  [stationOf(family, source), stationOf(family, destination)] as const;

function segmentOf(it: Quoted): Uint8Array {
  const { family, protocol, ports, data, isBare } = it;
  const [from, to] = endsOf(it);
  const sealWith = (segment: Uint8Array, at: number): Uint8Array =>
    sealed(family, from, to, protocol, segment, at);
  switch (protocol) {
    case Protocol.Tcp:
      return sealWith(join(u16(...ports), u32(1, 2), u8(0x50, 24), u16(512, 0, 0), data), 16);
    case Protocol.Udp: {
      const bare = join(u16(...ports, 8 + data.length, 0), data);
      return isBare ? bare : sealWith(bare, 6);
    }
    case Protocol.Icmp:
      return sealWith(join(u8(8, 0), u16(0, ports[0], 1), data), 2);
    case Protocol.Icmpv6:
      return sealWith(join(u8(128, 0), u16(0, ports[0], 1), data), 2);
    default:
      return data;
  }
}

/** The error about it, all written anew, unless another segment is to be quoted. */
function written(it: Quoted, segment = segmentOf(it)): Uint8Array {
  const { family, protocol, options } = it;
  const [from, to] = endsOf(it);
  const extension = join(u8(protocol, options - 1), new Uint8Array(Math.max(0, 8 * options - 2)));
  const whole =
    family === 4
      ? packet4(from, to, protocol, segment, { options: new Uint8Array(4 * options) })
      : options === 0
        ? packet6(from, to, protocol, segment)
        : packet6(from, to, 60, join(extension, segment));
  const header = family === 4 ? 20 + 4 * options : 40 + 8 * options;
  const quoted = whole.slice(0, header + it.kept);
  const errorOf = family === 4 ? error4Of : error6Of;
  if (quoted.length < 128 || it.extension.length === 0) return errorOf(quoted);
  const shown = quoted.slice(0, 128);
  return errorOf(
    join(shown, it.extension),
    family === 4 ? 0x0303 : 0x0300,
    family === 4 ? 32 << 16 : 16 << 24,
  );
}

const portPair = fc.tuple(fc.nat(0xffff), fc.nat(0xffff));
/** Values at which one's complement sums are at their edge come more often. */
const word16 = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xffff));
const addressBytes = (family: 4 | 6): fc.Arbitrary<Uint8Array> =>
  fc
    .array(word16, { minLength: family === 4 ? 2 : 8, maxLength: family === 4 ? 2 : 8 })
    .map((all) => u16(...all));

const quotedOf = (family: 4 | 6): fc.Arbitrary<readonly [Quoted, Quoted]> =>
  fc
    .record({
      family: fc.constant(family),
      protocol: fc.constantFrom<Protocol[]>(
        Protocol.Tcp,
        Protocol.Udp,
        family === 4 ? Protocol.Icmp : Protocol.Icmpv6,
        47 as Protocol,
      ),
      source: addressBytes(family),
      destination: addressBytes(family),
      ports: portPair,
      data: fc.uint8Array({ maxLength: 120 }),
      isBare: fc.boolean(),
      options: fc.nat(family === 4 ? 10 : 3),
      kept: fc.nat(150),
      extension: fc.uint8Array({ maxLength: 16 }),
    })
    .chain((it) =>
      fc
        .record({
          source: addressBytes(family),
          destination: addressBytes(family),
          ports: portPair,
        })
        .map((now) => [it, { ...it, ...now }] as const),
    );

/** A segment of which fewer than eight bytes are quoted has no ports and stays as it is, and so does a checksum that is cut in two. */
function segmentQuoted(was: Quoted, now: Quoted): Uint8Array {
  if (was.kept < 8) return segmentOf(was);
  const segment = segmentOf(now);
  if (was.protocol === Protocol.Tcp && was.kept === 17)
    segment.set(segmentOf(was).slice(16, 17), 16);
  return segment;
}

/** What rewriting makes of the error about `was` is what the model makes of `now`. */
function compare(t: ExecutionContext, was: Quoted, now: Quoted): void {
  const [from, to] = endsOf(now).map((end) => words(now.family, end));
  const [one, other] = now.ports;
  using(written(was), (frame) => {
    t.is(read(frame), Reason.Ok);
    t.is(readQuote(frame), Reason.Ok);
    rewrite(frame, quote, from ?? new Int32Array(4), to ?? new Int32Array(4), (one << 16) | other);
    t.is(digitsOf(bytesOf(frame)), digitsOf(written(now, segmentQuoted(was, now))));
  });
}

for (const family of [4, 6] as const)
  test(`N5508-4, N3022-4.3, C-1: property: an IPv${family} quote of any length that is rewritten is the quote that would have been written`, (t) => {
    fc.assert(
      fc.property(quotedOf(family), ([was, now]) => {
        compare(t, was, now);
      }),
      { numRuns: 3000 },
    );
  });

const was: Quoted = {
  family: 4,
  protocol: Protocol.Udp,
  source: near.ip,
  destination: far.ip,
  ports: [5000, 7],
  data: counting(30),
  isBare: false,
  options: 0,
  kept: 100,
  extension: new Uint8Array(),
};

test('N3022-4.1, C-4: a quoted datagram without a checksum stays without, and a computed 0 becomes ffff', (t) => {
  compare(t, { ...was, isBare: true }, { ...was, isBare: true, ports: [1, 2] });
  const zero = Array.from({ length: 0x10000 }, (_, port) => port).find(
    (port) => viewOf(segmentOf({ ...was, ports: [port, 7] })).getUint16(6) === 0xffff,
  );
  t.not(zero, undefined);
  compare(t, was, { ...was, ports: [zero ?? 0, 7] });
});

test('C-7: a wrong checksum in the quote is as wrong as it was', (t) => {
  const wrong = with16(segmentOf(was), 6, 0x1234);
  const now: Quoted = { ...was, destination: eth0.ip, ports: [5000, 4040] };
  const faultOf = (bytes: Uint8Array): number => {
    const [view, at, length] = [viewOf(bytes), 14 + 20 + 8, wrong.length];
    return (pseudoSumIpv4(view, at, Protocol.Udp, length) + sum(view, at + 20, length)) % 0xffff;
  };
  using(written(was, wrong), (frame) => {
    const before = faultOf(bytesOf(frame));
    t.not(before, 0);
    t.is(read(frame) || readQuote(frame), Reason.Ok);
    rewrite(frame, quote, words(4, near), words(4, eth0), (5000 << 16) | 4040);
    t.is(faultOf(bytesOf(frame)), before);
    t.is(read(frame) || readQuote(frame), Reason.Ok, 'the error around it is right');
    t.is(quote.ports, (5000 << 16) | now.ports[1]);
  });
});

test('N5508-4 b): a copy with other bytes in front is rewritten as well, and what it was copied from stays', (t) => {
  const now: Quoted = { ...was, source: eth0.ip, ports: [6000, 7] };
  using(tagged(5, written(was)), (frame) => {
    t.is(read(frame) || readQuote(frame), Reason.Ok);
    const copy = frames.copy(frame);
    rewrite(copy, quote, words(4, eth0), words(4, far), (6000 << 16) | 7);
    t.is(digitsOf(bytesOf(copy)), digitsOf(tagged(5, written(now))));
    t.is(digitsOf(bytesOf(frame)), digitsOf(tagged(5, written(was))));
    frames.release(copy);
  });
});

test('C-8: the checksum of an error that was left to the network card is left as it is', (t) => {
  using(written(was), (frame) => {
    t.is(read(frame) || readQuote(frame), Reason.Ok);
    frames.flags[frame] = FrameFlag.Partial;
    frames.checksumStart[frame] = 34;
    frames.checksumOffset[frame] = 2;
    const before = viewOf(bytesOf(frame)).getUint16(36);
    rewrite(frame, quote, words(4, eth0), words(4, far), 0);
    t.is(viewOf(bytesOf(frame)).getUint16(36), before);
    t.is(readQuote(frame), Reason.Ok, 'nor is it verified');
  });
});
