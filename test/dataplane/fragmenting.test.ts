import test from 'ava';
import fc from 'fast-check';
import { fragmentOn } from '../../dataplane/forward/fragment.js';
import { FrameFlag, Frames, Gso } from '../../dataplane/frame/frames.js';
import type { Frame } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { checksumOf, isRight, pseudoSumIpv4, sum } from '../../dataplane/wire/checksum.js';
import * as ipv4 from '../../dataplane/wire/ipv4.js';
import { randomOf } from '../random.js';

const ETHERNET = 14;
const TAGGED = 18;
const MORE = 0x2000;
const DONT = 0x4000;

interface Packet {
  /** Bytes behind the IPv4 header. */
  readonly data: number;
  readonly options?: readonly number[];
  /** The word of flags and offset. */
  readonly fragment?: number;
  readonly lead?: number;
  readonly protocol?: number;
  /** Bytes of the frame that the capture kept. */
  readonly kept?: number;
}

/** Puts a packet into a slot, as a parsed frame. */
function frameOf(frames: Frames, packet: Packet): Frame {
  const { data, options = [], fragment = 0, lead = ETHERNET, protocol = 99, kept } = packet;
  const { bytes, view } = frames;
  const frame = frames.claim();
  const start = frames.start[frame] ?? 0;
  const at = start + lead;
  const header = 20 + options.length;
  const random = randomOf(data + 1);
  for (let i = 0; i < lead + header + data; i++) bytes[start + i] = random(256);
  view.setUint16(at, ((0x40 | (header / 4)) << 8) | 0xb8);
  view.setUint16(at + 2, header + data);
  view.setUint16(at + 6, fragment);
  view.setUint16(at + 8, (64 << 8) | protocol);
  bytes.set(options, at + 20);
  view.setUint16(at + 10, 0);
  view.setUint16(at + 10, checksumOf(sum(view, at, header)));
  frames.wireLength[frame] = lead + header + data;
  frames.length[frame] = Math.min(kept ?? Infinity, lead + header + data);
  frames.payload[frame] = at;
  frames.etherType[frame] = 0x0800;
  frames.packetLength[frame] = header + data;
  frames.holders[frame] = 1;
  frames.flags[frame] = FrameFlag.Traced;
  frames.inPort[frame] = 3;
  frames.serial[frame] = 77;
  frames.tick[frame] = 5e9;
  frames.seconds[frame] = 1.7e9;
  frames.nanoseconds[frame] = 123;
  return frame;
}

function poolOf(slots = 64, mtuMax = 9000) {
  const frames = new Frames(slots, mtuMax);
  const fragment = fragmentOn({ frames });
  /** Cuts a packet; the pieces keep their slots. */
  const cut = (frame: Frame, mtu: number): { reason: Reason; pieces: Frame[] } => {
    const pieces: Frame[] = [];
    const reason = fragment(frame, mtu, (piece) => pieces.push(piece));
    return { reason, pieces };
  };
  return { frames, fragment, cut };
}

/** What a receiver reads of an IPv4 packet; of its bytes those that are here. */
function readPacket(frames: Frames, frame: Frame) {
  const { view, bytes } = frames;
  const start = frames.start[frame] ?? 0;
  const at = frames.payload[frame] ?? 0;
  const end = start + (frames.length[frame] ?? 0);
  const header = ipv4.headerLength(view, at);
  return {
    lead: [...bytes.slice(start, at)],
    header: [...bytes.slice(at, at + header)],
    total: ipv4.totalLength(view, at),
    size: ipv4.totalLength(view, at) - header,
    offset: ipv4.fragmentOffset(view, at),
    more: ipv4.moreFragments(view, at),
    isRight: isRight(sum(view, at, header)),
    data: bytes.slice(at + header, end),
  };
}

/** The options of a header one by one, up to their end. */
function optionsOf(header: readonly number[]): (readonly number[])[] {
  const found: (readonly number[])[] = [];
  for (let at = 20; at < header.length && header[at] !== 0;) {
    const size = header[at] === 1 ? 1 : (header[at + 1] ?? 0);
    found.push(header.slice(at, at + size));
    at += size;
  }
  return found;
}

