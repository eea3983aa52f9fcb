/**
 * Changed addresses and ports against packets that were made with them in the first place: what forward/rewrite makes of the one is the
 * other, byte for byte, whatever the packet.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Packet as PacketAtHand, readOn } from '../../dataplane/forward/packet.js';
import { parseOn } from '../../dataplane/forward/parse.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { rewriteOn } from '../../dataplane/forward/rewrite.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import { digitsOf } from '../layer2/frames.js';
import { checksumOf, frameOf, ip, isIpv6, sumOf, u16 } from './packets.js';
import type { Link, Packet } from './packets.js';

const RUNS = 3000;
const MTU = 1500;

/** What a packet is called: addresses, and ports or identifier. */
type Name = Pick<Packet, 'source' | 'destination' | 'port' | 'toPort'>;

const program = allocateProgram({ networks: 1, ports: 1 }, 1);
program.networks.mtu.fill(MTU);
const plane = new Plane(program);
const packet = new PacketAtHand();
const [parse, read, rewrite] = [parseOn(plane), readOn(plane, packet), rewriteOn(plane, packet)];

function putAddress(words: Int32Array, digits: string): void {
  const padded = digits.padStart(32, '0');
  for (let i = 0; i < 4; i++) words[i] = parseInt(padded.slice(8 * i, 8 * i + 8), 16) | 0;
}

/**
 * The digits of a frame after its packet was given another name; `isCopy`: in a copy of the slot that it was read in. `inside`: so many bytes behind the
 * transport header is that whose checksum was left to a network card.
 */
function renamed(
  digits: string,
  was: Packet,
  name: Name,
  isCopy = false,
  flags = 0,
  inside = 0,
): string {
  const { frames } = plane;
  const slot = frames.claim();
  frames.bytes.set(Buffer.from(digits, 'hex'), frames.start[slot]);
  frames.length[slot] = digits.length / 2;
  frames.wireLength[slot] = digits.length / 2;
  assert.equal(parse(slot), Reason.Ok);
  assert.equal(read(slot), Reason.Ok);
  frames.flags[slot] = flags;
  frames.checksumStart[slot] = packet.transport - (frames.start[slot] ?? 0) + inside;
  const mine = isCopy ? frames.copy(slot) : slot;
  putAddress(packet.source, name.source);
  putAddress(packet.destination, name.destination);
  if ((was.offset ?? 0) === 0)
    packet.ports =
      was.protocol === 'echo'
        ? (name.port << 16) | (name.toPort << 8)
        : (name.port << 16) | name.toPort;
  packet.isPartial = was.checksum === 'partial' && flags === 0;
  rewrite(mine);
  const start = frames.start[mine] ?? 0;
  const changed = digitsOf(frames.bytes.slice(start, start + digits.length / 2));
  frames.release(slot);
  if (isCopy) frames.release(mine);
  assert.equal(frames.claimed, 0);
  return changed;
}

const digits = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map(digitsOf);
const word = fc.oneof(fc.constantFrom(0, 1, 0xfffe, 0xffff), fc.integer({ min: 0, max: 0xffff }));
const addressOf = (bytes: number) =>
  fc.oneof({ weight: 4, arbitrary: digits(bytes) }, fc.constant('ff'.repeat(bytes)));
/** Options that say nothing, one word to ten. */
const options = fc.integer({ min: 0, max: 10 }).map((words) => '01'.repeat(4 * words));
const link: fc.Arbitrary<Link> = fc.record({
  to: fc.constant('024200000001'),
  from: fc.constant('024200000002'),
  tags: fc.constantFrom('', '81000000', '81006064', '88a80064810000c8'),
});

const packetOf = (bytes: 4 | 16): fc.Arbitrary<Packet> =>
  fc
    .record({
      source: addressOf(bytes),
      destination: addressOf(bytes),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'echo' as const),
      port: word,
      toPort: word,
      hopLimit: fc.integer({ min: 0, max: 255 }),
      segment: digits(8).map((numbers) => `${numbers}5018faf0`),
      // Not all of it 0: a message of ICMP that is 0 throughout adds up to the other 0 than all else.
      data: digits(2, 97).map((some) => `0001${some}`),
      options: bytes === 4 ? options : fc.constant(''),
      isAnswer: fc.boolean(),
    })
    .map(({ isAnswer, ...rest }) =>
      rest.protocol === 'echo' ? { ...rest, toPort: echoType(bytes, isAnswer) } : rest,
    );

function echoType(bytes: 4 | 16, isAnswer: boolean): number {
  if (bytes === 4) return isAnswer ? 0 : 8;
  return isAnswer ? 129 : 128;
}

/** A packet, and another name for it. */
const renaming = fc
  .constantFrom(4 as const, 16 as const)
  .chain((bytes) => fc.tuple(packetOf(bytes), addressOf(bytes), addressOf(bytes), word, word))
  .map(([was, source, destination, port, toPort]) => ({
    was,
    name: { source, destination, port, toPort: was.protocol === 'echo' ? was.toPort : toPort },
  }));

