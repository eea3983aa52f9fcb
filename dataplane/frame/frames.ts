/**
 * The pool: where every Frame lives between its arrival and its last departure.
 *
 * A Frame is a slot number. Its bytes stand in one memory at `start[f]`, `length[f]` of them; its facts are columns of that
 * memory. Nothing is allocated after start-up, and a slot is never larger than the pool says.
 *
 * Complication 1: headroom. HEADROOM bytes are free before a frame that has just arrived, so that a tag or a tunnel header is put
 *   in front by moving `start`, never the payload.
 * Complication 2: a flooded frame waits in several egress queues but has one slot: `holders[f]` counts them, the last one out frees it.
 * Complication 3: captures keep fewer bytes than were on the wire. `length` says what is here, `wireLength` what was sent; lengths
 *   are compared with `wireLength`, bytes are read below `length`.
 * Complication 4: slots are an odd number of cache lines apart. Powers of two would put every header into the same cache sets.
 *
 * Complication 5: the memory is private to its Worker. Whole frames are copied into it and out of it at the edges, and V8 copies out of
 *   shared memory four times more slowly than out of private memory (docs/decisions.md).
 *
 * Writer: the Worker that owns the pool; it alone claims and releases. Never: a slot released twice, a slot read after its release.
 */

import { copyBytes, memoryOf } from './copy.js';
import type { Memory } from './copy.js';

/** A slot number, 0..slots-1. */
export type Frame = number;

/** Free bytes before a frame that has just been received: room for its tags and for four tunnels, each inside the next. */
export const HEADROOM = 384;

/** Bits of `flags`. */
export const enum FrameFlag {
  /** Every decision about this frame is noted in the trace. */
  Traced = 1,
  /** The checksum at checksumStart + checksumOffset holds the pseudo sum only, to be completed before a wire sees it. */
  Partial = 2,
  /** A super-frame, which stands for several frames of gsoSize payload bytes each. */
  Super = 4,
  /** A host has forwarded it, so that the one that does not find its next hop tells its source. */
  Forwarded = 8,
  /** It came by a tunnel with a policy, which stands in `policy`. */
  HasPolicy = 16,
  /** Of a super-frame: what is to be cut is in a tunnel, and each piece has the headers around it. */
  Tunneled = 32,
  /** The bits of a frame that a wire cannot carry as it is. */
  Offloaded = Partial | Super | Tunneled,
}

/** How a super-frame is to be cut: the numbers of linux/virtio_net.h. */
export const enum Gso {
  TcpV4 = 1,
  TcpV6 = 4,
  UdpL4 = 5,
  /** Bit: the TCP flow uses ECN. */
  Ecn = 0x80,
}

const CACHE_LINE = 64;
const COLUMNS_MAX = 20;
const ETHERNET_AND_TWO_TAGS = 22;

/** Bytes of a slot for packets of at most `mtuMax` bytes: an odd number of cache lines. */
function strideFor(mtuMax: number): number {
  const lines = Math.ceil((HEADROOM + ETHERNET_AND_TWO_TAGS + mtuMax) / CACHE_LINE);
  return (lines | 1) * CACHE_LINE;
}

/** Bytes that a frame may have in a pool for packets of at most `mtuMax` bytes, before anything is put in front of it. */
export function roomFor(mtuMax: number): number {
  return strideFor(mtuMax) - HEADROOM;
}

/** Bytes from the start of a column to that of the next: whole cache lines, and one more. */
function columnBytes(bytes: number): number {
  return (Math.ceil(bytes / CACHE_LINE) + 1) * CACHE_LINE;
}

/** Hands out the columns of one memory, each a cache line further on: equal indexes must not fall into equal cache sets. */
class Columns {
  private at = 0;
  private readonly memory: ArrayBuffer;

  constructor(private readonly slots: number) {
    this.memory = new ArrayBuffer(COLUMNS_MAX * columnBytes(slots * 8));
  }

  next<A>(Type: {
    new (memory: ArrayBuffer, at: number, slots: number): A;
    BYTES_PER_ELEMENT: number;
  }): A {
    const column = new Type(this.memory, this.at, this.slots);
    this.at += columnBytes(this.slots * Type.BYTES_PER_ELEMENT);
    return column;
  }
}

export class Frames {
  readonly slots: number;
  /** Bytes a frame may have: the slot less the headroom. */
  readonly room: number;

  readonly bytes: Uint8Array;
  readonly view: DataView;