/** The offset and size of every piece, and + where more follow. */
function shape(frames: Frames, pieces: readonly Frame[]): string {
  return pieces
    .map((piece) => readPacket(frames, piece))
    .map(({ offset, size, more }) => `${offset}:${size}${more ? '+' : ''}`)
    .join(' ');
}

/** Record route, which is not copied; router alert, which is; and what stands between and behind them. */
const RECORD_ROUTE = [7, 7, 4, 1, 2, 3, 4];
const ROUTER_ALERT = [0x94, 4, 0, 0];
const NO_OPERATION = [1];
const END = [0];

test('R-7, N4787-13a: the pieces leave in order, all but the last as long as the MTU and units of 8 bytes allow', (t) => {
  const { frames, cut } = poolOf();
  const whole = frameOf(frames, { data: 3000 });
  t.is(shape(frames, cut(whole, 1500).pieces), '0:1480+ 1480:1480+ 2960:40');
  t.is(shape(frames, cut(whole, 1499).pieces), '0:1472+ 1472:1472+ 2944:56');
  t.is(shape(frames, cut(whole, 3019).pieces), '0:2992+ 2992:8');
});

test('R-7: the last piece need not end at a unit, so none follows for what fits', (t) => {
  const { frames, cut } = poolOf();
  t.is(shape(frames, cut(frameOf(frames, { data: 103 }), 75).pieces), '0:48+ 48:55');
  t.is(shape(frames, cut(frameOf(frames, { data: 104 }), 75).pieces), '0:48+ 48:48+ 96:8');
});

test('R-7: the pieces of a fragment go on from its offset, and more follow behind the last if they did behind it', (t) => {
  const { frames, cut } = poolOf();
  const middle = frameOf(frames, { data: 1480, fragment: MORE | 185 });
  t.is(shape(frames, cut(middle, 996).pieces), '1480:976+ 2456:504+');
  const last = frameOf(frames, { data: 1001, fragment: 370 });
  t.is(shape(frames, cut(last, 996).pieces), '2960:976+ 3936:25');
  const beyond = frameOf(frames, { data: 1480, fragment: 0x1fff });
  t.is(cut(beyond, 996).reason, Reason.FragmentTooLong);
});

test('R-7: options with the copy bit are in every piece, others in the first only, and the room behind the header is used', (t) => {
  const { frames, cut } = poolOf();
  const options = [...RECORD_ROUTE, ...ROUTER_ALERT, ...END];
  const { pieces } = cut(frameOf(frames, { data: 200, options }), 100);
  t.is(shape(frames, pieces), '0:64+ 64:72+ 136:64');
  const headers = pieces.map((piece) => readPacket(frames, piece).header);
  t.deepEqual(headers.map(optionsOf), [
    [RECORD_ROUTE, ROUTER_ALERT],
    [ROUTER_ALERT],
    [ROUTER_ALERT],
  ]);
  t.deepEqual(
    headers.map(({ length }) => length),
    [32, 24, 24],
  );
});

test('R-7: an option with an impossible length ends what is copied', (t) => {
  const { frames, cut } = poolOf();
  for (const broken of [
    [0x94, 1, 0, 0],
    [0x94, 9, 0, 0],
    [1, 1, 1, 0x94],
  ]) {
    const whole = frameOf(frames, { data: 100, options: [...ROUTER_ALERT, ...broken] });
    const [first, second] = cut(whole, 80).pieces.map((it) => readPacket(frames, it).header);
    t.is(first?.length, 28);
    t.deepEqual(second?.slice(20), ROUTER_ALERT);
  }
});

test('R-7, N4787-13, R-16: what may not be cut is not, nor what leaves no room for 8 bytes', (t) => {
  const { frames, cut } = poolOf();
  const refused = { reason: Reason.FragmentationNeeded, pieces: [] };
  t.deepEqual(cut(frameOf(frames, { data: 2000, fragment: DONT }), 1500), refused);
  t.deepEqual(cut(frameOf(frames, { data: 2000 }), 27), refused);
  t.is(cut(frameOf(frames, { data: 20 }), 28).pieces.length, 3);
  const six = frameOf(frames, { data: 2000 });
  frames.etherType[six] = 0x86dd;
  t.deepEqual(cut(six, 1500), refused, 'R-16: no router cuts IPv6');
  const many = frameOf(frames, { data: 2000 });
  frames.flags[many] = FrameFlag.Super | FrameFlag.Partial;
  frames.gsoType[many] = Gso.TcpV4;
  t.deepEqual(cut(many, 1500), refused);
});

