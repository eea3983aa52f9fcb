import test from 'ava';
import fc from 'fast-check';
import { Reason } from '../../dataplane/observe/reason.js';
import {
  checksumOf,
  fold,
  isPartial,
  isRight,
  pseudoSumIpv4,
  pseudoSumIpv6,
  sum,
  swapBytes,
  udpChecksumOf,
  updateChecksum,
  updateUdpChecksum,
} from '../../dataplane/wire/checksum.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import * as udp from '../../dataplane/wire/udp.js';
import { frame, packet } from './frames.js';

/** The checksum as RFC 1071 §1 tells it, a byte at a time: the model that the fast routine is held against. */
function modelSum(bytes: Uint8Array): number {
  let total = 0;
  for (const [index, byte] of bytes.entries()) {
    total += index % 2 === 0 ? byte * 256 : byte;
    if (total > 0xffff) total -= 0xffff;
  }
  return total;
}

const modelChecksum = (bytes: Uint8Array): number => 0xffff - modelSum(bytes);

test('RFC 1071 §3: the bytes of its example sum to ddf2', (t) => {
  t.is(sum(packet('0001 f203 f4f5 f6f7'), 0, 8), 0xddf2);
});

test('RFC 1071: the sum of any bytes, odd many at odd places too, is that of the bytewise model', (t) => {
  const whole = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(whole, fc.nat(7), (data, at) => {
      const buffer = new Uint8Array(new SharedArrayBuffer(at + data.length));
      buffer.set(data, at);
      t.is(sum(new DataView(buffer.buffer), at, data.length), modelSum(data));
    }),
  );
});

test('RFC 1071: no carry is lost in the longest packets, even when every bit is set', (t) => {
  for (const length of [1500, 9000, 65_535, 65_575]) {
    const data = new Uint8Array(length).fill(0xff);
    t.is(sum(new DataView(data.buffer), 0, length), modelSum(data));
  }
});

test('RFC 1071 §2 (B): bytes summed from an odd offset count swapped', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 64 }), fc.nat(30), (data, half) => {
      const split = Math.min(half * 2 + 1, data.length);
      const bytes = new DataView(data.buffer);
      const tail = swapBytes(sum(bytes, split, data.length - split));
      t.is(fold(sum(bytes, 0, split) + tail), modelSum(data));
    }),
  );
});

test('RFC 1624 §4: the update of its example gives 0000, not ffff', (t) => {
  t.is(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
});

/** Numbers for a long run, cheaper than fast-check's: the same every time. */
function* words(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    yield (state >>> 0) ^ (state >>> 15);
  }
}

test('C-1, C-2: after a change of any 16 or 32 bits of a million headers, updating equals computing anew', (t) => {
  const data = new Uint8Array(20);
  const bytes = new DataView(data.buffer);
  const random = words(1624);
  let wrong = 0;
  for (let round = 0; round < 1_000_000; round++) {
    for (let at = 0; at < 20; at += 4) bytes.setUint32(at, random.next().value >>> 0);
    const before = modelChecksum(data);
    const choice = random.next().value >>> 8;
    const now = random.next().value >>> 0;
    if (round % 2 === 0) {
      const at = (choice % 10) * 2;
      const was = bytes.getUint16(at);
      bytes.setUint16(at, now & 0xffff);
      if (updateChecksum(before, was, now & 0xffff) !== modelChecksum(data)) wrong++;
    } else {
      const at = (choice % 9) * 2;
      const was = bytes.getUint32(at);
      bytes.setUint32(at, now);
      if (updateChecksum(before, was, now) !== modelChecksum(data)) wrong++;
    }
  }
  t.is(wrong, 0);
});

/** Bytes that are not all zero, as no header with a version ever is. */
const nonZero = fc
  .uint8Array({ minLength: 40, maxLength: 80 })
  .map((data) => data.fill(0x45, 0, 1));

test('C-2: a word at an odd offset is updated with its bytes swapped', (t) => {
  fc.assert(
    fc.property(nonZero, fc.nat(18), fc.nat(0xffff), (data, half, now) => {
      const at = half * 2 + 1;
      const bytes = new DataView(data.buffer);
      const before = modelChecksum(data);
      const was = bytes.getUint16(at);
      bytes.setUint16(at, now);
      t.is(updateChecksum(before, swapBytes(was), swapBytes(now)), modelChecksum(data));
    }),
  );
});

