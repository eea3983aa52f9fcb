/**
 * Throws damaged frames at everything that reads bytes. Each frame ends where its buffer ends and, every other time, begins
 * where it begins, so that a read outside the frame is a RangeError of the DataView and not a silent look at a neighbour.
 */
import { describeFrame } from '../../control/explain/dissect.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { checkArp } from '../../dataplane/wire/arp.js';
import { checkEthernet, checkLlc } from '../../dataplane/wire/ethernet.js';
import { checkIcmp } from '../../dataplane/wire/icmp.js';
import { checkIcmpv6, checkNeighborDiscovery } from '../../dataplane/wire/icmpv6.js';
import { checkIpv4 } from '../../dataplane/wire/ipv4.js';
import { checkIpv6, upperOf, upperOffset } from '../../dataplane/wire/ipv6.js';
import { checkTcp } from '../../dataplane/wire/tcp.js';
import { checkUdp } from '../../dataplane/wire/udp.js';
import { skipTags } from '../../dataplane/wire/vlan.js';
import { checkVxlan } from '../../dataplane/wire/vxlan.js';
import { frame, frameNames } from '../wire/frames.js';

/** A whole number 0..below-1. */
type Dice = (below: number) => number;

/** The mulberry32 generator: the same seed throws the same numbers everywhere. */
function diceFrom(seed: number): Dice {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/**
 * Runs `count` random or mutated frames through every check and through the description. Throws when one of them does, with
 * the seed, the number and the bytes of the frame.
 */
export function fuzzWire(count: number, seed = 1): void {
  const dice = diceFrom(seed);
  for (let number = 0; number < count; number++) {
    const frameBytes = dice(8) === 0 ? randomBytes(dice) : mutated(dice);
    const wireLength = frameBytes.length;
    const captured = dice(3) === 0 ? dice(wireLength + 1) : wireLength;
    const start = dice(2) * (1 + dice(64));
    const buffer = new Uint8Array(new SharedArrayBuffer(start + captured));
    buffer.fill(0xff, 0, start);
    buffer.set(frameBytes.slice(0, captured), start);
    const bytes = new DataView(buffer.buffer);
    try {
      readEverything(bytes, start, start + captured, start + wireLength);
    } catch (cause) {
      const hex = Buffer.from(frameBytes).toString('hex');
      const which = `frame ${number} of seed ${seed} (kept ${captured} of ${wireLength} bytes)`;
      throw new Error(`${which}: ${String(cause)}: ${hex}`, { cause });
    }
  }
}

/** Every check at the places where its header may stand, whatever stands there; then the words. */
function readEverything(bytes: DataView, start: number, end: number, wireEnd: number): void {
  const description = describeFrame(bytes, start, end, wireEnd - start);
  if (description.summary === '') throw new Error('a frame without a summary');
  if (checkEthernet(start, end, wireEnd) !== Reason.Ok) return;
  const typeAt = skipTags(bytes, start, end, wireEnd);
  if (typeAt < 0) return;
  const length = bytes.getUint16(typeAt);
  checkLlc(bytes, typeAt + 2, end, wireEnd, length);
  for (let at = typeAt + 2; at <= Math.min(end, typeAt + 2 + 64); at += 2) {
    checkPackets(bytes, at, end, wireEnd);
  }
}

function checkPackets(bytes: DataView, at: number, end: number, wireEnd: number): void {
  checkArp(bytes, at, end, wireEnd);
  checkIpv4(bytes, at, end, wireEnd);
  checkTcp(bytes, at, end, wireEnd);
  checkUdp(bytes, at, end, wireEnd);
  checkVxlan(bytes, at, end, wireEnd);
  checkIcmp(at, end, wireEnd);
  if (checkIcmpv6(at, end, wireEnd) === Reason.Ok) checkNeighborDiscovery(bytes, at, end, wireEnd);
  if (checkIpv6(bytes, at, end, wireEnd) !== Reason.Ok) return;
  const upper = upperOf(bytes, at, end, wireEnd);
  if (upper >= 0 && at + upperOffset(upper) > end) throw new Error('a walk beyond the bytes kept');
}

function randomBytes(dice: Dice): Uint8Array {
  return Uint8Array.from({ length: dice(120) }, () => dice(256));
}

/** A good frame with some bytes changed, cut short, or grown at the end: deep enough to reach the checks behind the first. */
function mutated(dice: Dice): Uint8Array {
  const name = frameNames[dice(frameNames.length)] ?? 'arpRequest';
  const good = new Uint8Array(frame(name).buffer);
  const length = dice(4) === 0 ? dice(good.length + 8) : good.length;
  const bytes = new Uint8Array(length);
  bytes.set(good.slice(0, length));
  if (length === 0) return bytes;
  for (let changes = dice(4); changes > 0; changes--) {
    const at = dice(length);
    const kind = dice(3);
    // Flipped bits, and the values at which lengths go wrong.
    bytes[at] = kind === 0 ? (bytes[at] ?? 0) ^ (1 << dice(8)) : kind === 1 ? 0 : 255 - dice(2);
  }
  repairChecksum(bytes);
  return bytes;
}

/** Makes the IPv4 header checksum right again in untagged frames: else few mutations would get behind it. */
function repairChecksum(bytes: Uint8Array): void {
  const header = ((bytes[14] ?? 0) & 0xf) * 4;
  if (header < 20 || bytes.length < 14 + header || bytes[12] !== 0x08 || bytes[13] !== 0) return;
  bytes.set([0, 0], 24);
  let sum = 0;
  for (let at = 14; at < 14 + header; at += 2) {
    sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  }
  const checksum = 0xffff - (sum % 0xffff || 0xffff);
  bytes.set([checksum >>> 8, checksum & 0xff], 24);
}