  /** Offset of the first byte in `bytes`. */
  readonly start: Int32Array;
  /** Bytes present. */
  readonly length: Int32Array;
  /** Bytes the frame had on the wire; equals `length` unless the capture snapped it. */
  readonly wireLength: Uint32Array;
  readonly inPort: Uint16Array;
  /** Which frame of its port this is, counted from 1. */
  readonly serial: Uint32Array;
  /** Time of arrival in ns since the run's first frame; never runs backwards. */
  readonly tick: Float64Array;
  /** Time of arrival as captured: seconds since 1970 ... */
  readonly seconds: Float64Array;
  /** ... and nanoseconds, 0..999,999,999. */
  readonly nanoseconds: Uint32Array;
  readonly flags: Uint8Array;
  /** Of a super-frame: Gso. */
  readonly gsoType: Uint8Array;
  /** Of a super-frame: payload bytes of each frame it stands for. */
  readonly gsoSize: Uint16Array;
  /** Of a frame with a partial checksum: bytes from `start` to where summing begins ... */
  readonly checksumStart: Uint16Array;
  /** ... and from there to the field. */
  readonly checksumOffset: Uint16Array;
  readonly holders: Uint16Array;
  /** With FrameFlag.HasPolicy: flags and number of its policy, as in the header of VXLAN (wire/vxlan.ts). */
  readonly policy: Uint32Array;
  /** Set by parse: offset in `bytes` of what the Ethernet header and its tags carry. */
  readonly payload: Int32Array;
  /** Set by parse: the type of that payload, or its length when below 1536 (IEEE 802.3 §3.2.6). */
  readonly etherType: Uint16Array;
  /** Set by parse: bytes of the packet behind header and tags that has to fit an MTU; of a super-frame, of one that it stands for. */
  readonly packetLength: Uint32Array;

  private readonly memory: Memory;
  private readonly stride: number;
  private readonly free: Int32Array;
  private freeCount: number;

  /** A pool of `slots` frames, each large enough for packets of `mtuMax` bytes behind two tags. */
  constructor(slots: number, mtuMax: number) {
    this.slots = slots;
    this.stride = strideFor(mtuMax);
    this.room = roomFor(mtuMax);
    const memory = new ArrayBuffer(slots * this.stride);
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.memory = memoryOf(this.bytes);
    const columns = new Columns(slots);
    this.tick = columns.next(Float64Array);
    this.seconds = columns.next(Float64Array);
    this.start = columns.next(Int32Array);
    this.length = columns.next(Int32Array);
    this.wireLength = columns.next(Uint32Array);
    this.serial = columns.next(Uint32Array);
    this.nanoseconds = columns.next(Uint32Array);
    this.payload = columns.next(Int32Array);
    this.packetLength = columns.next(Uint32Array);
    this.policy = columns.next(Uint32Array);
    this.inPort = columns.next(Uint16Array);
    this.holders = columns.next(Uint16Array);
    this.etherType = columns.next(Uint16Array);
    this.gsoSize = columns.next(Uint16Array);
    this.checksumStart = columns.next(Uint16Array);
    this.checksumOffset = columns.next(Uint16Array);
    this.gsoType = columns.next(Uint8Array);
    this.flags = columns.next(Uint8Array);
    this.free = new Int32Array(slots).map((_, i) => slots - 1 - i);
    this.freeCount = slots;
  }

  /** Takes a free slot with its start behind the headroom, or returns -1 when all are in use. */
  claim(): Frame {
    if (this.freeCount === 0) return -1;
    const frame = this.free[--this.freeCount];
    this.start[frame] = frame * this.stride + HEADROOM;
    this.flags[frame] = 0;
    return frame;
  }

  /** Bytes by which the start of a frame is behind that of one that has just arrived; negative where something was put in front. */
  moved(frame: Frame): number {
    return this.start[frame] - frame * this.stride - HEADROOM;
  }

  /** Takes a free slot and makes it equal to that of `frame`, but for who holds it; -1 when all are in use. */
  copy(frame: Frame): Frame {
    const copy = this.claim();
    if (copy < 0) return copy;
    const at = (this.start[copy] += this.moved(frame));
    copyBytes(this.memory, this.start[frame], this.memory, at, this.length[frame]);
    this.length[copy] = this.length[frame];
    this.wireLength[copy] = this.wireLength[frame];
    this.inPort[copy] = this.inPort[frame];
    this.serial[copy] = this.serial[frame];
    this.tick[copy] = this.tick[frame];
    this.seconds[copy] = this.seconds[frame];
    this.nanoseconds[copy] = this.nanoseconds[frame];
    this.flags[copy] = this.flags[frame];
    this.gsoType[copy] = this.gsoType[frame];
    this.gsoSize[copy] = this.gsoSize[frame];
    this.checksumStart[copy] = this.checksumStart[frame];
    this.checksumOffset[copy] = this.checksumOffset[frame];
    this.payload[copy] = this.payload[frame] - this.start[frame] + at;
    this.etherType[copy] = this.etherType[frame];
    this.packetLength[copy] = this.packetLength[frame];
    this.policy[copy] = this.policy[frame];
    return copy;
  }

  /** Gives a slot back at once. */
  release(frame: Frame): void {
    this.free[this.freeCount++] = frame;
  }

  /** One egress queue has let go of the frame; the last one gives the slot back. */
  letGo(frame: Frame): void {
    if (--this.holders[frame] === 0) this.release(frame);
  }

  /** Slots in use: frames that wait somewhere. */
  get claimed(): number {
    return this.slots - this.freeCount;
  }
}