function prove(claim: string, check: (was: Packet, name: Name, on: Link) => void): void {
  test(claim, (t) => {
    const property = fc.property(renaming, link, ({ was, name }, on) => {
      check(was, name, on);
    });
    t.notThrows(() => {
      fc.assert(property, { numRuns: RUNS });
    });
  });
}

prove(
  'C-1 C-2 N3022-4.1: a packet with other addresses and ports is the one that would have been made with them, with options and tags, of any length, also in a copy',
  (was, name, on) => {
    const wanted = frameOf({ ...was, ...name }, on);
    assert.equal(renamed(frameOf(was, on), was, name), wanted);
    assert.equal(renamed(frameOf(was, on), was, name, true), wanted);
  },
);

prove(
  'N3022-4.1: called otherwise and back again, a packet is what it was, byte for byte',
  (was, name, on) => {
    const there = renamed(frameOf(was, on), was, name);
    assert.equal(renamed(there, was, was), frameOf(was, on));
  },
);

prove('C-7: a wrong checksum stays exactly as wrong', (was, name, on) => {
  for (const damage of [1, 0x00ff, 0x1234, 0xfffe]) {
    const wrong = { ...was, damage };
    const [before, after] = [checksumOf(wrong), checksumOf({ ...wrong, ...name })];
    // UDP: by 0 it would say that it has none. Others: 0xffff is the other 0, and leaves as the one.
    const isSpecial = was.protocol === 'udp' ? before === 0xffff : [before, after].includes(0xffff);
    if (isSpecial) continue;
    assert.equal(renamed(frameOf(wrong, on), was, name), frameOf({ ...wrong, ...name }, on));
  }
});

prove('C-4: UDP that has no checksum gets none', (was, name, on) => {
  const without: Packet = { ...was, protocol: 'udp', checksum: 'none' };
  const toPort = was.protocol === 'echo' ? 53 : name.toPort;
  const other = { ...without, ...name, toPort };
  assert.equal(renamed(frameOf(without, on), without, other), frameOf(other, on));
});

prove('C-4: a checksum of UDP that comes out as 0 is written as 0xffff', (was, name, on) => {
  const udp: Packet = { ...was, protocol: 'udp', data: `0000${was.data.slice(4)}` };
  const toPort = was.protocol === 'echo' ? 53 : name.toPort;
  const plain = { ...udp, ...name, toPort };
  // With its own checksum among its data, the sum of a packet is -0.
  const data = u16(checksumOf(plain)) + udp.data.slice(4);
  const zero = { ...plain, data };
  const wanted = frameOf(zero, on);
  assert.equal(checksumOf(zero), 0xffff);
  assert.equal(renamed(frameOf({ ...udp, data }, on), udp, zero), wanted);
});

prove('C-6: of a later fragment only the addresses change', (was, name, on) => {
  const later = { ...was, offset: 185 };
  const { source, destination } = name;
  const wanted = frameOf({ ...later, source, destination }, on);
  assert.equal(renamed(frameOf(later, on), later, name), wanted);
});

prove(
  'a checksum that was left to a network card goes on holding the pseudo sum, which ICMP has none of',
  (was, name, on) => {
    const partial: Packet = { ...was, checksum: 'partial' };
    const wanted = frameOf({ ...partial, ...name }, on);
    assert.equal(renamed(frameOf(partial, on), partial, name), wanted);
    assert.equal(renamed(frameOf(partial, on), partial, name, true, FrameFlag.Partial), wanted);
  },
);

prove(
  'what is left to a network card in a tunnel is not the checksum of the packet around it, unless that is to be cut as well',
  (was, name, on) => {
    const wanted = frameOf({ ...was, ...name }, on);
    assert.equal(renamed(frameOf(was, on), was, name, true, FrameFlag.Partial, 50), wanted);
    const partial: Packet = { ...was, checksum: 'partial' };
    const cut = frameOf({ ...partial, ...name }, on);
    assert.equal(renamed(frameOf(partial, on), was, name, true, FrameFlag.Offloaded, 50), cut);
  },
);

prove('a packet without ports gets other addresses and stays else as it is', (was, name, on) => {
  const other: Packet = { ...was, protocol: 'other' };
  assert.equal(renamed(frameOf(other, on), other, name), frameOf({ ...other, ...name }, on));
});

test('the header checksum of IPv4 adds up, and an IPv6 packet has none: so the frames here are made rightly', (t) => {
  const on = { to: '0'.repeat(12), from: '0'.repeat(12) };
  const ping: Packet = {
    source: ip('10.0.0.2'),
    destination: ip('203.0.113.7'),
    protocol: 'echo',
    port: 7,
    toPort: 8,
    hopLimit: 64,
    data: '0001',
  };
  const frame = frameOf(ping, on);
  t.false(isIpv6(ping));
  t.is(sumOf(frame.slice(28, 68)), 0xffff);
  t.is(sumOf(frame.slice(68)), 0xffff);
});
