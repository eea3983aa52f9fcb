import type { FrameRecord } from './record.js';
import type { Window } from './window.js';

/**
 * One file format. A decoder looks only at bytes in the window and never throws for what they contain.
 */
export interface Decoder {
  /**
   * What is wrong with the record that `Window.at` stands at, a clause; undefined while nothing is. Once set, `next` gives false for
   * good.
   */
  readonly damage: string | undefined;
  /** True if the damage is a link type that cannot be read: the file is sound, but not for us. */
  readonly refused: boolean;
  /**
   * Moves past the next frame and describes it in `frame`. False: the record is incomplete (`Window.needed` says how many bytes it
   * has) or damaged; the window has not moved past it.
   */
  next(window: Window, frame: FrameRecord): boolean;
}