test('R-7: without a slot for every piece none is sent and none is taken', (t) => {
  const { frames, cut } = poolOf(4);
  const whole = frameOf(frames, { data: 4000 });
  t.is(cut(whole, 996).reason, Reason.PoolExhausted);
  t.is(frames.claimed, 1);
  t.is(cut(whole, 1500).pieces.length, 3);
});

test('R-7: a piece is a frame like the one it is of: tags, times, port; and the receiver holds it', (t) => {
  const { frames, cut } = poolOf();
  const whole = frameOf(frames, { data: 2000, lead: TAGGED });
  frames.start[whole] = (frames.start[whole] ?? 0) - 4; // a tag was put in front
  frames.length[whole] = (frames.length[whole] ?? 0) + 4;
  frames.wireLength[whole] = (frames.wireLength[whole] ?? 0) + 4;
  for (const piece of cut(whole, 1500).pieces) {
    const { lead, total } = readPacket(frames, piece);
    t.deepEqual(lead, readPacket(frames, whole).lead);
    const { inPort, serial, tick, seconds, nanoseconds, etherType, flags, holders } = frames;
    for (const column of [inPort, serial, tick, seconds, nanoseconds, etherType, flags])
      t.is(column[piece], column[whole]);
    t.is(holders[piece], 1);
    t.is(frames.packetLength[piece], total);
    t.is(frames.wireLength[piece], TAGGED + 4 + total);
    t.is(frames.length[piece], TAGGED + 4 + total);
    t.is(frames.moved(piece), -4);
    frames.letGo(piece);
  }
  frames.letGo(whole);
  t.is(frames.claimed, 0);
});

test('R-7: a frame that a capture snapped is cut by its true lengths, and what was not captured stays missing', (t) => {
  const { frames, cut } = poolOf();
  const { pieces } = cut(frameOf(frames, { data: 3000, kept: ETHERNET + 20 + 1500 }), 1500);
  t.is(shape(frames, pieces), '0:1480+ 1480:1480+ 2960:40');
  t.deepEqual(
    pieces.map((piece) => frames.length[piece]),
    [1514, 34 + 20, 34],
  );
  t.deepEqual(
    pieces.map((piece) => frames.wireLength[piece]),
    [1514, 1514, 74],
  );
});

test('R-7: padding behind the packet is in no piece', (t) => {
  const { frames, cut } = poolOf();
  const whole = frameOf(frames, { data: 50 });
  frames.length[whole] = frames.wireLength[whole] = 200;
  t.is(shape(frames, cut(whole, 68).pieces), '0:48+ 48:2');
});

test('C-6: a checksum that was left to the network card is completed before the cut, since it is one of the whole', (t) => {
  const { frames, cut } = poolOf();
  const { view } = frames;
  const whole = frameOf(frames, { data: 2000, protocol: 17 });
  const ip = frames.payload[whole] ?? 0;
  const udp = ip + 20;
  const pseudo = pseudoSumIpv4(view, ip, 17, 2000);
  view.setUint16(udp + 6, pseudo);
  frames.flags[whole] = FrameFlag.Partial;
  frames.checksumStart[whole] = ETHERNET + 20;
  frames.checksumOffset[whole] = 6;
  const { pieces } = cut(whole, 1500);
  t.true(isRight(pseudo + sum(view, udp, 2000)));
  const data = pieces.flatMap((piece) => [...readPacket(frames, piece).data]);
  t.deepEqual(data, [...frames.bytes.slice(udp, udp + 2000)]);
  t.true(pieces.every((piece) => frames.flags[piece] === 0));
});

