/**
 * The blocks of a pcapng while it is being written: whole ones only, so that what was passed on is a complete file whenever it stops.
 */
import { Block } from '../../dataplane/port/file/pcapng.js';

const HEAD = 8;
const INTERFACE_STATISTICS = 5;
/** In an Interface Statistics Block, where options begin, and the one that counts what the recorder had no room for. */
const STATISTICS_OPTIONS = 20;
const OPTION_IFDROP = 5;

/** Cuts what comes in pieces into blocks, up to a number of frames. The pcapng is our own: little endian, its lengths are right. */
export class Blocks {
  /** Frames in the blocks taken so far. */
  frames = 0;
  /** Frames that the recorder left out because nobody read fast enough; undefined until it says so, at its end. */
  leftOut: number | undefined;
  private rest: Buffer = Buffer.alloc(0);

  /** @param most frames after which nothing more is taken */
  constructor(private readonly most: number) {}

  get full(): boolean {
    return this.frames >= this.most;
  }

  /** The whole blocks that `piece` completes, as one piece. */
  take(piece: Buffer): Buffer {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let end = 0;
    while (!this.full && bytes.length - end >= HEAD) {
      const size = bytes.readUInt32LE(end + 4);
      if (bytes.length - end < size) break;
      const type = bytes.readUInt32LE(end);
      if (type === Block.EnhancedPacket) this.frames++;
      if (type === INTERFACE_STATISTICS) this.leftOut = droppedIn(bytes.subarray(end, end + size));
      end += size;
    }
    this.rest = bytes.subarray(end);
    return bytes.subarray(0, end);
  }
}

function droppedIn(block: Buffer): number | undefined {
  for (let at = STATISTICS_OPTIONS; at + 4 < block.length - 4;) {
    const length = block.readUInt16LE(at + 2);
    if (block.readUInt16LE(at) === OPTION_IFDROP && length === 8)
      return Number(block.readBigUInt64LE(at + 4));
    at += 4 + ((length + 3) & ~3);
  }
  return undefined;
}
