/**
 * Into a tunnel: which VNI, which other ends, and the outer headers (RFC 7348 §4, §5; Linux vxlan_xmit). See tunnels.ts.
 *
 * In the order of Linux: the VLAN says the VNI; questions for MACs that the end answers itself; the destination is known to be behind one end, or goes to all
 * that are listed; is it short enough for the way; and only then the headers are written before it.
 *
 * Complication 1: lengths. An outer packet is never fragmented (RFC 7348 §4.3): what does not fit ends here, and its sender hears how long it may be.
 * Complication 2: what was left to a network card is done first: inside a tunnel nobody else would do it.
 */
import { FrameFlag, HEADROOM } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { completeChecksum, Segmenter } from '../frame/segment.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { VtepFlag, VtepNeighbors } from '../program/vxlan-layout.js';
import { Ethernet, isGroup } from '../wire/ethernet.js';
import { Ipv4 } from '../wire/ipv4.js';
import { Ipv6 } from '../wire/ipv6.js';
import { Udp } from '../wire/udp.js';
import { isTag, Vlan, vlanId } from '../wire/vlan.js';
import { Vxlan } from '../wire/vxlan.js';
import type { SendOuter } from './outer.js';
import type { Plane } from './plane.js';
import { NO_ROAD } from './tunnel-roads.js';
import type { Roads } from './tunnel-roads.js';
import { questionsOn } from './tunnel-questions.js';
import { tooBigOn } from './tunnel-too-big.js';
import type { TunnelSurroundings } from './tunnels.js';
import { tagsOf } from './tag.js';

/** What a frame grows by above the Ethernet header: outer IP packets are so much longer than the frame inside. */
export const OVERHEAD_IPV4 = Ipv4.HeaderLengthMin + Udp.HeaderLength + Vxlan.HeaderLength;
const OVERHEAD_IPV6 = Ipv6.HeaderLength + Udp.HeaderLength + Vxlan.HeaderLength;
/** Bytes of the headroom that stay free for tags, and for what native code puts there. */
const RESERVED = 48;

/** What the way in works with. */
export interface EncapsulationSurroundings extends TunnelSurroundings {
  readonly roads: Roads;
  readonly intoBridge: (frame: Frame, port: number) => void;
}

/** Makes the function that puts a frame, which leaves a bridge by such a port, into its tunnel. Uses up a hold. */
export function encapsulateOn(
  plane: Plane,
  around: EncapsulationSurroundings,
  send: SendOuter,
): (frame: Frame, port: number) => void {
  const { frames, program, trace, counters, remotes, vtepAt, floodEnds } = plane;
  const { start, wireLength, payload, flags, holders, tick, view } = frames;
  const { family, flags: vtepFlags, neighbors, firstVni } = program.vteps;
  const { firstRemote, remoteCount } = program.vnis;
  const { roads, own, drop, interfaces } = around;
  const { mtu } = interfaces;
  const segmentOf = segmentsOn(plane);
  const strip = stripOn(plane, around);
  const answers = questionsOn(plane, around);
  const tooBig = tooBigOn(plane, around);
  const segment = wireFramesOn(plane, around, enter);

  function enter(frame: Frame, port: number): void {
    if ((flags[frame] & FrameFlag.Offloaded) !== 0) {
      segment(frame, port);
      return;
    }
    const vtep = vtepAt[port];
    if (payload[frame] === start[frame] + Ethernet.HeaderLength && segmentOf.isPlain[vtep] === 1) {
      choose(frame, port, vtep, firstVni[vtep]);
      return;
    }
    const vni = segmentOf.find(frame, vtep);
    if ((vtepFlags[vtep] & VtepFlag.InnerTags) !== 0) choose(frame, port, vtep, vni);
    else {
      const mine = strip(frame);
      if (mine >= 0) choose(mine, port, vtep, vni);
    }
  }

  /** To the one end behind which its destination is, or to all that are listed. */
  function choose(frame: Frame, port: number, vtep: number, vni: number): void {
    if (plane.isTracing) trace.note(Step.Tunneled, vni, port);
    if (neighbors[vtep] !== VtepNeighbors.Flood && answers(frame, port, vtep, vni)) return;
    const at = start[frame];
    const high = view.getUint16(at);
    if (isGroup(high)) {
      spread(frame, port, vtep, vni);
      return;
    }
    const known = remotes[vtep];
    const entry = known.find(vni, high, view.getInt32(at + 2), tick[frame]);
    if (entry < 0) {
      spread(frame, port, vtep, vni);
      return;
    }
    const { fdb } = known;
    if (plane.isTracing)
      trace.note(
        Step.RemoteKnown,
        fdb.placeOf(entry),
        fdb.serialOf(entry),
        fdb.taughtAt(entry),
        fdb.heardAt(entry),
      );
    leave(frame, port, vtep, vni, fdb.portOf(entry));
  }

  /** Head-end replication: one copy for each end. */
  function spread(frame: Frame, port: number, vtep: number, vni: number): void {
    const count = remoteCount[vni];
    if (count === 0) {
      drop(frame, Reason.VxlanWithoutRemote);
      return;
    }
    holders[frame] += count - 1;
    counters.copied[0] += count - 1;
    const first = firstRemote[vni];
    for (let i = first; i < first + count; i++) leave(frame, port, vtep, vni, floodEnds[i]);
  }

  function leave(frame: Frame, port: number, vtep: number, vni: number, end: number): void {
    const road = roads.first[vtep] + end;
    const iface = roads.iface[road];
    if (plane.isTracing) noteEnd(road);
    if (iface === NO_ROAD) {
      drop(frame, Reason.NoRoute);
      return;
    }
    const overhead = family[vtep] === 4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6;
    const bytes = wireLength[frame] + overhead;
    if (bytes > mtu[iface]) {
      const headers = payload[frame] - start[frame];
      tooBig(frame, port, vni, mtu[iface] - overhead - headers);
      drop(frame, Reason.VxlanMtu);
      return;
    }
    const room = HEADROOM - RESERVED + frames.moved(frame);
    if (room < overhead + Ethernet.HeaderLength) {
      drop(frame, Reason.VxlanTooDeep);
      return;
    }
    const mine = own(frame);
    if (mine < 0) drop(frame, Reason.PoolExhausted);
    else send(mine, vtep, vni, road, bytes);
  }

  function noteEnd(road: number): void {
    const { end } = roads;
    const at = 4 * road;
    trace.note(
      Step.Encapsulated,
      end[at] >>> 0,
      end[at + 1] >>> 0,
      end[at + 2] >>> 0,
      end[at + 3] >>> 0,
    );
  }

  return enter;
}

