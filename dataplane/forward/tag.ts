/**
 * VLAN tags put on, taken off and changed by moving the short end: the twelve bytes of addresses move, the payload stays where it is
 * (IEEE 802.1Q §6.9, §9).
 *
 * There is always room for one more: on its way a frame gets at most one tag from a tunnel port and one from a VLAN at each end of a wire, and
 * HEADROOM holds 28 besides what native code puts there.
 *
 * Never: one of these on a frame that somebody else holds, too (`own` in plane.ts makes it the caller's own).
 */
import type { Frame, Frames } from '../frame/frames.js';
import { Vlan } from '../wire/vlan.js';

export interface Tags {
  /** Puts a tag on. */
  readonly push: (frame: Frame, protocol: number, control: number) => void;
  /** Takes the outermost tag off, which must be there. */
  readonly pop: (frame: Frame) => void;
  /** Changes the outermost tag, which must be there. */
  readonly change: (frame: Frame, protocol: number, control: number) => void;
}

export function tagsOf(frames: Frames): Tags {
  const { start, length, wireLength, checksumStart, view } = frames;

  /** Moves both addresses; what the network card is told of a checksum counts from the start of the frame. */
  function move(frame: Frame, by: number): void {
    const from = start[frame];
    const to = from + by;
    const first = view.getUint32(from);
    const second = view.getUint32(from + 4);
    const third = view.getUint32(from + 8);
    view.setUint32(to, first);
    view.setUint32(to + 4, second);
    view.setUint32(to + 8, third);
    start[frame] = to;
    length[frame] -= by;
    wireLength[frame] -= by;
    checksumStart[frame] -= by;
  }

  const change = (frame: Frame, protocol: number, control: number): void => {
    view.setUint16(start[frame] + 12, protocol);
    view.setUint16(start[frame] + 14, control);
  };

  return {
    push: (frame, protocol, control) => {
      move(frame, -Vlan.TagLength);
      change(frame, protocol, control);
    },
    pop: (frame) => {
      move(frame, Vlan.TagLength);
    },
    change,
  };
}
