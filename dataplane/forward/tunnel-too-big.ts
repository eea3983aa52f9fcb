/**
 * What a tunnel end says about a packet that does not fit into its outer one: fragmentation needed, or packet too big, to whoever sent it, with the MTU that
 * is left inside (RFC 1191 §4; RFC 4443 §3.2; Linux iptunnel_pmtud_build_icmp). It has no address where the packet is, so it speaks in the name of
 * the destination, and the error enters the bridge as if it came out of the tunnel.
 *
 * Of IPv4 only who forbade fragments is told (RFC 1191 §3): whoever allows them would not know what to do with it.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { EtherType, isGroup } from '../wire/ethernet.js';
import { dontFragment } from '../wire/ipv4.js';
import { Complaint, errorFromDestinationOn } from './complain.js';
import type { EncapsulationSurroundings } from './encapsulate.js';
import { isAboutAnother, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import { tagsOf } from './tag.js';

/** Makes the function that tells the sender of a frame which packets fit: so many bytes. The hold stays the caller's. */
export function tooBigOn(
  plane: Plane,
  { intoBridge }: EncapsulationSurroundings,
): (frame: Frame, port: number, vni: number, mtu: number) => void {
  const { frames, trace } = plane;
  const { start, etherType, view } = frames;
  const { vlan } = plane.program.vnis;
  const packet = new Packet();
  const read = readOn(plane, packet);
  const write = errorFromDestinationOn(plane, packet);
  const tags = tagsOf(frames);

  /** Can the sender of a frame be told, and does it make a difference to it? */
  function isToBeTold(frame: Frame): boolean {
    const type = etherType[frame];
    if (type !== EtherType.Ipv4 && type !== EtherType.Ipv6) return false;
    if (isGroup(view.getUint16(start[frame])) || read(frame) !== Reason.Ok) return false;
    if (packet.fragmentOffset !== 0 || isAboutAnother(plane, packet)) return false;
    const { family, source } = packet;
    if (family === 4) return isOneIpv4(source[3]) && dontFragment(view, packet.at);
    const isSomebody = (source[0] | source[1] | source[2] | source[3]) !== 0;
    return isSomebody && source[0] >>> 24 !== 0xff;
  }

  return (frame, port, vni, mtu) => {
    if (!isToBeTold(frame)) return;
    const error = write(frame, mtu, Complaint.TooLong, mtu);
    if (error < 0) return;
    const at = start[error];
    const asked = start[frame];
    view.setUint16(at, view.getUint16(asked + 6));
    view.setUint32(at + 2, view.getUint32(asked + 8));
    view.setUint16(at + 6, view.getUint16(asked));
    view.setUint32(at + 8, view.getUint32(asked + 2));
    if (vlan[vni] !== 0) tags.push(error, EtherType.VlanTag, vlan[vni]);
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Error, Complaint.TooLong, mtu);
    intoBridge(error, port);
    if (plane.isTracing) trace.note(Step.Done);
  };
}

/** Is it the address of one station (RFC 1122 §3.2.1.3)? */
function isOneIpv4(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
