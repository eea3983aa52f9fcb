/**
 * A port with recordings beside it: what comes in and what was taken by the device is shown to each of them, as it stands on a wire.
 * A frame is recorded after it was sent, so that the device still gets it whole, as it came.
 */
import type { Frames } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Direction } from './file/blocks.js';
import type { Receiver, Sink } from './port.js';
import type { Recording } from './recording.js';
import { Segmenting } from './segmenting.js';

export class Recorded implements Receiver, Sink {
  private readonly recordings: Recording[] = [];
  private readonly wires: Segmenting[] = [];
  private readonly taken: Int32Array;

  /** @param most the most frames in one burst */
  constructor(
    private readonly frames: Frames,
    readonly receiver: Receiver,
    readonly sink: Sink,
    private readonly most: number,
  ) {
    this.taken = new Int32Array(most);
  }

  get refusals(): Uint8Array {
    return this.sink.refusals;
  }

  /** How many recordings there are. */
  get count(): number {
    return this.recordings.length;
  }

  add(recording: Recording): void {
    this.recordings.push(recording);
    this.wires.push(new Segmenting(this.frames, recording, this.most));
  }

  remove(recording: Recording): void {
    const place = this.recordings.indexOf(recording);
    if (place < 0) return;
    this.recordings.splice(place, 1);
    this.wires.splice(place, 1);
  }

  receive(into: Int32Array, most: number): number {
    const count = this.receiver.receive(into, most);
    this.record(into, 0, count, Direction.Inbound);
    return count;
  }

  send(from: Int32Array, at: number, count: number): number {
    const refused = this.sink.send(from, at, count);
    if (refused === 0) {
      this.record(from, at, count, Direction.Outbound);
      return 0;
    }
    const { refusals } = this.sink;
    let sent = 0;
    for (let i = 0; i < count; i++)
      if (refusals[i] === Reason.Ok) this.taken[sent++] = from[at + i];
    this.record(this.taken, 0, sent, Direction.Outbound);
    return refused;
  }

  private record(from: Int32Array, at: number, count: number, direction: Direction): void {
    for (let i = 0; i < this.wires.length; i++) {
      this.recordings[i].direction = direction;
      this.wires[i].send(from, at, count);
    }
  }
}
