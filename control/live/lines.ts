/**
 * Lines out of a stream of bytes, of bounded length: whoever sends a line without an end must not fill our memory.
 */
import type { Socket } from 'node:net';

const NEWLINE = 0x0a;

/** A line was longer than allowed, or is not UTF-8. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** Cuts what comes in pieces into lines. */
export class Lines {
  private pieces: Buffer[] = [];
  private pending = 0;
  private readonly text = new TextDecoder('utf-8', { fatal: true });

  /** @param most bytes a line may have, its newline not counted; Infinity trusts the sender */
  constructor(private readonly most: number) {}

  /**
   * The lines that `piece` completes, without their newlines.
   * @throws LineError when a line is too long or not UTF-8; nothing more can be read from that sender then
   */
  *take(piece: Buffer): Generator<string> {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      this.keep(piece.subarray(from, end));
      from = end + 1;
      yield this.line();
    }
    this.keep(piece.subarray(from));
  }

  private keep(part: Buffer): void {
    this.pending += part.length;
    if (this.pending > this.most) throw new LineError(`a line is longer than ${this.most} bytes`);
    if (part.length > 0) this.pieces.push(part);
  }

  private line(): string {
    const whole = Buffer.concat(this.pieces);
    this.pieces = [];
    this.pending = 0;
    try {
      return this.text.decode(whole);
    } catch {
      throw new LineError('a line is not UTF-8');
    }
  }
}

/** Sends one object as a line. */
export function sendLine(socket: Socket, what: object): void {
  socket.write(`${JSON.stringify(what)}\n`);
}
