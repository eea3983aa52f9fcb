/**
 * Identifications of IPv4 packets whose source a host translates, in the profile rfc4787 (RFC 7857 §10; RFC 6864 §5.3.1).
 *
 * Whoever puts fragments together knows datagrams by addresses, protocol and identification. Two sources inside count by themselves, and behind one
 * address their fragments could be mixed; so what is or may be cut gets a number as if the host itself had sent it. An atomic datagram (DF, and
 * not cut) is never put together, and keeps what it has (RFC 6864 §4.1). What comes in keeps it as well: nobody else has that source.
 *
 * Complication 1: all fragments of a datagram get the same. It is taken before the first one has found its way, since after that nothing is looked at
 *   any more, and kept with what is known of the datagram (gather.ts); where nothing is translated it is not used.
 * Complication 2: what the host says of its own counts up from 1 for each address, so these count up from the middle.
 * Complication 3: a super-frame is cut by whoever carries it, and its segments are numbered from its own on.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { dontFragment, identification } from '../wire/ipv4.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import type { Tracking } from './tracking.js';

export const IDENTIFICATION_FIRST = 0x8000;
/** Segments of a super-frame: of the least MSS, 536 bytes (RFC 9293 §3.7.1), in 64 KB. */
const SEGMENTS_MAX = 128;

/** Takes so many numbers, and gives the first of them. */
export function nextIdentification({ identifications }: Tracking, count = 1): number {
  const first = identifications[0];
  identifications[0] = first + count;
  return first;
}

/**
 * Makes the function that says which identification the packet at hand leaves with, before it is written into a frame: that of a fragment
 * stands in `packet` already.
 */
export function renumberOn(
  { frames }: Plane,
  packet: Packet,
): (frame: Frame, tracking: Tracking | undefined) => void {
  const { payload, flags, view } = frames;
  return (frame, tracking) => {
    if (tracking?.mappings === undefined || packet.family === 6) return;
    const at = payload[frame];
    const isHidden = view.getInt32(at + 12) !== packet.source[3];
    if (!isHidden) packet.identification = identification(view, at);
    else if (packet.fragment === 0 && !dontFragment(view, at)) {
      const isSuper = (flags[frame] & FrameFlag.Super) !== 0;
      packet.identification = nextIdentification(tracking, isSuper ? SEGMENTS_MAX : 1);
    }
  };
}
