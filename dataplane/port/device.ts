/**
 * A Linux device as a port: a TAP of ours, or an existing interface through AF_PACKET or libpcap. The three differ in how they are opened;
 * whoever cannot take offloaded frames (libpcap) is wrapped in a Segmenting sink by the Worker.
 *
 * Complication 1: the kernel loses what it is given for a device without carrier and says nothing, so the carrier is looked at and such
 *   frames are dropped here. The look is at most a second old.
 * Complication 2: frames that the kernel dropped before we could fetch them came to this port all the same. `look` books them as received
 *   and dropped, so that the sum of all counters says what came over the wire.
 * Complication 3: a device may vanish, and come back under the same name. A port without one drops with a Reason until `open` succeeds.
 *
 * Writer: the Worker that opened it; a handle belongs to its thread.
 */
import { Outcome, Status } from '../../native-bindings/native.js';
import type { Native } from '../../native-bindings/native.js';
import type { Frames } from '../frame/frames.js';
import type { Counters } from '../observe/counters.js';
import { Reason } from '../observe/reason.js';
import type { Receiver, Sink } from './port.js';

/** `gone`: there is no device to open at present. */
export type DeviceState = 'up' | 'down' | 'gone';

/** Opens the device for frames whose serials follow this one, and gives its handle. @throws NativeError */
export type Opening = (serial: number) => number;

/** Why the kernel did not take a frame, by Outcome. */
const REASONS = new Uint8Array(8).fill(Reason.DeviceRefused);
REASONS[Outcome.Sent] = Reason.Ok;
REASONS[Outcome.QueueFull] = Reason.DeviceQueueFull;
REASONS[Outcome.TooLong] = Reason.PortMtuExceeded;
REASONS[Outcome.Down] = Reason.DeviceDown;
REASONS[Outcome.Gone] = Reason.DeviceGone;
REASONS[Outcome.Invalid] = Reason.DeviceRefused;

const CLOSED = -1;

/** What a device is part of. */
export interface DeviceSurroundings {
  readonly native: Native;
  readonly frames: Frames;
  readonly counters: Counters;
  /** The most frames in one `send`. */
  readonly most: number;
}

export class Device implements Receiver, Sink {
  readonly refusals: Uint8Array;

  /** Number by which `native.wait` names it; negative while there is no device. */
  handle = CLOSED;
  state: DeviceState = 'gone';

  private readonly native: Native;
  private readonly frames: Frames;
  private readonly counters: Counters;
  private readonly outcomes: Uint8Array;
  private readonly fitting: Int32Array;
  private readonly status = new Float64Array(Status.Count);
  /** Why nothing can be sent at present; Ok when it can. */
  private obstacle = Reason.DeviceGone;
  /** Bytes of the largest packet it takes. */
  private mtu = Infinity;
  private missed = 0;

  constructor(
    { native, frames, counters, most }: DeviceSurroundings,
    readonly port: number,
    /** Bytes of the largest packet that can come here. */
    private readonly packetMax: number,
    private readonly opening: Opening,
  ) {
    this.native = native;
    this.frames = frames;
    this.counters = counters;
    this.refusals = new Uint8Array(most);
    this.outcomes = new Uint8Array(most);
    this.fitting = new Int32Array(most);
  }

  /** @throws NativeError when the device cannot be opened */
  open(): void {
    // Every frame that was received counted one, so the next serial has never been given.
    this.handle = this.opening(this.counters.framesIn[this.port]);
    this.missed = 0;
    this.look();
  }

  close(): void {
    if (this.handle >= 0) this.native.close(this.handle);
    this.handle = CLOSED;
    this.state = 'gone';
    this.obstacle = Reason.DeviceGone;
  }

  receive(into: Int32Array, most: number): number {
    const { frames } = this;
    let claimed = 0;
    for (; claimed < most; claimed++) {
      const frame = frames.claim();
      if (frame < 0) break;
      into[claimed] = frame;
    }
    const got = this.handle < 0 ? 0 : this.native.receive(this.handle, into, claimed);
    const count = got < 0 ? 0 : got;
    for (let i = claimed - 1; i >= count; i--) frames.release(into[i]);
    if (got < 0) this.close();
    return count;
  }

  send(from: Int32Array, at: number, count: number): number {
    if (this.obstacle !== Reason.Ok) {
      this.refusals.fill(this.obstacle, 0, count);
      return count;
    }
    if (this.mtu < this.packetMax) return this.sendFitting(from, at, count);
    const lost = this.native.send(this.handle, from, at, count, this.refusals);
    if (lost > 0) for (let i = 0; i < count; i++) this.refusals[i] = REASONS[this.refusals[i]];
    return lost;
  }

  /** Sees what became of the device, and books what the kernel has dropped since the last look. */
  look(): void {
    if (this.handle < 0) return;
    const { status } = this;
    this.native.status(this.handle, status);
    if (status[Status.Present] === 0) {
      this.close();
      return;
    }
    this.mtu = status[Status.Mtu];
    const isUp = status[Status.Up] === 1;
    const hears = status[Status.Carrier] === 1;
    this.state = isUp && hears ? 'up' : 'down';
    // Of a device that is down the kernel itself says so, and it may come up before the next look.
    this.obstacle = isUp && !hears ? Reason.NoCarrier : Reason.Ok;
    const missed = status[Status.Missed] - this.missed;
    if (missed <= 0) return;
    this.missed += missed;
    this.counters.framesIn[this.port] += missed;
    this.counters.dropped[this.port * Reason.Count + Reason.KernelQueueFull] += missed;
  }

  /** As `send`, without the packets that are longer than the MTU of the device. */
  private sendFitting(from: Int32Array, at: number, count: number): number {
    const { refusals, outcomes, fitting, mtu } = this;
    const { packetLength } = this.frames;
    let fit = 0;
    for (let i = 0; i < count; i++) {
      const fits = packetLength[from[at + i]] <= mtu;
      refusals[i] = fits ? Reason.Ok : Reason.PortMtuExceeded;
      if (fits) fitting[fit++] = from[at + i];
    }
    const lost = fit === 0 ? 0 : this.native.send(this.handle, fitting, 0, fit, outcomes);
    if (lost > 0)
      for (let i = 0, next = 0; i < count; i++)
        if (refusals[i] === Reason.Ok) refusals[i] = REASONS[outcomes[next++]];
    return count - fit + lost;
  }
}
