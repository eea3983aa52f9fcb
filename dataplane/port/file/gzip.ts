import { once } from 'node:events';
import { createGunzip } from 'node:zlib';

import type { ByteSource } from './source.js';

/**
 * The decompressed bytes of a gzip stream (RFC 1952), members joined, with bounded memory.
 *
 * Two halves work towards each other through Node's Gunzip: `pump` feeds it compressed pieces and stops when it is full, `read` takes
 * what has been decompressed. The pump waits until the last piece is through before it says that there are no more: only so does the
 * output of a stream that was cut arrive in full before the error that says so.
 *
 * What is wrong inside the stream is not thrown but told by `damage`, since all that came before it is good. A stream that is corrupt
 * (rather than cut) may lose up to 16 KiB of good output before the fault, because zlib gives its output in such pieces.
 */
export class GzipSource implements ByteSource {
  readonly size: number;
  damage: string | undefined;

  private readonly gunzip = createGunzip({ chunkSize: OUTPUT_PIECE });
  private left: Uint8Array = new Uint8Array(0);
  private pumping: Promise<void> | undefined;
  private readFailure: Error | undefined;
  private over = false;

  /** @param inner the compressed bytes; closed together with this */
  constructor(private readonly inner: ByteSource) {
    this.size = inner.size;
    this.gunzip.on('error', (cause: NodeJS.ErrnoException) => {
      this.damage ??=
        cause.code === 'Z_BUF_ERROR'
          ? 'the gzip stream is cut before its end'
          : `the gzip stream is corrupt (${cause.message})`;
    });
    this.gunzip.once('close', () => (this.over = true));
    this.gunzip.once('end', () => (this.over = true));
  }

  get path(): string {
    return this.inner.path;
  }

  get position(): number {
    return this.inner.position;
  }

  get remaining(): number {
    return Infinity;
  }

  async read(into: Uint8Array, at: number, length: number): Promise<number> {
    this.pumping ??= this.pump();
    let filled = 0;
    while (filled < length) {
      if (this.left.length === 0) {
        const piece = await this.piece();
        if (piece === undefined) break;
        this.left = piece;
      }
      const part = this.left.subarray(0, length - filled);
      into.set(part, at + filled);
      this.left = this.left.subarray(part.length);
      filled += part.length;
    }
    if (filled === 0 && this.readFailure !== undefined) throw this.readFailure;
    return filled;
  }

  async close(): Promise<void> {
    this.gunzip.destroy();
    await this.pumping;
    await this.inner.close();
  }

  /** The next decompressed piece; undefined at the end, whatever made it. */
  private async piece(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = this.gunzip.read() as Buffer | null;
      if (piece !== null) return piece;
      if (this.over) return undefined;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          for (const event of wakers) this.gunzip.off(event, wake);
          resolve();
        };
        for (const event of wakers) this.gunzip.on(event, wake);
      });
    }
  }

  private async pump(): Promise<void> {
    try {
      for (;;) {
        const piece = new Uint8Array(INPUT_PIECE);
        const got = await this.inner.read(piece, 0, INPUT_PIECE);
        if (got === 0 || this.gunzip.destroyed) break;
        await this.feed(piece.subarray(0, got));
      }
      this.gunzip.end();
    } catch (cause) {
      this.readFailure = cause instanceof Error ? cause : new Error(String(cause));
      this.gunzip.destroy();
    }
  }

  /** Resolves when the piece has gone through, or when nothing goes through any more. */
  private async feed(piece: Uint8Array): Promise<void> {
    const through = new Promise<void>((resolve) => {
      this.gunzip.write(piece, () => {
        resolve();
      });
    });
    await Promise.race([through, this.closed]);
  }

  private readonly closed = once(this.gunzip, 'close').then(
    () => undefined,
    () => undefined,
  );
}

const INPUT_PIECE = 64 * 1024;
const OUTPUT_PIECE = 16 * 1024;
const wakers = ['readable', 'end', 'close'] as const;
