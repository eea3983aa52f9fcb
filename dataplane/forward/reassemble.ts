/**
 * Fragments for the host itself: they are put together (state/reassembly.ts), and what has become whole is heard as if it had come so. What is not whole
 * in time is given up, and its sender hears of it if the first fragment came (RFC 792; RFC 4443 §3.3; Linux ip_expire).
 *
 * Complication 1: length. A frame of the pool has room for what a link takes, a datagram may be longer. It is then heard without its end, like a frame of
 *   which a capture kept the beginning; but for pings, whose answers are cut from the datagram itself (echo-pieces.ts).
 * Complication 2: who has sent the last fragment is taken for the sender, as far as the MAC goes; the time is that of the last fragment.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Reassembly } from '../state/reassembly.js';
import { checksumOf, sum } from '../wire/checksum.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { addressOn, NOBODY } from './answer.js';
import type { Surroundings } from './answer.js';
import { Complaint } from './complain.js';
import type { Complain } from './complain.js';
import { echoPiecesOn } from './echo-pieces.js';
import { Packet, readOn } from './packet.js';
import { DUES_EACH, hostsOf } from './plane.js';
import type { Plane } from './plane.js';
import { postponeOn } from './ask.js';

export interface Reassembler {
  /** A fragment has come for the host at an interface. Gives the row of the address that was asked when it was the last one, and is answered, else NOBODY. */
  readonly take: (frame: Frame, iface: number) => number;
  /** Gives up what has waited too long at a host. */
  readonly expire: (host: number, tick: number) => void;
}

/** In the place of the protocol. */
const ATOMIC = 0xff;

/** Where the frame of the first fragment came from, by row of a table. */
interface Firsts {
  readonly table: Reassembly;
  readonly iface: Int32Array;
  readonly inPort: Uint16Array;
  readonly serial: Uint32Array;
  readonly tick: Float64Array;
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
}

/** Makes the stage that puts fragments together; `hear` hears what is whole. */
export function reassembleOn(
  plane: Plane,
  around: Surroundings & { readonly complain: Complain },
  hear: (frame: Frame, iface: number) => number,
): Reassembler {
  const { frames, dues } = plane;
  const { start, length, tick, inPort, serial, seconds, nanoseconds, view } = frames;
  const { interfaces, complain } = around;
  const memory = memoryOf(frames.bytes);
  const packet = new Packet();
  const read = readOn(plane, packet);
  const build = buildOn(plane);
  const echo = echoPiecesOn(plane, around);
  const postpone = postponeOn(plane);
  const find = addressOn(plane, interfaces);
  const hosts = dues.length / DUES_EACH;
  /** Most hosts never get a fragment; a table is made with the first. */
  const tables: (Firsts | undefined)[] = Array.from({ length: hostsOf(plane.program) });

  function tableOf(host: number): Firsts {
    return (tables[host] ??= firstsOf(new Reassembly()));
  }

  function schedule(host: number, table: Reassembly): void {
    if (host >= hosts) return;
    dues[2 * hosts + host] = table.due;
    plane.due = Math.min(plane.due, table.due);
  }

  /** Bytes before the payload of the fragment at hand; of IPv6 no other extension stands there. */
  function headersOf(): number {
    return packet.family === 4
      ? ipv4.headerLength(view, packet.at)
      : Ipv6.HeaderLength + Ipv6.FragmentHeaderLength;
  }

  /** Is all of it here, and for one address of the host? */
  function isMine(frame: Frame, iface: number): boolean {
    const [a, b, c, d] = packet.destination;
    if (find(iface, a >>> 0, b >>> 0, c >>> 0, d >>> 0) < 0) return false;
    return packet.at + packet.length <= start[frame] + length[frame];
  }

  /** An IPv6 fragment that is a datagram of its own has nothing to do with others of its number (RFC 6946). */
  function rowOf({ table }: Firsts, frame: Frame): number {
    const { family, at, source, destination, fragmentOffset, moreFragments } = packet;
    const isAtomic = fragmentOffset === 0 && !moreFragments;
    return table.rowOf(
      tick[frame],
      family,
      source,
      destination,
      family === 4 ? packet.protocol : isAtomic ? ATOMIC : 0,
      family === 4
        ? ipv4.identification(view, at)
        : ipv6.fragmentIdentification(view, at + Ipv6.HeaderLength),
    );
  }

  function keepFirst(firsts: Firsts, row: number, frame: Frame, iface: number): void {
    firsts.iface[row] = iface;
    firsts.inPort[row] = inPort[frame];
    firsts.serial[row] = serial[frame];
    firsts.tick[row] = tick[frame];
    firsts.seconds[row] = seconds[frame];
    firsts.nanoseconds[row] = nanoseconds[frame];
  }

  /** Puts the bytes of the fragment at hand to their place. */
  function put(firsts: Firsts, row: number, frame: Frame, iface: number): Reason {
    const { table } = firsts;
    const headers = headersOf();
    const bytes = packet.length - headers;
    const { fragmentOffset: offset, moreFragments: more } = packet;
    const reason = table.see(row, packet.family, offset, offset + bytes, more);
    if (reason !== Reason.Ok) return reason;
    table.put(row, memory, packet.at + headers, offset, bytes);
    if (offset !== 0) return reason;
    table.putHeader(row, memory, packet.at, headers, bytes);
    keepFirst(firsts, row, frame, iface);
    return reason;
  }

  /** What has become whole is heard. */
  function deliver(table: Reassembly, row: number, frame: Frame, iface: number): number {
    const long = echo(frame, iface, table, row);
    if (long !== undefined) {
      table.forget(row);
      return long;
    }
    const whole = build.whole(frame, table, row);
    table.forget(row);
    if (whole < 0) return NOBODY;
    const asked = hear(whole, iface);
    frames.release(whole);
    return asked;
  }

  /** RFC 792 and RFC 4443 want it quoted as it came, which was in fragments. */
  function complainOf(firsts: Firsts, row: number, now: number): void {
    const first = build.first(firsts.table, row);
    if (first < 0) return;
    inPort[first] = firsts.inPort[row];
    serial[first] = firsts.serial[row];
    tick[first] = firsts.tick[row];
    seconds[first] = firsts.seconds[row];
    nanoseconds[first] = firsts.nanoseconds[row];
    postpone(first, now);
    complain(first, firsts.iface[row], Complaint.ReassemblyTimeExceeded, 0);
    frames.release(first);
  }

  function expire(host: number, now: number): void {
    const firsts = tables[host];
    if (firsts === undefined) return;
    const { table } = firsts;
    for (let row = table.expired(now); row >= 0; row = table.expired(now)) {
      const up = table.deadline[row];
      table.forget(row);
      if (table.headerLength[row] > 0) complainOf(firsts, row, up);
    }
    schedule(host, table);
  }

  return {
    expire,
    take: (frame, iface) => {
      const host = interfaces.host[iface];
      if (read(frame) !== Reason.Ok || !isMine(frame, iface)) return NOBODY;
      const firsts = tableOf(host);
      const { table } = firsts;
      expire(host, tick[frame]);
      // The packet at hand is another one's, if somebody was told.
      read(frame);
      const row = rowOf(firsts, frame);
      if (row < 0) return NOBODY;
      const reason = put(firsts, row, frame, iface);
      if (reason !== Reason.Ok && reason !== Reason.FragmentDuplicate) table.forget(row);
      const isWhole = reason === Reason.Ok && table.isWhole(row);
      const asked = isWhole ? deliver(table, row, frame, iface) : NOBODY;
      schedule(host, table);
      return asked;
    },
  };
}