test('R-7: a packet that comes to be cut while another is sent in pieces does not mix with it', (t) => {
  const { frames, fragment } = poolOf();
  const outer = frameOf(frames, { data: 3000, options: [...ROUTER_ALERT] });
  const inner = frameOf(frames, { data: 500 });
  const sent: Frame[] = [];
  fragment(outer, 1500, (piece) => {
    sent.push(piece);
    t.is(fragment(inner, 300, (it) => { frames.letGo(it); }), Reason.Ok); // prettier-ignore
  });
  t.is(shape(frames, sent), '0:1472+ 1472:1472+ 2944:56');
});

const anyOption = fc.oneof(
  fc.constantFrom(NO_OPERATION, ROUTER_ALERT, RECORD_ROUTE, [0x82, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
);
const anyOptions = fc.array(anyOption, { maxLength: 3 }).map((options) => {
  const bytes = options.flat();
  return [...bytes, ...Array<number>((4 - (bytes.length % 4)) % 4).fill(0)];
});

test('R-7: put together again the pieces are the packet, every header is right, and fewer pieces would not do', (t) => {
  const { frames, cut } = poolOf(256, 4000);
  fc.assert(
    fc.property(
      fc.integer({ min: 68, max: 1500 }),
      fc.integer({ min: 1, max: 2500 }),
      anyOptions,
      fc.constantFrom(0, MORE, 7, MORE | 1000),
      (mtu, more, options, fragment) => {
        const units = Math.ceil((mtu + more) / 8);
        const data = (fragment & MORE) === 0 ? mtu + more : 8 * units;
        const whole = frameOf(frames, { data, options, fragment });
        const wanted = readPacket(frames, whole);
        const { reason, pieces } = cut(whole, mtu);
        const read = pieces.map((piece) => readPacket(frames, piece));
        const last = read.at(-1);
        const copied = optionsOf(wanted.header).filter(([type = 0]) => type >= 0x80);
        t.is(reason, Reason.Ok);
        t.deepEqual(Buffer.concat(read.map((it) => it.data)), Buffer.from(wanted.data));
        t.true(read.every((it) => it.isRight && it.total <= mtu));
        t.true(read.every((it) => it === last || (it.more && it.size % 8 === 0 && it.total > mtu - 8))); // prettier-ignore
        t.is(last?.more, wanted.more);
        let offset = wanted.offset;
        for (const [i, it] of read.entries()) {
          t.is(it.offset, offset);
          offset += it.size;
          t.deepEqual(optionsOf(it.header), i === 0 ? optionsOf(wanted.header) : copied);
          t.deepEqual(it.header.slice(4, 6), wanted.header.slice(4, 6));
          t.deepEqual([it.header[1], ...it.header.slice(8, 10), ...it.header.slice(12, 20)], [wanted.header[1], ...wanted.header.slice(8, 10), ...wanted.header.slice(12, 20)]); // prettier-ignore
        }
        for (const piece of pieces) frames.letGo(piece);
        frames.letGo(whole);
        return frames.claimed === 0;
      },
    ),
    { numRuns: 300 },
  );
});

test('a fragment that begins within the transport header, or a first one without all of it, is tiny', (t) => {
  const frames = new Frames(1, 100);
  const check = (protocol: number, data: number, fragment: number): Reason => {
    const frame = frameOf(frames, { data, fragment, protocol });
    const reason = ipv4.checkFragment(frames.view, frames.payload[frame] ?? 0);
    frames.release(frame);
    return reason;
  };
  const [ICMP, TCP, UDP, ESP] = [1, 6, 17, 50] as const;
  t.is(check(TCP, 40, 1), Reason.FragmentTiny);
  t.is(check(TCP, 40, 2), Reason.FragmentTiny);
  t.is(check(TCP, 40, 3), Reason.Ok);
  t.is(check(TCP, 16, MORE), Reason.FragmentTiny);
  t.is(check(TCP, 24, MORE), Reason.Ok);
  t.is(check(UDP, 0, MORE), Reason.FragmentTiny);
  t.is(check(UDP, 8, MORE), Reason.Ok);
  t.is(check(UDP, 8, 1), Reason.Ok);
  t.is(check(ICMP, 0, MORE), Reason.FragmentTiny);
  t.is(check(ESP, 8, 1), Reason.Ok);
});
