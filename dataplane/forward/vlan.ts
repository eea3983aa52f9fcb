/**
 * VLANs of a bridge that keeps them apart: which VLAN is a frame in that comes in by a port, and what tag does it leave with? (IEEE 802.1Q
 * §6.9, §8.6.2, §8.6.4, with the five port modes of Open vSwitch, ovs-vswitchd.conf.db(5).)
 *
 * access: one VLAN, whose frames come and go untagged; one with a tag is not taken. trunk: frames keep their tags; one without is in VLAN
 * 0. native-tagged, native-untagged: a trunk whose untagged frames are in the port's own VLAN, and leave with or without its tag.
 * dot1q-tunnel: whatever comes gets the tag of the port's VLAN around it, which is taken off where it leaves by such a port.
 *
 * Complication 1: a priority tag (VID 0) is no VLAN. Its frame is in that of the port; priority and DEI live on in the tag it gets (§6.9.3).
 * Complication 2: whether a nailed station, or the bridge's own address, is in the VLAN of a frame. It is in all of them: such entries stand
 *   in the Fdb without a VLAN, and count before what was learned (`filterOn`).
 * Complication 3: whether the outermost tag in the frame is the one that says its VLAN. Behind a tunnel port it is not, so `plane.vlan`
 *   holds the control information, and `plane.vlanTag` the TPID of the tag that carries it, 0 if there is none.
 * Complication 4: `parse` has checked two tags. A NIC or another bridge may have taken one of three off since, so their ends are checked here.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { NONE, PriorityTags, VLAN_SET_WORDS, VlanMode } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { Kind } from '../state/fdb-kinds.js';
import { Ethernet, EtherType, missing } from '../wire/ethernet.js';
import { Vlan, isTag, vlanId } from '../wire/vlan.js';
import type { Plane } from './plane.js';

export const enum TagBits {
  /** Of `plane.vlan`: priority and DEI; the tag control information. What stands above that is the bridge's own affair. */
  Priority = 0xf000,
  Control = 0xffff,
}
/** Where the VID of the next inner tag stands in `plane.vlan`, behind the tag control information. */
const INNER_SHIFT = 16;

/** Makes the function that finds the VLAN of a frame and writes it down in the plane; answers with a Reason when the port does not take it. */
export function admitOn(plane: Plane): (frame: Frame, port: number) => Reason {
  const { frames, program } = plane;
  const { start, length, wireLength, view } = frames;
  const { vlanMode, vlanTag, tunnelType, innerVlans } = program.ports;

  /** The customer's VLAN in a frame whose type field stands at `typeAt`; 0 where it has no tag, or none that can be read. */
  function innerAt(typeAt: number, end: number): number {
    const isTagged = view.getUint16(typeAt) === EtherType.VlanTag && typeAt + Vlan.TagLength <= end;
    return isTagged ? vlanId(view.getUint16(typeAt + 2)) : 0;
  }

  function inTunnel(port: number, inner: number): Reason {
    if (!isInSet(program, innerVlans[port], inner)) return Reason.VlanNotAdmitted;
    plane.vlan = vlanTag[port] | (inner << INNER_SHIFT);
    plane.vlanTag = 0;
    plane.vlanType = tunnelType[port];
    return Reason.Ok;
  }

  return (frame, port) => {
    const typeAt = start[frame] + Ethernet.TypeOffset;
    const type = view.getUint16(typeAt);
    const tagged = isTag(type);
    const end = start[frame] + length[frame];
    const behind = typeAt + Vlan.TagLength + 2;
    if (tagged && behind > end)
      return missing(behind, start[frame] + wireLength[frame], Reason.VlanTagTruncated);
    const control = tagged ? view.getUint16(typeAt + 2) : 0;
    const mode = vlanMode[port];
    if (mode === VlanMode.Tunnel) return inTunnel(port, innerAt(typeAt, end));
    const vid = vlanId(control);
    if (vid === Vlan.VidReserved) return Reason.VlanReserved;
    plane.vlanTag = tagged ? type : 0;
    plane.vlanType = tagged ? type : EtherType.VlanTag;
    const own = mode === VlanMode.Trunk ? 0 : vlanTag[port];
    const inner = tagged ? innerAt(typeAt + Vlan.TagLength, end) : 0;
    plane.vlan = (control & TagBits.Priority) | (vid === 0 ? own : vid) | (inner << INNER_SHIFT);
    if (mode === VlanMode.Access && vid !== 0) return Reason.VlanNotAdmitted;
    return carries(program, port, plane.vlan) ? Reason.Ok : Reason.VlanNotAdmitted;
  };
}

/** Is the port a member of the VLAN of a frame (`plane.vlan`)? With a VLAN of its own it never carries VLAN 0, as in Open vSwitch. */
export function carries(program: Program, port: number, vlan: number): boolean {
  const { vlanMode, vlanTag, trunks, innerVlans } = program.ports;
  const vid = vlanId(vlan);
  switch (vlanMode[port]) {
    case VlanMode.Access:
      return vid === vlanTag[port];
    case VlanMode.Tunnel:
      return vid === vlanTag[port] && isInSet(program, innerVlans[port], vlan >>> INNER_SHIFT);
    case VlanMode.Trunk:
      return isInSet(program, trunks[port], vid);
    default:
      return vid === vlanTag[port] || (vid !== 0 && isInSet(program, trunks[port], vid));
  }
}

/**
 * Makes the function that gives what stands before a MAC in the Fdb of a bridge that filters VLANs: the VLAN of the frame at hand, or nothing
 * where the station is declared, for all VLANs.
 */
export function filterOn(
  plane: Plane,
): (network: number, high: number, low: number, tick: number) => number {
  const { fdbs } = plane;
  const { macHigh, macLow, stationCount } = plane.program.networks;

  function isNailed(network: number, high: number, low: number, tick: number): boolean {
    const fdb = fdbs[network];
    const entry = fdb.find(high, low, tick);
    return entry >= 0 && fdb.kindOf(entry) !== Kind.Dynamic;
  }

  return (network, high, low, tick) => {
    const isOwn = high === macHigh[network] && (low | 0) === (macLow[network] | 0);
    if (isOwn || (stationCount[network] > 0 && isNailed(network, high, low, tick))) return 0;
    return vlanId(plane.vlan) << 16;
  };
}

function isInSet({ vlanSets }: Program, set: number, vid: number): boolean {
  if (set === NONE) return true;
  return ((vlanSets.bits[set * VLAN_SET_WORDS + (vid >>> 5)] >>> (vid & 31)) & 1) === 1;
}

/** The control information of the tag with which a frame of this VLAN leaves by the port; -1 where it leaves without. */
export function tagFor({ ports }: Program, port: number, vlan: number): number {
  const { vlanMode, vlanTag, priorityTags } = ports;
  const control = vlan & TagBits.Control;
  const vid = vlanId(control);
  const mode = vlanMode[port];
  const own = vid === vlanTag[port];
  const untagged =
    mode === VlanMode.Access ||
    mode === VlanMode.Tunnel ||
    (mode === VlanMode.NativeUntagged && own) ||
    vid === 0;
  if (!untagged) return control;
  if (mode === VlanMode.Tunnel) return -1;
  const priority = control & TagBits.Priority;
  const keeps =
    priorityTags[port] === PriorityTags.Always ||
    (priorityTags[port] === PriorityTags.IfNonzero && priority !== 0);
  return keeps ? priority : -1;
}
