/**
 * Lines that are drawn anew in their place, below sentences that stay. On anything but a terminal only the sentences are printed.
 */
import type { WriteStream } from 'node:tty';

/** Where a terminal does not say how large it is: that of the VT100. */
const ROWS = 24;
const COLUMNS = 80;
const CLEAR_BELOW = '\x1b[J';

export class Screen {
  private drawn = 0;
  private lines: readonly string[] = [];

  constructor(private readonly out: WriteStream) {}

  /** How many lines can be drawn; 0 when this is no terminal. */
  get room(): number {
    return this.out.isTTY ? Math.max((this.out.rows || ROWS) - 2, 3) : 0;
  }

  /** Draws these lines in the place of those before. */
  draw(lines: readonly string[]): void {
    if (!this.out.isTTY) return;
    const width = this.out.columns || COLUMNS;
    this.lines = lines.map((line) => line.slice(0, width));
    this.out.write(this.erasing() + this.lines.map((line) => `${line}\n`).join(''));
    this.drawn = this.lines.length;
  }

  /** Prints a sentence that stays. */
  say(sentence: string): void {
    this.out.write(`${this.erasing()}${sentence}\n`);
    this.drawn = 0;
    if (this.lines.length > 0) this.draw(this.lines);
  }

  /** Takes the lines away for good. */
  clear(): void {
    this.out.write(this.erasing());
    this.drawn = 0;
    this.lines = [];
  }

  private erasing(): string {
    return this.drawn === 0 ? '' : `\x1b[${this.drawn}A\r${CLEAR_BELOW}`;
  }
}
