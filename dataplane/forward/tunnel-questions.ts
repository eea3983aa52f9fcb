/**
 * Questions for MACs that go into a tunnel: a tunnel end that knows the answer from the topology gives it, as if it came out of the tunnel (RFC 7432 §10;
 * Linux `neigh_suppress` and vxlan `proxy`: br_do_proxy_suppress_arp, arp_reduce, neigh_reduce). What it does not know goes on, or with `proxy` ends: neither ARP
 * nor solicitations cross such a tunnel at all.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { VtepNeighbors } from '../program/vxlan-layout.js';
import type { Program } from '../program/program.js';
import { Exact } from '../state/exact.js';
import * as arp from '../wire/arp.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import {
  advertisementBytes,
  checkNeighborDiscovery,
  Icmpv6Type,
  isNeighborMessageValid,
  targetAt,
  writeAdvertisement,
} from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { EncapsulationSurroundings } from './encapsulate.js';
import type { Plane } from './plane.js';
import { originateOn } from './reply.js';
import { tagsOf } from './tag.js';
import { Action } from './verdict.js';

const NOBODY = -1;

/** Makes the function that deals with a frame if it is such a question. True: the hold is used up. */
export function questionsOn(
  plane: Plane,
  { intoBridge, end, drop }: EncapsulationSurroundings,
): (frame: Frame, port: number, vtep: number, vni: number) => boolean {
  const { frames, program, trace } = plane;
  const { etherType } = frames;
  const { neighbors } = program.vteps;
  const askedArp = askedArpOn(plane);
  const askedIpv6 = askedIpv6On(plane);
  const answer = answersOn(plane);

  return (frame, port, vtep, vni) => {
    const isArp = etherType[frame] === EtherType.Arp;
    const station = isArp ? askedArp(frame, vni) : askedIpv6(frame, vni);
    if (station === NO_QUESTION) return false;
    const reply = station >= 0 ? answer(frame, station, isArp, vni) : NOBODY;
    if (reply >= 0) {
      if (plane.isTracing) {
        trace.note(Step.SpokenFor, station);
        trace.note(Step.Speaks, Speech.Answer);
      }
      intoBridge(reply, port);
      if (plane.isTracing) trace.note(Step.Done);
      end(frame, Action.Consume | Reason.VxlanNeighborKnown);
      return true;
    }
    if (neighbors[vtep] !== VtepNeighbors.Proxy) return false;
    drop(frame, Reason.VxlanNeighborUnknown);
    return true;
  };
}

/** The frame asks nobody: neither ARP nor a solicitation. */
const NO_QUESTION = -2;

/** Makes the function that gives the row of `remoteStations` that an ARP packet asks for, or NOBODY: also of a packet that is no question. */
function askedArpOn({ frames, program }: Plane): (frame: Frame, vni: number) => number {
  const { start, length, wireLength, payload, view } = frames;
  const stations = stationsOf(program);
  return (frame, vni) => {
    const at = payload[frame];
    const [end, wireEnd] = [start[frame] + length[frame], start[frame] + wireLength[frame]];
    if (arp.checkArp(view, at, end, wireEnd) !== Reason.Ok) return NOBODY;
    if (arp.operation(view, at) !== arp.Operation.Request) return NOBODY;
    const target = arp.targetIpv4(view, at);
    return target === arp.senderIpv4(view, at) ? NOBODY : stations.find(vni, 0, 0, 0, target);
  };
}

/** The same of a neighbor solicitation; NO_QUESTION if it is none. */
function askedIpv6On({ frames, program }: Plane): (frame: Frame, vni: number) => number {
  const { start, length, wireLength, payload, etherType, view } = frames;
  const stations = stationsOf(program);

  function isSolicitation(at: number, end: number, wireEnd: number): boolean {
    if (ipv6.checkIpv6(view, at, end, wireEnd) !== Reason.Ok) return false;
    const message = at + Ipv6.HeaderLength;
    if (ipv6.nextHeader(view, at) !== Protocol.Icmpv6 || message + 4 > end) return false;
    return view.getUint8(message) === Icmpv6Type.NeighborSolicitation;
  }

  return (frame, vni) => {
    if (etherType[frame] !== EtherType.Ipv6) return NO_QUESTION;
    const at = payload[frame];
    const end = start[frame] + length[frame];
    if (!isSolicitation(at, end, start[frame] + wireLength[frame])) return NO_QUESTION;
    const message = at + Ipv6.HeaderLength;
    const messageEnd = message + ipv6.payloadLength(view, at);
    if (messageEnd > end) return NOBODY;
    if (checkNeighborDiscovery(view, message, messageEnd, messageEnd) !== Reason.Ok) return NOBODY;
    if (!isNeighborMessageValid(view, at, message, messageEnd)) return NOBODY;
    const target = targetAt(message);
    const word = (index: number): number => ipv6.addressWord(view, target, index);
    return stations.find(vni, word(0), word(1), word(2), word(3));
  };
}

/** Rows of `remoteStations`, by VNI and address. */
function stationsOf({ remoteAddresses, remoteStations }: Program): Exact {
  const stations = new Exact(remoteAddresses.rows);
  const { station, word0, word1, word2, word3 } = remoteAddresses;
  for (let row = 0; row < remoteAddresses.rows; row++) {
    const vni = remoteStations.vni[station[row]];
    stations.put(vni, word0[row], word1[row], word2[row], word3[row], station[row]);
  }
  return stations;
}

/** Makes the function that answers in the name of a station; -1 when no slot is free. */
function answersOn(
  plane: Plane,
): (frame: Frame, station: number, isArp: boolean, vni: number) => Frame {
  const { frames, program } = plane;
  const { start, payload, view } = frames;
  const { macHigh, macLow } = program.remoteStations;
  const { vlan } = program.vnis;
  const originate = originateOn(plane);
  const tags = tagsOf(frames);

  return (frame, station, isArp, vni) => {
    const bytes = isArp ? arp.PACKET_LENGTH : advertisementBytes(true);
    const reply = originate(frame, isArp ? EtherType.Arp : EtherType.Ipv6, bytes);
    if (reply < 0) return reply;
    const at = start[reply];
    const [high, low] = [macHigh[station], macLow[station]];
    view.setUint16(at, view.getUint16(start[frame] + 6));
    view.setUint32(at + 2, view.getUint32(start[frame] + 8));
    view.setUint16(at + 6, high);
    view.setUint32(at + 8, low);
    if (isArp) arp.writeReply(view, at + Ethernet.HeaderLength, payload[frame], high, low);
    else writeAdvertisement(view, at, payload[frame], 0, true, high, low);
    if (vlan[vni] !== 0) tags.push(reply, EtherType.VlanTag, vlan[vni]);
    return reply;
  };
}
