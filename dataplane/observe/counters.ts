/**
 * What happened to every frame, per Port, in shared memory: one Worker writes, anybody reads while it runs. Where several Workers share the
 * ports out, each has Counters of its own, and the reader adds them up.
 *
 * The law of conservation, checked after every replay: received + originated + copied = sent + dropped + consumed + waiting. A frame
 * that is flooded to n ports is copied n - 1 times; a frame is dropped or consumed for exactly one Reason.
 */
import { Reason } from './reason.js';

const COLUMNS = 4;

export class Counters {
  readonly framesIn: Float64Array;
  readonly bytesIn: Float64Array;
  readonly framesOut: Float64Array;
  readonly bytesOut: Float64Array;
  /** Row per port, column per Reason. */
  readonly dropped: Float64Array;
  readonly consumed: Float64Array;
  /** One value each: frames made by copying, and frames the data plane itself made. */
  readonly copied: Float64Array;
  readonly originated: Float64Array;
  /** One value: ICMP errors that hosts kept back because there had been too many (RFC 1812 §4.3.2.8). No frame was made for them. */
  readonly errorsKeptBack: Float64Array;

  constructor(
    ports: number,
    readonly memory = new SharedArrayBuffer(8 * (ports * (COLUMNS + 2 * Reason.Count) + 3)),
  ) {
    let at = 0;
    const column = (length: number): Float64Array => {
      const view = new Float64Array(memory, at, length);
      at += length * 8;
      return view;
    };
    this.framesIn = column(ports);
    this.bytesIn = column(ports);
    this.framesOut = column(ports);
    this.bytesOut = column(ports);
    this.dropped = column(ports * Reason.Count);
    this.consumed = column(ports * Reason.Count);
    this.copied = column(1);
    this.originated = column(1);
    this.errorsKeptBack = column(1);
  }

  drop(port: number, reason: Reason): void {
    this.dropped[port * Reason.Count + reason]++;
  }

  consume(port: number, reason: Reason): void {
    this.consumed[port * Reason.Count + reason]++;
  }

  /** These Counters become the sum of several Workers' over the same ports. */
  setToSumOf(parts: readonly Counters[]): void {
    const total = new Float64Array(this.memory).fill(0);
    for (const { memory } of parts) {
      const part = new Float64Array(memory);
      for (let i = 0; i < total.length; i++) total[i] += part[i];
    }
  }

  /**
   * The Worker that wrote these ended without a farewell: the frames it held are dropped at `port`, one of its own. Returns how many. Only for
   * whoever knows that the Worker is no more.
   */
  bookLost(port: number): number {
    const lost = this.unaccounted();
    this.dropped[port * Reason.Count + Reason.WorkerLost] += lost;
    return lost;
  }

  /** Received + originated + copied - sent - dropped - consumed: the frames that must still be waiting somewhere. */
  unaccounted(): number {
    const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);
    const came = sum(this.framesIn) + sum(this.originated) + sum(this.copied);
    return came - sum(this.framesOut) - sum(this.dropped) - sum(this.consumed);
  }
}
