/**
 * A TCP conversation of two hosts, who know nothing of a NAT between them: each calls the other as it hears him called. It goes as it should, or stops in
 * the middle, for ever.
 */
import { answerTo, u16, u32, u8 } from './packets.js';
import type { Packet } from './packets.js';

type Side = 0 | 1;
type Ends = Pick<Packet, 'source' | 'destination' | 'port' | 'toPort'>;
type Random = (below: number) => number;

interface Line {
  readonly side: Side;
  readonly bits: number;
  readonly bytes?: number;
  /** The line before is said once more. */
  readonly again?: boolean;
}

const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16];
const WINDOW = 0xfaf0;
const BYTES_MAX = 20;
const FAR_FROM_0 = 2 ** 20;
/** Who is silent for so long may find his connection forgotten. */
const LATE_NS = 29e9;

const opening: readonly Line[] = [
  { side: 0, bits: SYN },
  { side: 1, bits: SYN | ACK },
  { side: 0, bits: ACK },
];

/** Data of one side after the other, each as often acknowledged by itself as not. */
function talk(random: Random): Line[] {
  return Array.from({ length: random(5) }, () => {
    const side = random(2) as Side;
    const data = { side, bits: ACK | PSH, bytes: 1 + random(BYTES_MAX) };
    const isAcknowledged = random(2) === 0;
    return [
      data,
      ...(random(8) === 0 ? [{ ...data, again: true }] : []),
      ...(isAcknowledged ? [{ side: other(side), bits: ACK }] : []),
    ];
  }).flat();
}

/** One side closes, the other does later, and may say something in between. */
function closing(random: Random): Line[] {
  const first = random(2) as Side;
  const second = other(first);
  return [
    { side: first, bits: FIN | ACK },
    ...(random(2) === 0 ? [{ side: second, bits: ACK }] : []),
    ...(random(3) === 0 ? [{ side: second, bits: ACK | PSH, bytes: 5 }] : []),
    { side: second, bits: FIN | ACK },
    { side: first, bits: ACK },
  ];
}

function scriptFor(random: Random): { lines: readonly Line[]; isProper: boolean } {
  const [syn, ...rest] = opening;
  const said =
    syn === undefined ? [] : [syn, ...(random(8) === 0 ? [{ ...syn, again: true }] : [])];
  if (random(10) === 0) return { lines: [...said, { side: 1, bits: RST | ACK }], isProper: false };
  const talked = [...said, ...rest, ...talk(random)];
  // Whose last words have been acknowledged can say exactly where he stands.
  const last = talked.at(-1)?.side ?? 0;
  if (random(5) === 0)
    return { lines: [...talked, { side: other(last), bits: RST | ACK }], isProper: false };
  const lines = [...talked, ...closing(random)];
  const isCut = random(8) === 0;
  return { lines: isCut ? lines.slice(0, random(lines.length)) : lines, isProper: !isCut };
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

export class Conversation {
  /** It is over, and was closed from both sides: the same hosts may have another one by the same ports. */
  isProper = false;
  private readonly lines: readonly Line[];
  private readonly endsProperly: boolean;
  private readonly views: [Ends, Ends?];
  private readonly next: [number, number];
  private at = 0;
  private isLost = false;
  private wasLate = false;
  private spokenAt: number | undefined;
  private last: Packet | undefined;

  /** @param isPatient whether the hosts go on after a silence so long that the router may have forgotten them, and given their ports to others */
  constructor(
    private readonly random: Random,
    readonly client: Ends,
    private readonly isPatient: boolean,
  ) {
    const { lines, isProper } = scriptFor(random);
    this.lines = lines;
    this.endsProperly = isProper;
    this.views = [client];
    this.next = [this.firstNumber(), this.firstNumber()];
  }

  isOver(tick: number): boolean {
    const isGivenUp = !this.isPatient && this.isLateAt(tick);
    return this.isLost || isGivenUp || this.at >= this.lines.length;
  }

  /** The next packet. */
  speak(tick: number): Packet {
    if (this.isLateAt(tick)) this.wasLate = true;
    this.spokenAt = tick;
    const { side, bits, bytes = 0, again = false } = this.lines[this.at] ?? { side: 0, bits: 0 };
    const packet = again && this.last ? this.last : this.say(side, bits, bytes);
    this.last = packet;
    return packet;
  }

  /** The packet that was spoken arrived so; or not at all. */
  hear(arrived: Packet | undefined): void {
    const side = other(this.lines[this.at]?.side ?? 0);
    this.at++;
    if (arrived === undefined) {
      this.isLost = true;
      return;
    }
    const { source, destination, port, toPort } = answerTo(arrived);
    const view = (this.views[side] ??= { source, destination, port, toPort });
    // Called by another name, he does not know that he is meant.
    this.isLost = view.port !== port || view.destination !== destination || view.toPort !== toPort;
    const isAtEnd = this.at === this.lines.length && this.endsProperly;
    this.isProper = isAtEnd && !this.isLost && !this.wasLate;
  }

  private isLateAt(tick: number): boolean {
    return this.spokenAt !== undefined && tick - this.spokenAt >= LATE_NS;
  }

  /** Some sequence numbers go round soon. The patient keep off 0, which is what the router takes for the number of who was not heard. */
  private firstNumber(): number {
    const { random } = this;
    if (this.isPatient) return FAR_FROM_0 + random(2 ** 32 - 2 * FAR_FROM_0);
    return random(4) === 0 ? 2 ** 32 - 1 - random(64) : random(2 ** 32);
  }

  private say(side: Side, bits: number, bytes: number): Packet {
    const view = this.views[side] ?? this.client;
    // Who refuses a SYN has no number of his own (RFC 9293 §3.10.7.1).
    const isRefusal = (bits & RST) !== 0 && this.at <= 2 && side === 1;
    const sequence = isRefusal ? 0 : this.next[side];
    const acknowledgment = (bits & ACK) === 0 ? 0 : this.next[other(side)];
    const taken = bytes + (bits & (SYN | FIN) ? 1 : 0);
    this.next[side] = (this.next[side] + taken) % 2 ** 32;
    return {
      ...view,
      protocol: 'tcp',
      hopLimit: 64,
      segment: `${u32(sequence)}${u32(acknowledgment)}50${u8(bits)}${u16(WINDOW)}`,
      data: `0000${Array.from({ length: bytes }, () => u8(this.random(256))).join('')}`,
    };
  }
}
