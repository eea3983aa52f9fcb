/**
 * Waiting: frames that wait, row by row, for what will decide about all of a row; and those that were given up, until somebody drops them.
 *
 * At most WAITING_MAX wait, and SHARE_WAITING of one share (whoever is told apart by the owner). Places are few and lie in Lists, so that a row costs
 * nothing while nothing waits for it. There are SHARE_WAITING places more than frames that may wait: as many as are given up to make room for one.
 *
 * Writer: the table that is built of it.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Lists } from './lists.js';

/** Frames that wait for all rows together. */
export const WAITING_MAX = 64;
/** Frames that wait for the rows of one share. */
export const SHARE_WAITING = WAITING_MAX / 4;

const NOBODY = -1;
const PLACES = WAITING_MAX + SHARE_WAITING;
const FREE = 0;
const GONE = 1;
const FIRST_ROW = 2;

export class Waiting {
  /** Why the frame that `takeGone` gave last was given up. */
  goneFor = Reason.Ok;
  private readonly places: Lists;
  private readonly frames = new Int32Array(PLACES);
  private readonly reasons = new Uint16Array(PLACES);
  private total = 0;
  private readonly totals: Uint8Array;

  constructor(rows: number, shares: number) {
    this.places = new Lists(PLACES, FIRST_ROW + rows);
    this.totals = new Uint8Array(shares);
  }

  get isFull(): boolean {
    return this.total === WAITING_MAX;
  }

  isShareFull(share: number): boolean {
    return this.totals[share] === SHARE_WAITING;
  }

  /** Lets a frame wait, where neither everything nor its share is full. False where those given up have not been taken. */
  hold(row: number, share: number, frame: Frame): boolean {
    const place = this.places.first(FREE);
    if (place < 0) return false;
    this.frames[place] = frame;
    this.places.move(place, FIRST_ROW + row);
    this.total++;
    this.totals[share]++;
    return true;
  }

  /** The frame that waited longest for a row, which it does no more; -1 when there is none. */
  take(row: number, share: number): Frame {
    const place = this.places.first(FIRST_ROW + row);
    return place < 0 ? NOBODY : this.leave(place, share, FREE);
  }

  /** Nothing waits for a row any more: all of it is gone. */
  giveUp(row: number, share: number, reason: Reason): void {
    const { places } = this;
    const list = FIRST_ROW + row;
    for (let place = places.first(list); place >= 0; place = places.first(list)) {
      this.reasons[place] = reason;
      this.leave(place, share, GONE);
    }
  }

  /** The frame that was given up first; -1 when there is none. */
  takeGone(): Frame {
    const place = this.places.first(GONE);
    if (place < 0) return NOBODY;
    this.places.move(place, FREE);
    this.goneFor = this.reasons[place];
    return this.frames[place];
  }

  private leave(place: number, share: number, list: number): Frame {
    this.places.move(place, list);
    this.total--;
    this.totals[share]--;
    return this.frames[place];
  }
}