function firstsOf(table: Reassembly): Firsts {
  const rows = table.deadline.length;
  return {
    table,
    iface: new Int32Array(rows),
    inPort: new Uint16Array(rows),
    serial: new Uint32Array(rows),
    tick: new Float64Array(rows),
    seconds: new Float64Array(rows),
    nanoseconds: new Uint32Array(rows),
  };
}

/** Makes the functions that write datagrams into frames, which the caller releases; -1 where no slot is free. */
function buildOn({ frames }: Plane) {
  const { start, length, wireLength, payload, packetLength, etherType, holders, view } = frames;
  const memory = memoryOf(frames.bytes);

  /** `lead` bytes are for Ethernet. */
  function claim(lead: number, type: EtherType, bytes: number): Frame {
    const frame = frames.claim();
    if (frame < 0) return frame;
    holders[frame] = 1;
    payload[frame] = start[frame] + lead;
    length[frame] = Math.min(lead + bytes, frames.room);
    wireLength[frame] = lead + bytes;
    packetLength[frame] = bytes;
    etherType[frame] = type;
    return frame;
  }

  /** Writes headers of so many bytes, and of the payload what there is room for. */
  function fill(frame: Frame, table: Reassembly, row: number, headers: number, data: number): void {
    const at = payload[frame];
    const here = Math.min(data, start[frame] + length[frame] - at - headers);
    copyBytes(table.memory, table.headerAt(row), memory, at, headers);
    copyBytes(table.memory, table.dataAt(row), memory, at + headers, here);
  }

  return {
    /** The whole datagram, in a frame like that of its last fragment. */
    whole: (last: Frame, table: Reassembly, row: number): Frame => {
      const isIpv4 = etherType[last] === EtherType.Ipv4;
      const headers = isIpv4 ? table.headerLength[row] : Ipv6.HeaderLength;
      const lead = payload[last] - start[last];
      const total = table.total[row];
      const frame = claim(lead, etherType[last], headers + total);
      if (frame < 0) return frame;
      copyBytes(memory, start[last], memory, start[frame], lead);
      fill(frame, table, row, headers, total);
      frames.inPort[frame] = frames.inPort[last];
      frames.serial[frame] = frames.serial[last];
      frames.tick[frame] = frames.tick[last];
      frames.seconds[frame] = frames.seconds[last];
      frames.nanoseconds[frame] = frames.nanoseconds[last];
      const at = payload[frame];
      if (isIpv4) {
        view.setUint16(at + 2, headers + total);
        view.setUint16(at + 6, 0);
        view.setUint16(at + 10, 0);
        view.setUint16(at + 10, checksumOf(sum(view, at, headers)));
      } else {
        view.setUint16(at + 4, total);
        view.setUint8(at + 6, table.memory.bytes[table.headerAt(row) + Ipv6.HeaderLength]);
      }
      return frame;
    },
    /** The first fragment as it came, in a frame for nobody. */
    first: (table: Reassembly, row: number): Frame => {
      const headers = table.headerLength[row];
      const isIpv4 = table.memory.bytes[table.headerAt(row)] >>> 4 === 4;
      const bytes = headers + table.firstLength[row];
      const frame = claim(Ethernet.HeaderLength, isIpv4 ? EtherType.Ipv4 : EtherType.Ipv6, bytes);
      if (frame < 0) return frame;
      frames.bytes.fill(0, start[frame], payload[frame]);
      fill(frame, table, row, headers, table.firstLength[row]);
      return frame;
    },
  };
}
