/** A router that treats fragments as the table says, and notes what becomes of every frame. */
import { Reason } from '../../dataplane/observe/reason.js';
import { Fragments, FragmentVerdict } from '../../dataplane/state/fragments.js';

export const TARGET = words(0xc633_6401);
export const UDP = 17;

export interface Datagram {
  readonly family: 4 | 6;
  readonly source: number;
  readonly protocol: number;
  readonly identification: number;
}

export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly more: boolean;
}

export function words(address: number): Int32Array {
  return Int32Array.of(0, 0, 0, address);
}

export function datagram(identification: number, more: Partial<Datagram> = {}): Datagram {
  return { family: 4, source: 0x0a00_0001, protocol: UDP, identification, ...more };
}

/** What a router reads in the first fragment: something that no other datagram of a test has. */
export function portsOf({ family, source, protocol, identification }: Datagram): number {
  return (identification ^ (source << 8) ^ (protocol << 22) ^ (family << 29)) | 0;
}

/** Does what the table says, as a router has to. Frames are numbered from 0. */
export class Router {
  readonly fragments = new Fragments();
  /** Frames that went on, in their order, and with which ports. */
  readonly sent: [frame: number, ports: number][] = [];
  readonly dropped: [frame: number, reason: Reason][] = [];
  /** What is done with a first fragment instead, if it is not to go on. */
  refuses = Reason.Ok;
  /** Called for every frame that goes on. */
  onSend = (): void => undefined;
  private frames = 0;

  /** Gives what `take` said. */
  hear(of: Datagram, { from, to, more }: Piece, tick = 0): number {
    const { fragments } = this;
    const { family, source, protocol, identification } = of;
    const frame = this.frames++;
    const verdict = fragments.take(frame, tick, family, words(source), TARGET, family === 4 ? protocol : 0, identification, from, to - from, more); // prettier-ignore
    this.bury();
    if (verdict < 0) this.dropped.push([frame, -verdict]);
    else if (verdict === FragmentVerdict.First) this.begin(frame, of, fragments.row);
    else if (verdict === FragmentVerdict.Known) this.send(frame, fragments.row);
    else if (verdict === FragmentVerdict.Whole) this.sent.push([frame, portsOf(of)]);
    return verdict;
  }

  expire(tick: number): void {
    this.fragments.expire(tick);
    this.bury();
  }

  get sentFrames(): number[] {
    return this.sent.map(([frame]) => frame);
  }

  /** Frames that are neither sent nor dropped. */
  get held(): number {
    return this.frames - this.sent.length - this.dropped.length;
  }

  private begin(first: number, of: Datagram, row: number): void {
    const { fragments } = this;
    if (this.refuses !== Reason.Ok) {
      fragments.refuse(row, this.refuses);
      this.dropped.push([first, this.refuses]);
      this.bury();
      return;
    }
    fragments.settle(row, portsOf(of), of.protocol, first);
    this.send(first, row);
    for (let frame = fragments.takeWaiting(row); frame >= 0; frame = fragments.takeWaiting(row))
      this.send(frame, row);
  }

  private send(frame: number, row: number): void {
    this.sent.push([frame, this.fragments.ports[row] ?? NaN]);
    this.onSend();
  }

  private bury(): void {
    const { fragments } = this;
    for (let frame = fragments.takeGone(); frame >= 0; frame = fragments.takeGone())
      this.dropped.push([frame, fragments.goneFor]);
  }
}

/** Pieces of `size` bytes of a datagram of `count` of them. */
export function pieces(count: number, size = 8): Piece[] {
  return Array.from({ length: count }, (_, i) => ({
    from: i * size,
    to: (i + 1) * size,
    more: i < count - 1,
  }));
}

export const piece = (from: number, to: number, more = true): Piece => ({ from, to, more });
export const FIRST = piece(0, 8);
export const LATER = piece(8, 16);
export const Whole = FragmentVerdict.Whole;
export const First = FragmentVerdict.First;
export const Known = FragmentVerdict.Known;
export const Held = FragmentVerdict.Held;