/** Which VNI a frame belongs to. */
interface Segments {
  /** By vtep: it has one VNI, for what has no tag. */
  readonly isPlain: Uint8Array;
  /** Row of the VNI for a frame. */
  readonly find: (frame: Frame, vtep: number) => number;
}

function segmentsOn({ frames, program }: Plane): Segments {
  const { start, view } = frames;
  const { firstVni, vniCount } = program.vteps;
  const { vlan } = program.vnis;
  const isPlain = Uint8Array.from(firstVni, (first, vtep) =>
    vniCount[vtep] === 1 && vlan[first] === 0 ? 1 : 0,
  );

  function vlanOf(frame: Frame): number {
    const at = start[frame] + Ethernet.TypeOffset;
    return isTag(view.getUint16(at)) ? vlanId(view.getUint16(at + 2)) : 0;
  }

  return {
    isPlain,
    find: (frame, vtep) => {
      const first = firstVni[vtep];
      if (isPlain[vtep] === 1) return first;
      const wanted = vlanOf(frame);
      for (let row = first; row < first + vniCount[vtep]; row++)
        if (vlan[row] === wanted) return row;
      // Not reached: the port carries no other VLANs.
      return first;
    },
  };
}

/** Makes the function that takes all tags off a frame (RFC 7348 §6.1), on a copy where others hold it too; -1 when it has ended. */
function stripOn(
  { frames }: Plane,
  { own, drop }: EncapsulationSurroundings,
): (frame: Frame) => Frame {
  const { start, payload } = frames;
  const tags = tagsOf(frames);
  return (frame) => {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return mine;
    }
    while (payload[mine] - start[mine] >= Ethernet.HeaderLength + Vlan.TagLength) tags.pop(mine);
    return mine;
  };
}

/** Makes the function that completes the checksum of a frame, or cuts it into those that it stands for, and hands on what comes of it. */
function wireFramesOn(
  plane: Plane,
  { own, drop }: EncapsulationSurroundings,
  enter: (frame: Frame, port: number) => void,
): (frame: Frame, port: number) => void {
  const { frames, counters } = plane;
  const { flags, holders } = frames;
  const segmenter = new Segmenter(frames);

  function slot(): Frame {
    const free = frames.claim();
    if (free >= 0) return free;
    plane.relieve();
    return frames.claim();
  }

  function complete(frame: Frame, port: number): void {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    completeChecksum(frames, mine);
    enter(mine, port);
  }

  return (frame, port) => {
    if ((flags[frame] & FrameFlag.Super) === 0) {
      complete(frame, port);
      return;
    }
    const count = segmenter.begin(frame);
    for (let index = 0; index < count; index++) {
      const piece = slot();
      if (piece < 0) {
        drop(frame, Reason.PoolExhausted);
        return;
      }
      segmenter.cut(index, piece);
      holders[piece] = 1;
      counters.copied[0]++;
      enter(piece, port);
    }
    counters.copied[0]--;
    frames.letGo(frame);
  };
}
