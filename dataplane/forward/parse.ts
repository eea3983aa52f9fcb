/**
 * The lengths of a frame, checked once: whatever stands below in the stages trusts the columns `payload` and `etherType`.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import type { Plane } from './plane.js';

const ETHERNET_HEADER = 14;
const TAG = 4;
const TAGS_MAX = 2;
const CUSTOMER_TAG = 0x8100;
const SERVICE_TAG = 0x88a8;

/**
 * Makes the function that finds what a frame carries behind its Ethernet header and at most two VLAN tags (IEEE 802.1Q §9.5; an unknown
 * TPID is payload). A capture may have kept too little to see that far.
 */
export function parseOn({ frames }: Plane): (frame: Frame) => Reason {
  const { start, length, wireLength, payload, etherType, view } = frames;

  function behindTags(frame: Frame, end: number, first: number): Reason {
    let at = start[frame] + ETHERNET_HEADER;
    let type = first;
    for (let tags = 0; isTag(type) && tags < TAGS_MAX; tags++) {
      at += TAG;
      if (at > end)
        return wireLength[frame] > length[frame] ? Reason.SnappedHeader : Reason.VlanTagTruncated;
      type = view.getUint16(at - 2);
    }
    payload[frame] = at;
    etherType[frame] = type;
    return Reason.Ok;
  }

  return (frame) => {
    const captured = length[frame];
    if (captured < ETHERNET_HEADER)
      return wireLength[frame] < ETHERNET_HEADER ? Reason.Runt : Reason.SnappedHeader;
    const at = start[frame] + ETHERNET_HEADER;
    const type = view.getUint16(at - 2);
    if (isTag(type)) return behindTags(frame, start[frame] + captured, type);
    payload[frame] = at;
    etherType[frame] = type;
    return Reason.Ok;
  };
}

function isTag(type: number): boolean {
  return type === CUSTOMER_TAG || type === SERVICE_TAG;
}
