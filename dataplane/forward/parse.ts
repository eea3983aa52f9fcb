/**
 * The lengths of a frame, checked once: whatever stands below in the stages trusts the columns `payload` and `etherType`.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { checkOffload } from '../frame/offload.js';
import { Reason } from '../observe/reason.js';
import { checkEthernet, typeOrLength } from '../wire/ethernet.js';
import { skipTags } from '../wire/vlan.js';
import type { Plane } from './plane.js';

/**
 * Makes the function that finds what a frame carries behind its Ethernet header and at most two VLAN tags (IEEE 802.1Q §9.5). A capture
 * may have kept too little to see that far.
 */
export function parseOn({ frames }: Plane): (frame: Frame) => Reason {
  const { start, length, wireLength, payload, etherType, packetLength, flags, gsoSize, view } =
    frames;

  /** A super-frame's packet is as long as one of those that it stands for. */
  function offload(frame: Frame): Reason {
    const headers = checkOffload(frames, frame, payload[frame], etherType[frame]);
    if (headers < 0) return -headers;
    if ((flags[frame] & FrameFlag.Super) !== 0)
      packetLength[frame] = Math.min(packetLength[frame], headers + gsoSize[frame]);
    return Reason.Ok;
  }

  return (frame) => {
    const at = start[frame];
    const end = at + length[frame];
    const wireEnd = at + wireLength[frame];
    const reason = checkEthernet(at, end, wireEnd);
    if (reason !== Reason.Ok) return reason;
    const typeAt = skipTags(view, at, end, wireEnd);
    if (typeAt < 0) return -typeAt;
    etherType[frame] = typeOrLength(view, typeAt);
    payload[frame] = typeAt + 2;
    packetLength[frame] = wireEnd - (typeAt + 2);
    return (flags[frame] & FrameFlag.Offloaded) === 0 ? Reason.Ok : offload(frame);
  };
}
