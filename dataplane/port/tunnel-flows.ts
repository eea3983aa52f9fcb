/**
 * Seeded conversations through a tunnel end, for benchmarks: UDP packets between 128 stations here and others behind 32 other ends, with right checksums. Flow f
 * is that of remote station f mod `count` and has a port of its own. Frames never end: flows are drawn at random.
 *
 * `vxlan nat` begins with the two first packets of every flow, so that all connections are established, and then both directions take turns: out of
 * the tunnel for somebody outside, and from outside for somebody in the tunnel.
 */
import type { Frames } from '../frame/frames.js';
import { below, drawnOn } from './drawn.js';
import type { Fill } from './drawn.js';
import {
  INSIDE,
  INSIDE_COUNT,
  NEXT_HOP,
  OWN_INSIDE,
  OWN_OUTSIDE,
  PORT_BITS,
  REMOTE,
  SERVER_PORT,
} from './flows.js';
import { OUTER_BYTES, packetsOn } from './packets.js';
import type { Source } from './port.js';

/** `encapsulate`: from here into the tunnel. `decapsulate`: the same out of it. `nat`: between stations behind other ends and the outside. */
export type TunnelKind = 'vxlan encapsulate' | 'vxlan decapsulate' | 'vxlan nat';

export interface TunnelFlows {
  readonly seed: number;
  readonly kind: TunnelKind;
  /** How many stations are behind other ends, 1..2^20; `nat`: how many connections there are, of INSIDE_COUNT stations. */
  readonly count: number;
  /** How many ports are here, a power of two. Behind them are that of the tunnel end, that of its NIC, and for `nat` that of the NIC outside. */
  readonly ports: number;
  /** Bytes of the frames inside, with FCS, as benchmarks count them. */
  readonly frameBytes: number;
}

/** Station r behind another end has this address + r. */
export const STATION = 0x0a01_0000;
export const OWN_UNDERLAY = 0xac10_0001;
/** Station r is behind this end + r mod ENDS. */
export const END = 0xac10_0010;
export const ENDS = 32;
/** The first that Docker gives. */
export const VNI = 4097;

/** Above VXLAN_PORT: what comes back from outside to that port of the host is for its tunnel end, whoever has it translated. */
const PORT_FIRST = 0x2000;
const FLOWS_MIN = 10_000;
const FCS = 4;
/** Of Ethernet, IPv4 and UDP, in whole words. */
const HEADER_BYTES = 44;
const TICK_NS = 50;
// As the bits of words: what is above 2^31 would be a double.
const UNDERLAY = OWN_UNDERLAY | 0;
const FIRST_END = END | 0;
const OUTSIDE = OWN_OUTSIDE | 0;
const ROUTER = NEXT_HOP | 0;
const SOURCE_PORT_FIRST = 0xc000;
const SOURCE_PORT_BITS = 14;

export function tunnelFlowsOn(frames: Frames, flows: TunnelFlows): Source {
  return drawnOn(frames, flows.seed, TICK_NS, fillOn(frames, flows));
}

function fillOn(frames: Frames, { kind, count, ports, frameBytes }: TunnelFlows): Fill {
  const { start, length, wireLength, view } = frames;
  const bytes = frameBytes - FCS;
  const { udp, outer } = packetsOn(frames, bytes);
  const soiled = Math.min(bytes, OUTER_BYTES + HEADER_BYTES);
  const flowCount = Math.max(FLOWS_MIN, count);

  function portOf(flow: number): number {
    return PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
  }

  function intoTunnel(at: number, flow: number): number {
    const here = INSIDE + (flow & (INSIDE_COUNT - 1));
    const there = STATION + (flow % count);
    udp(at, there, here, here, there, (portOf(flow) << 16) | SERVER_PORT);
    return here & (ports - 1);
  }

  /** The headers before what comes from a station behind another end; gives where its frame begins. */
  function wrap(at: number, station: number, flow: number): number {
    const end = FIRST_END + (station & (ENDS - 1));
    const sourcePort =
      SOURCE_PORT_FIRST + (Math.imul(flow, 0x9e37_79b9) >>> (32 - SOURCE_PORT_BITS));
    outer(at, UNDERLAY, end, end, UNDERLAY, sourcePort, VNI);
    return at + OUTER_BYTES;
  }

  function outOfTunnel(at: number, flow: number): number {
    const here = INSIDE + (flow & (INSIDE_COUNT - 1));
    const there = STATION + (flow % count);
    const inside = wrap(at, there, flow);
    udp(inside, here, there, there, here, (SERVER_PORT << 16) | portOf(flow));
    return ports + 1;
  }

  function fromStation(at: number, flow: number): number {
    const there = STATION + (flow & (INSIDE_COUNT - 1));
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const inside = wrap(at, there, flow);
    udp(inside, OWN_INSIDE, there, there, remote, (portOf(flow) << 16) | SERVER_PORT);
    return ports + 1;
  }

  function fromOutside(at: number, flow: number): number {
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    udp(at, OUTSIDE, ROUTER, remote, OUTSIDE, (SERVER_PORT << 16) | portOf(flow));
    // Where the frame before it in this slot may have had headers.
    for (let word = at + HEADER_BYTES; word < at + soiled; word += 4) view.setInt32(word, 0);
    return ports + 2;
  }

  // Each of these is compiled for itself: to ask for every frame which kind it is would be to compare strings.
  switch (kind) {
    case 'vxlan encapsulate':
      return (frame, dice) => {
        length[frame] = bytes;
        wireLength[frame] = bytes;
        return intoTunnel(start[frame], below(dice, flowCount));
      };
    case 'vxlan decapsulate':
      return (frame, dice) => {
        length[frame] = bytes + OUTER_BYTES;
        wireLength[frame] = bytes + OUTER_BYTES;
        return outOfTunnel(start[frame], below(dice, flowCount));
      };
    case 'vxlan nat':
      return (frame, dice, sent) => {
        const flow = sent < 2 * count ? sent >>> 1 : below(dice, count);
        const isWrapped = (sent & 1) === 0;
        length[frame] = isWrapped ? bytes + OUTER_BYTES : bytes;
        wireLength[frame] = length[frame];
        return isWrapped ? fromStation(start[frame], flow) : fromOutside(start[frame], flow);
      };
  }
}