test('C-2: a run of words, such as an IPv6 address, is updated by its sums', (t) => {
  const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(nonZero, address, fc.nat(10), (data, now, half) => {
      const bytes = new DataView(data.buffer);
      const before = modelChecksum(data);
      const at = 2 + half * 2;
      const was = sum(bytes, at, 16);
      data.set(now, at);
      t.is(updateChecksum(before, was, sum(bytes, at, 16)), modelChecksum(data));
    }),
  );
});

test('C-3: with a checksum of 0000 or ffff, a change of nothing changes nothing but which zero it is', (t) => {
  for (const checksum of [0x0000, 0xffff]) {
    for (const field of [0x0000, 0x0001, 0x7fff, 0xffff]) {
      t.is(updateChecksum(checksum, field, field), 0x0000);
    }
  }
  t.is(updateChecksum(0x0000, 0x0000, 0xffff), 0x0000);
  t.is(updateChecksum(0x0000, 0xffff, 0x0000), 0x0000);
});

test('C-4: UDP without a checksum stays without one', (t) => {
  t.is(updateUdpChecksum(0, 0x1234, 0x4321), 0);
});

test('C-4: a UDP checksum that comes out as 0 is sent as ffff', (t) => {
  t.is(udpChecksumOf(0xffff), 0xffff);
  t.is(updateUdpChecksum(0xdd2f, 0x5555, 0x3285), 0xffff);
  t.is(updateUdpChecksum(0xdd2f, 0x5555, 0x5555), 0xdd2f);
});

test('C-5: over IPv6 a missing UDP checksum is wrong, except where the caller allows it', (t) => {
  const bytes = packet('a028 0035 0008 0000');
  t.is(udp.checkUdpChecksum(bytes, 0, 0, true), Reason.Ok);
  t.is(udp.checkUdpChecksum(bytes, 0, 0, false), Reason.UdpBadChecksum);
});

test('C-7: updating keeps a wrong checksum exactly as wrong as it was', (t) => {
  const word = fc.nat(0xffff);
  fc.assert(
    fc.property(nonZero, word, word, (data, checksum, now) => {
      const bytes = new DataView(data.buffer);
      const wrongBefore = fold(sum(bytes, 0, data.length) + checksum);
      const updated = updateChecksum(checksum, bytes.getUint16(2), now);
      bytes.setUint16(2, now);
      const wrongAfter = fold(sum(bytes, 0, data.length) + updated);
      t.is(wrongAfter % 0xffff, wrongBefore % 0xffff);
    }),
  );
});

test('C-8: a checksum left to the network card is told from a wrong one, and completed', (t) => {
  const bytes = frame('tcpPartial');
  const length = bytes.byteLength - 34;
  const pseudoSum = pseudoSumIpv4(bytes, 14, Protocol.Tcp, length);
  t.false(isRight(pseudoSum + sum(bytes, 34, length)));
  t.true(isPartial(bytes.getUint16(50), pseudoSum));
  t.false(isPartial(bytes.getUint16(50) ^ 1, pseudoSum));
  bytes.setUint16(50, udpChecksumOf(sum(bytes, 34, length)));
  t.true(isRight(pseudoSum + sum(bytes, 34, length)));
});

test('RFC 791, RFC 9293, RFC 768: checksums computed elsewhere are found right, and computed alike', (t) => {
  for (const [name, protocol, field] of [
    ['tcpSyn', Protocol.Tcp, 16],
    ['udpQuery', Protocol.Udp, 6],
  ] as const) {
    const bytes = frame(name);
    t.true(isRight(sum(bytes, 14, 20)), name);
    const length = bytes.byteLength - 34;
    const pseudoSum = pseudoSumIpv4(bytes, 14, protocol, length);
    t.true(isRight(pseudoSum + sum(bytes, 34, length)), name);
    const stands = bytes.getUint16(34 + field);
    bytes.setUint16(34 + field, 0);
    t.is(checksumOf(pseudoSum + sum(bytes, 34, length)), stands, name);
  }
});

test('RFC 8200 §8.1: the pseudo-header of IPv6 counts both addresses, length and protocol', (t) => {
  const bytes = frame('neighborSolicitation');
  const pseudoSum = pseudoSumIpv6(bytes, 14, Protocol.Icmpv6, 32);
  t.true(isRight(pseudoSum + sum(bytes, 54, 32)));
  t.false(isRight(pseudoSumIpv6(bytes, 14, Protocol.Icmpv6, 31) + sum(bytes, 54, 32)));
});
