/**
 * Reassembly: datagrams for a host itself of which fragments have come (RFC 791 §3.2; RFC 815; RFC 8200 §4.5; Linux net/ipv4/ip_fragment.c,
 * net/ipv6/reassembly.c). Unlike what passes a host (fragments.ts), which goes on as it came, this is put together: the bytes of a fragment are copied
 * to their place, and its frame is done with.
 *
 * Complication 1: nobody may take it all. There are DATAGRAMS_MAX rows. Of a datagram that finds none nothing is kept, until others are whole or
 *   their time is up (Linux beyond ipfrag_high_thresh).
 * Complication 2: overlaps. What has come whole before is ignored; what overlaps gives up the datagram, of both families (RFC 5722 §4; Linux
 *   inet_frag_queue_insert).
 * Complication 3: time is an argument. `due` is the earliest tick at which the time of a datagram is up, from the first that came of it.
 *
 * Writer: the Worker that owns the host. One table per host.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Memory } from '../frame/copy.js';
import { Reason } from '../observe/reason.js';
import { Ranges } from './ranges.js';

/** Datagrams of which a host has fragments at a time. */
export const DATAGRAMS_MAX = 8;

/** Nanoseconds for which fragments are kept (Linux net.ipv4.ipfrag_time, net.ipv6.ip6frag_time). */
const TIMEOUT_IPV4_NS = 30e9;
const TIMEOUT_IPV6_NS = 60e9;
/** Room for an IPv4 header with all options; of IPv6 for its header and that of the fragment. */
const HEADER_MAX = 64;
const DATA_MAX = 0x1_0000;
const ROW_BYTES = HEADER_MAX + DATA_MAX;
const LENGTH_MAX = 0xffff;
const IPV4_HEADER = 20;
/** Source, destination, family and protocol, identification. */
const KEY_WORDS = 10;
const NOBODY = -1;

export class Reassembly {
  /** The bytes of all rows: see `headerAt` and `dataAt`. */
  readonly memory: Memory = memoryOf(new Uint8Array(DATAGRAMS_MAX * ROW_BYTES));
  /** Bytes of the headers of the first fragment, 0 until that has come; and of its payload. */
  readonly headerLength = new Uint8Array(DATAGRAMS_MAX);
  readonly firstLength = new Uint16Array(DATAGRAMS_MAX);
  /** Bytes of the payload of the whole datagram, 0 until the last fragment has come. */
  readonly total = new Uint16Array(DATAGRAMS_MAX);
  /** By row: when its time is up; Infinity where nothing has come. */
  readonly deadline = new Float64Array(DATAGRAMS_MAX).fill(Infinity);

  private readonly keys = new Int32Array(DATAGRAMS_MAX * KEY_WORDS);
  private readonly seen = new Ranges(DATAGRAMS_MAX);
  private readonly key = new Int32Array(KEY_WORDS);

  /** The row of the datagram that a fragment which has come at this tick belongs to; -1 where there is none left. As in Fragments.take. */
  rowOf(
    tick: number,
    family: number,
    source: Int32Array,
    destination: Int32Array,
    protocol: number,
    identification: number,
  ): number {
    this.key.set(source);
    this.key.set(destination, 4);
    this.key[8] = (family << 8) | protocol;
    this.key[9] = identification;
    let free = NOBODY;
    for (let row = 0; row < DATAGRAMS_MAX; row++) {
      if (this.deadline[row] === Infinity) free = row;
      else if (this.isAt(row)) return row;
    }
    if (free < 0) return NOBODY;
    this.keys.set(this.key, free * KEY_WORDS);
    this.seen.clear(free);
    this.total[free] = 0;
    this.headerLength[free] = 0;
    this.deadline[free] = tick + (family === 4 ? TIMEOUT_IPV4_NS : TIMEOUT_IPV6_NS);
    return free;
  }

  /**
   * Notes the bytes of a fragment, `offset` to `end` of the payload. Where the answer is Ok they are to be put there; where it is FragmentDuplicate they
   * are there; all else gives up the datagram.
   */
  see(row: number, family: number, offset: number, end: number, more: boolean): Reason {
    if (end > (family === 4 ? LENGTH_MAX - IPV4_HEADER : LENGTH_MAX)) return Reason.FragmentTooLong;
    if (end === offset || (more && (end & 7) !== 0)) return Reason.FragmentBadLength;
    const total = this.total[row];
    const isBeyond = total === 0 ? !more && end < this.seen.end(row) : end > total;
    if (isBeyond || (total !== 0 && more === (end === total))) return Reason.FragmentOverlap;
    const reason = this.seen.add(row, offset, end);
    if (reason === Reason.Ok && !more) this.total[row] = end;
    return reason;
  }

  /** Copies so many bytes of a payload to their place. */
  put(row: number, from: Memory, at: number, offset: number, length: number): void {
    copyBytes(from, at, this.memory, this.dataAt(row) + offset, length);
  }

  /** Copies what stands before the payload of the first fragment, which has `payload` bytes. */
  putHeader(row: number, from: Memory, at: number, length: number, payload: number): void {
    copyBytes(from, at, this.memory, this.headerAt(row), length);
    this.headerLength[row] = length;
    this.firstLength[row] = payload;
  }

  /** Where the headers of the first fragment of a row stand, ... */
  headerAt(row: number): number {
    return row * ROW_BYTES;
  }

  /** ... and the payload of the datagram. */
  dataAt(row: number): number {
    return row * ROW_BYTES + HEADER_MAX;
  }

  isWhole(row: number): boolean {
    return this.total[row] !== 0 && this.seen.isWhole(row, this.total[row]);
  }

  forget(row: number): void {
    this.deadline[row] = Infinity;
  }

  /** The row whose time is up first, at this tick or before; -1 when there is none. */
  expired(tick: number): number {
    let first = NOBODY;
    for (let row = 0; row < DATAGRAMS_MAX; row++) {
      if (this.deadline[row] > tick || this.deadline[row] === Infinity) continue;
      if (first < 0 || this.deadline[row] < this.deadline[first]) first = row;
    }
    return first;
  }

  /** The tick at which the next one's time is up; Infinity where nothing has come. */
  get due(): number {
    let due = Infinity;
    for (let row = 0; row < DATAGRAMS_MAX; row++) due = Math.min(due, this.deadline[row]);
    return due;
  }

  private isAt(row: number): boolean {
    const at = row * KEY_WORDS;
    let word = 0;
    while (word < KEY_WORDS && this.keys[at + word] === this.key[word]) word++;
    return word === KEY_WORDS;
  }
}
