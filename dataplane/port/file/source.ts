import { open, type FileHandle } from 'node:fs/promises';

import { CaptureError } from './error.js';

/**
 * Where the bytes of a capture come from. One reader per source; reads never overlap. A source knows nothing about captures.
 */
export interface ByteSource {
  /** The file as the user named it; for messages only. */
  readonly path: string;
  /** Bytes taken so far from what is stored (for gzip: compressed bytes), to compare with `size`. */
  readonly position: number;
  /** Bytes stored, as known at opening; 0 where that cannot be known (a pipe). */
  readonly size: number;
  /** How many bytes may still come at most, as far as is known; Infinity if it is not. */
  readonly remaining: number;
  /** After `read` gave 0: why the bytes end too early, where the source itself can tell (a gzip stream); a clause. */
  readonly damage: string | undefined;
  /**
   * Puts up to `length` bytes into `into` from `at` on and gives their number; 0 is the end and stays the end.
   * @throws CaptureError when the system cannot read
   */
  read(into: Uint8Array, at: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** A file, or anything that can be read like one from start to end. */
export class FileSource implements ByteSource {
  position = 0;
  readonly damage = undefined;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly size: number,
  ) {}

  /** @throws CaptureError for a file that is missing, a directory, or not readable */
  static async open(path: string): Promise<FileSource> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const facts = await handle.stat();
      if (facts.isDirectory()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
      return new FileSource(path, handle, facts.isFile() ? facts.size : 0);
    } catch (cause) {
      await handle?.close();
      throw CaptureError.ofSystem(path, 0, 'open', cause);
    }
  }

  get remaining(): number {
    return this.size === 0 ? Infinity : Math.max(0, this.size - this.position);
  }

  async read(into: Uint8Array, at: number, length: number): Promise<number> {
    try {
      const { bytesRead } = await this.handle.read(into, at, length, null);
      this.position += bytesRead;
      return bytesRead;
    } catch (cause) {
      throw CaptureError.ofSystem(this.path, this.position, 'read', cause);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Bytes already in memory. They are copied, never changed. */
export class MemorySource implements ByteSource {
  position = 0;
  readonly damage = undefined;

  constructor(
    private readonly bytes: Uint8Array,
    readonly path = 'memory',
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  read(into: Uint8Array, at: number, length: number): Promise<number> {
    const given = Math.min(length, this.remaining);
    into.set(this.bytes.subarray(this.position, this.position + given), at);
    this.position += given;
    return Promise.resolve(given);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A source whose first bytes were looked at and are given again before the rest. */
export class LookedAtSource implements ByteSource {
  private given = 0;

  private constructor(
    private readonly inner: ByteSource,
    /** The first bytes, fewer than asked for only if there are no more. */
    readonly head: Uint8Array,
  ) {}

  /** Takes the first `length` bytes of `inner`, or all if it has fewer, for a look. */
  static async of(inner: ByteSource, length: number): Promise<LookedAtSource> {
    const head = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const got = await inner.read(head, filled, length - filled);
      if (got === 0) break;
      filled += got;
    }
    return new LookedAtSource(inner, head.slice(0, filled));
  }

  get path(): string {
    return this.inner.path;
  }

  get position(): number {
    return this.inner.position;
  }

  get size(): number {
    return this.inner.size;
  }

  get remaining(): number {
    return this.head.length - this.given + this.inner.remaining;
  }

  get damage(): string | undefined {
    return this.inner.damage;
  }

  read(into: Uint8Array, at: number, length: number): Promise<number> {
    if (this.given === this.head.length) return this.inner.read(into, at, length);
    const piece = this.head.subarray(this.given, this.given + length);
    into.set(piece, at);
    this.given += piece.length;
    return Promise.resolve(piece.length);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
