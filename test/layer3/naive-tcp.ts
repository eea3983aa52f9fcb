/**
 * A TCP connection as somebody in the middle sees it, on paper: which state is it in, and how long does it live? As much of TCP as honest hosts make
 * of it: no segment is out of its window, none comes four times, and no SYN comes to a connection that is still alive, but for one that was
 * closed properly.
 */
import assert from 'node:assert/strict';
import type { Packet } from './packets.js';

/** The opener of a connection sends in direction 0. */
export type Direction = 0 | 1;

/** From the state in which a packet comes to the next; x: it is invalid, -: it passes, restart: another connection begins, ?: nobody sends this here. */
const steps = `
                none SS  SR  ES  FW  CW  LA  TW       CL
opener:   SYN   SS   SS  -   -   -   -   -   restart  ?
opener:   SYN+  x    x   -   -   -   -   -   -        -
opener:   FIN   x    x   FW  FW  LA  LA  LA  TW       CL
opener:   ACK   ES   x   ES  ES  CW  CW  TW  TW       CL
opener:   RST   x    CL  CL  CL  CL  CL  CL  CL       CL
answerer: SYN   ?    ?   ?   ?   ?   ?   ?   ?        ?
answerer: SYN+  ?    SR  -   -   -   -   -   -        -
answerer: FIN   ?    x   FW  FW  LA  LA  LA  TW       CL
answerer: ACK   ?    -   SR  ES  CW  CW  TW  TW       CL
answerer: RST   ?    CL  CL  CL  CL  CL  CL  CL       CL`;

/** How long a connection lives after its last packet, in seconds; */
const lives = { SS: 120, SR: 60, ES: 432_000, FW: 120, CW: 60, LA: 30, TW: 120, CL: 10 };
/** no longer than this where it hangs: something has not been acknowledged, only one side has been heard, or neither is understood. */
const HANGING = 300;

const [header = [], ...rows] = steps
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const table = new Map<string, string>(
  rows.flatMap(([who = '', kind = '', ...cells]) =>
    cells.map((cell, i) => [`${who} ${kind} ${header[i] ?? ''}`, cell] as const),
  ),
);

/** What a segment is by its bits; none where they make no sense together. */
export function kindOf({ segment = '' }: Packet): string {
  const bits = parseInt(segment.slice(18, 20), 16);
  const [fin, syn, rst, ack] = [1, 2, 4, 16].map((bit) => (bits & bit) !== 0);
  const isOne = [fin, syn, rst].filter(Boolean).length <= 1;
  if (!isOne) return 'none';
  if (syn) return ack ? 'SYN+' : 'SYN';
  if (rst) return 'RST';
  if (!ack) return 'none';
  return fin ? 'FIN' : 'ACK';
}

/** The sequence number behind a segment: of SYN and FIN each takes one, and so does each byte. */
function endOf(packet: Packet): number {
  const { segment = '', data } = packet;
  const bytes = data.length / 2 - URGENT_BYTES;
  const signs = ['SYN', 'SYN+', 'FIN'].includes(kindOf(packet)) ? 1 : 0;
  return (parseInt(segment.slice(0, 8), 16) + bytes + signs) | 0;
}

const URGENT_BYTES = 2;

export class NaiveTcp {
  private state = 'none';
  /** Where each side ends, and whether the last of it has not been acknowledged. */
  private readonly ends: [number | undefined, number | undefined] = [undefined, undefined];
  private readonly hangs: [boolean, boolean] = [false, false];
  /** There was an ACK from which something was learned. */
  private isUnderstood = false;

  /** A segment comes. Gives what is in the table, and how many seconds the connection lives now where that has changed. */
  follow(
    from: Direction,
    packet: Packet,
    isAnswered: boolean,
  ): { readonly verdict: string; readonly seconds?: number } {
    const kind = kindOf(packet);
    const was = this.state;
    const said = `${from === 0 ? 'opener:' : 'answerer:'} ${kind} ${was}`;
    const verdict = table.get(said) ?? 'x';
    assert.notEqual(verdict, '?', said);
    const life = lives[verdict as keyof typeof lives] as number | undefined;
    if (life === undefined) return { verdict };
    this.state = verdict;
    this.count(from, packet);
    // A SYN that comes again keeps nothing alive; a connection that is refused is over at once.
    if (!isAnswered && kind === 'SYN' && was === 'SS') return { verdict };
    if (!isAnswered && kind === 'RST') return { verdict, seconds: 0 };
    const isHanging = !isAnswered || !this.isUnderstood || this.hangs.includes(true);
    return { verdict, seconds: isHanging ? Math.min(life, HANGING) : life };
  }

  /**
   * What has been sent, and is it acknowledged? Where nobody saw the beginning, a segment may acknowledge what was not seen to be sent; of such a one
   * nothing is learned.
   */
  private count(from: Direction, packet: Packet): void {
    const to = from === 0 ? 1 : 0;
    const end = endOf(packet);
    const was = (this.ends[from] ??= end);
    const theirs = this.ends[to];
    const acknowledgment = parseInt(packet.segment?.slice(8, 16) ?? '', 16) | 0;
    const acknowledges = kindOf(packet) !== 'SYN';
    if (acknowledges && (theirs === undefined || isAfter(acknowledgment, theirs))) return;
    if (isAfter(end, was)) {
      this.ends[from] = end;
      this.hangs[from] = true;
    }
    if (acknowledges && acknowledgment === theirs) this.hangs[to] = false;
    if (kindOf(packet) === 'ACK') this.isUnderstood = true;
  }
}

/** Sequence numbers go round. */
function isAfter(one: number, other: number): boolean {
  return ((other - one) | 0) < 0;
}
