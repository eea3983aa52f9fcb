/**
 * The blocks of a pcapng while it is being written: whole ones only, so that what was passed on is a complete file whenever it stops.
 */
import { Block } from '../../dataplane/port/file/pcapng.js';

/** Type and size, which every block begins with. */
const HEAD = 8;

/** Cuts what comes in pieces into blocks. The pcapng is our own: little endian, its lengths are right. */
export class Blocks {
  /** Frames in the blocks taken so far. */
  frames = 0;
  private rest: Buffer = Buffer.alloc(0);

  /** @param most frames after which no more are taken, though other blocks are */
  constructor(private readonly most: number) {}

  get full(): boolean {
    return this.frames >= this.most;
  }

  /** The whole blocks that `piece` completes, as one piece. */
  take(piece: Buffer): Buffer {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const kept: Buffer[] = [];
    let from = 0;
    let end = 0;
    while (bytes.length - end >= HEAD) {
      const size = bytes.readUInt32LE(end + 4);
      if (bytes.length - end < size) break;
      const takes = this.takes(bytes.subarray(end, end + size));
      if (!takes) kept.push(bytes.subarray(from, end));
      end += size;
      if (!takes) from = end;
    }
    this.rest = bytes.subarray(end);
    kept.push(bytes.subarray(from, end));
    return kept.length === 1 ? bytes.subarray(from, end) : Buffer.concat(kept);
  }

  private takes(block: Buffer): boolean {
    if (block.readUInt32LE(0) !== Block.EnhancedPacket) return true;
    if (this.full) return false;
    this.frames++;
    return true;
  }
}
