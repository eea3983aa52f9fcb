/**
 * Two hosts that talk past a tracker: who opens, who answers, and what the tracker makes of it.
 *
 * What is not said of a TCP segment is as it should be: it goes on where its side was, and acknowledges all that the other side has sent.
 */
import { Direction, type Mark } from '../../dataplane/state/connections.js';
import { connectionOf, Conntrack } from '../../dataplane/state/conntrack.js';
import type { TcpState } from '../../dataplane/state/conntrack-timeouts.js';
import { linuxTimeouts } from '../../dataplane/state/conntrack-timeouts.js';
import { Interned } from '../../dataplane/state/interned.js';
import { Verdict } from '../../dataplane/state/tcp-tracker.js';
import { Tracker } from '../../dataplane/state/tracker.js';
import { keyOf, Protocol, replyPorts } from '../../dataplane/state/tuple.js';

const OPENER = 0x0a00_0001;
const ANSWERER = 0x0a00_0002;

/** The control bits of a header by their initials: F, S, R, P, A, U, from the lowest. */
export function controlBits(names: string): number {
  return Array.from(names).reduce((bits, name) => bits | (1 << 'FSRPAU'.indexOf(name)), 0);
}

export interface Segment {
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  readonly payload?: number;
  readonly scale?: number;
}

export interface Settings {
  readonly timeouts?: Float64Array;
  readonly loose?: boolean;
  readonly liberal?: boolean;
  readonly ports?: number;
  /** The first sequence numbers of the opener and the answerer. */
  readonly first?: readonly [opener: number, answerer: number];
}

export class Conversation {
  readonly table = new Conntrack(4, 1, new Interned(1, 1));
  readonly timeouts: Float64Array;
  tick = 5e9;
  /** Of the last packet. */
  verdict = Verdict.Accept;
  /** How often a packet began a connection anew. */
  restarts = 0;
  /** The next sequence number of each side. */
  readonly next: [opener: number, answerer: number];
  private readonly tracker: Tracker;
  private readonly key: number;
  private readonly ports: number;
  private last: () => void = () => undefined;

  constructor(
    private readonly protocol: number = Protocol.Tcp,
    settings: Settings = {},
  ) {
    this.timeouts = settings.timeouts ?? linuxTimeouts();
    this.tracker = new Tracker(this.table, this.timeouts, settings.loose, settings.liberal);
    this.key = keyOf(0, protocol, false);
    this.ports = settings.ports ?? 0x1000_0050;
    this.next = [...(settings.first ?? [1000, 5000])];
  }

  /** The opener sends a packet; of TCP, with these control bits. */
  opens(flags = '', segment: Segment = {}): this {
    return this.send(Direction.Original, flags, segment);
  }

  /** The answerer sends a packet. */
  answers(flags = '', segment: Segment = {}): this {
    return this.send(Direction.Reply, flags, segment);
  }

  /** The last packet comes again, so many times. */
  again(times: number): this {
    for (let i = 0; i < times; i++) this.last();
    return this;
  }

  waits(seconds: number): this {
    this.tick += seconds * 1e9;
    return this;
  }

  /** Its connection, or -1. */
  get connection(): number {
    return connectionOf(this.table.find(this.tick, this.key, OPENER, ANSWERER, this.ports));
  }

  get isFound(): boolean {
    return this.connection >= 0;
  }

  get state(): TcpState {
    return this.table.stateOf(this.connection);
  }

  /** How many seconds it has left. */
  get left(): number {
    return (this.table.expiryOf(this.connection) - this.tick) / 1e9;
  }

  has(mark: Mark): boolean {
    return this.table.has(this.connection, mark);
  }

  private send(direction: Direction, names: string, segment: Segment): this {
    const flags = controlBits(names);
    const payload = segment.payload ?? 0;
    const length = payload + (names.includes('S') ? 1 : 0) + (names.includes('F') ? 1 : 0);
    const sequence = segment.sequence ?? this.next[direction];
    const other = direction === Direction.Original ? this.next[1] : this.next[0];
    const acknowledgment = segment.acknowledgment ?? (names.includes('A') ? other : 0);
    if (segment.sequence === undefined) this.next[direction] = (sequence + length) >>> 0;
    this.last = () => {
      this.verdict = this.follow(
        direction,
        flags,
        sequence >>> 0,
        acknowledgment >>> 0,
        segment.window ?? 10_000,
        payload,
        segment.scale ?? -1,
      );
    };
    this.last();
    return this;
  }

  /** As a host does it. */
  private follow(direction: Direction, flags: number, ...segment: SegmentWords): Verdict {
    const { table, tracker, tick, key } = this;
    const answer = replyPorts(this.protocol, this.ports);
    const side =
      direction === Direction.Original
        ? table.find(tick, key, OPENER, ANSWERER, this.ports)
        : table.find(tick, key, ANSWERER, OPENER, answer);
    if (side >= 0) {
      const verdict = tracker.track(side, tick, flags, ...segment);
      if (verdict !== Verdict.Restart) return verdict;
      this.restarts++;
      table.remove(connectionOf(side));
    }
    const ports = direction === Direction.Original ? this.ports : answer;
    if (!tracker.begins(this.protocol, ports, flags)) return Verdict.Invalid;
    const connection =
      direction === Direction.Original
        ? table.add(tick, key, OPENER, ANSWERER, this.ports, ANSWERER, OPENER, answer)
        : table.add(tick, key, ANSWERER, OPENER, answer, OPENER, ANSWERER, this.ports);
    return tracker.track(connection << 1, tick, flags, ...segment);
  }
}

type SegmentWords = [
  sequence: number,
  acknowledgment: number,
  window: number,
  payload: number,
  scale: number,
];
