/**
 * Out of a tunnel: what a host hears in UDP for one of its tunnel ends becomes the frame inside, which enters the bridge (RFC 7348 §4; Linux vxlan_rcv).
 * See tunnels.ts.
 *
 * In the order of Linux: lengths and checksum; the VNI; reserved bits; who sent it is learned; ECN. Everything that could end it is looked at before the frame
 * inside is changed.
 *
 * Complication 1: two ways in. Most packets are recognized before the host has read them as a router (`take`). What comes to a group or in fragments, or has
 *   options, or to a host that checks reverse paths, is heard by the stack like anything else (`hear`).
 * Complication 2: what was left to a network card may be the checksum of the outer datagram, which is then right, or that of what is inside.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { ReversePath } from '../program/layout.js';
import { VtepFlag } from '../program/vxlan-layout.js';
import type { Program } from '../program/program.js';
import { Exact } from '../state/exact.js';
import { Kind } from '../state/fdb-kinds.js';
import { pseudoSumIpv4, pseudoSumIpv6, updateChecksum } from '../wire/checksum.js';
import { decapsulateEcn, Ecn, EcnField, ECN_DROP } from '../wire/ecn.js';
import { Ethernet, EtherType, isGroup, isZero, sourceHigh, sourceLow } from '../wire/ethernet.js';
import { Protocol } from '../wire/ipv4.js';
import * as udp from '../wire/udp.js';
import { Udp } from '../wire/udp.js';
import * as vxlan from '../wire/vxlan.js';
import { Vxlan } from '../wire/vxlan.js';
import type { EncapsulationSurroundings } from './encapsulate.js';
import { fastTunnelOn } from './fast-tunnel.js';
import { innerOn } from './inner.js';
import { outerPacketOn } from './outer-packet.js';
import type { OuterPacket } from './outer-packet.js';
import { parseOn } from './parse.js';
import type { Plane } from './plane.js';
import { tagsOf } from './tag.js';
import type { Tunnels } from './tunnels.js';

/** So many tunnels a frame may come out of in one pass. */
const DEPTH_MAX = 4;
/** D of draft-smith-vxlan-group-policy: the source is not to be learned. */
const DO_NOT_LEARN = 0x0040_0000;

export function decapsulateOn(
  plane: Plane,
  around: EncapsulationSurroundings,
): Omit<Tunnels, 'enter' | 'hasten'> {
  const { frames, program, counters, trace } = plane;
  const { start, length, wireLength, flags, checksumStart, holders, policy, view } = frames;
  const { own, drop, local, intoBridge } = around;
  const { port: portOf, flags: vtepFlags } = program.vteps;
  const { vtep: vtepOf, vlan } = program.vnis;
  const { reversePath } = program.hosts;
  const listeners = listenersOf(program);
  const outer = outerPacketOn(plane, listeners.ports);
  const objection = objectionOn(plane, outer);
  const learn = learnOn(plane, around, outer);
  const setEcn = ecnOn(plane);
  const parse = parseOn(plane);
  const tags = tagsOf(frames);
  let depth = 0;

  function take(frame: Frame, host: number): boolean {
    if (listeners.hosts[host] !== 1 || !outer.read(frame)) return false;
    if (reversePath[host] !== ReversePath.Unchecked) return false;
    if (!isForHost(host) || !local.isOwn(host, outer.destination)) return false;
    open(frame, host);
    return true;
  }

  /** Does the host listen at this port, and is the packet from another station? */
  function isForHost(host: number): boolean {
    return listeners.has(host, outer.family, outer.port) && local.hasOneSender(host, outer);
  }

  function hear(frame: Frame, host: number): boolean {
    if (listeners.hosts[host] !== 1 || !outer.readAny(frame) || !isForHost(host)) return false;
    const copy = frames.copy(frame);
    // Without a slot it is as if it had got lost on the way: the stack has heard it all the same.
    if (copy < 0) return true;
    outer.shift(start[copy] - start[frame]);
    counters.copied[0]++;
    holders[copy] = 1;
    if (plane.isTracing) trace.note(Step.Opened, host);
    open(copy, host);
    if (plane.isTracing) trace.note(Step.Done);
    return true;
  }

  /** Ends the packet that has been read, or takes it out of its tunnel. Uses up a hold. */
  function open(frame: Frame, host: number): void {
    const broken = objection.toDatagram(frame);
    if (broken !== Reason.Ok) {
      drop(frame, broken);
      return;
    }
    const { vxlanAt } = outer;
    const vni = listeners.vniFor(host, outer.family, outer.port, vxlan.vni(view, vxlanAt));
    const reason = vni < 0 ? Reason.VxlanVniUnknown : objection.toHeader(vtepOf[vni], vni);
    if (reason !== Reason.Ok) {
      drop(frame, reason);
      return;
    }
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    if (mine !== frame) outer.shift(start[mine] - start[frame]);
    if (plane.isTracing) noteOrigin(vni);
    unwrap(mine, vtepOf[vni]);
    const against = judge(mine, vni, vtepOf[vni]);
    if (against === Reason.Ok) enterBridge(mine, vni);
    else drop(mine, against);
  }

  function noteOrigin(vni: number): void {
    const [a, b, c, d] = outer.source;
    trace.note(Step.Decapsulated, vni, portOf[vtepOf[vni]]);
    trace.note(Step.CameFrom, a >>> 0, b >>> 0, c >>> 0, d >>> 0);
  }

  /** The frame becomes the one inside. */
  function unwrap(frame: Frame, vtep: number): void {
    const at = outer.vxlanAt + Vxlan.HeaderLength;
    const moved = at - start[frame];
    const usesPolicy = (vtepFlags[vtep] & VtepFlag.GroupPolicy) !== 0;
    const group = usesPolicy ? vxlan.policy(view, outer.vxlanAt) : 0;
    start[frame] = at;
    length[frame] = outer.end - at;
    wireLength[frame] = outer.wireEnd - at;
    flags[frame] &= ~(FrameFlag.Forwarded | FrameFlag.HasPolicy);
    if (group !== 0) {
      policy[frame] = group;
      flags[frame] |= FrameFlag.HasPolicy;
    }
    if ((flags[frame] & FrameFlag.Partial) === 0) return;
    if (checksumStart[frame] < moved) flags[frame] &= ~FrameFlag.Partial;
    else checksumStart[frame] -= moved;
  }

  /** What stands against the frame inside. Who sent it is learned, and its ECN field changed, if nothing does. */
  function judge(frame: Frame, vni: number, vtep: number): Reason {
    const broken = parse(frame);
    if (broken !== Reason.Ok) return broken;
    const at = start[frame];
    const high = sourceHigh(view, at);
    const low = sourceLow(view, at) | 0;
    if (isGroup(high) || isZero(high, low)) return Reason.SourceAddressInvalid;
    const isTagged = frames.payload[frame] !== at + Ethernet.HeaderLength;
    if (isTagged && (vtepFlags[vtep] & VtepFlag.InnerTags) === 0) return Reason.VxlanInnerTag;
    const isMute =
      (vtepFlags[vtep] & VtepFlag.Learns) === 0 ||
      ((flags[frame] & FrameFlag.HasPolicy) !== 0 && (policy[frame] & DO_NOT_LEARN) !== 0);
    const elsewhere = isMute ? Reason.Ok : learn(frame, vni, vtep, high, low);
    return elsewhere === Reason.Ok ? setEcn(frame, outer.ecn) : elsewhere;
  }

  function enterBridge(frame: Frame, vni: number): void {
    if (depth === DEPTH_MAX) {
      drop(frame, Reason.VxlanTooDeep);
      return;
    }
    if (vlan[vni] !== 0) tags.push(frame, EtherType.VlanTag, vlan[vni]);
    depth++;
    intoBridge(frame, portOf[vtepOf[vni]]);
    depth--;
  }

  const hurry = fastTunnelOn(plane, around, enterBridge);
  return { hurry, take, hear };
}

/** Where the hosts listen. */
interface Listeners {
  /** By host: 1 where it has a tunnel end. */
  readonly hosts: Uint8Array;
  /** By UDP port: 1 where some host listens. */
  readonly ports: Uint8Array;
  /** Does a host listen at a UDP port of a family? */
  readonly has: (host: number, family: number, port: number) => boolean;
  /** The row of a VNI at such a port, or -1. */
  readonly vniFor: (host: number, family: number, port: number, vni: number) => number;
}

function listenersOf({ hosts, vteps, vnis }: Program): Listeners {
  const sockets = new Exact(vteps.rows);
  const segments = new Exact(vnis.rows);
  const listening = new Uint8Array(hosts.rows);
  const ports = new Uint8Array(1 << 16);
  for (let row = 0; row < vnis.rows; row++) {
    const vtep = vnis.vtep[row];
    const [host, family, port] = [vteps.host[vtep], vteps.family[vtep], vteps.udpPort[vtep]];
    listening[host] = 1;
    ports[port] = 1;
    sockets.put(host, 0, 0, family, port, vtep);
    segments.put(host, 0, family, port, vnis.vni[row], row);
  }
  return {
    hosts: listening,
    ports,
    has: (host, family, port) => sockets.find(host, 0, 0, family, port) >= 0,
    vniFor: (host, family, port, vni) => segments.find(host, 0, family, port, vni),
  };
}

/** What stands against an outer packet. */
interface Objection {
  /** Against its datagram, as far as every tunnel end minds. */
  readonly toDatagram: (frame: Frame) => Reason;
  /** What its own tunnel end minds besides. */
  readonly toHeader: (vtep: number, vni: number) => Reason;
}

function objectionOn(
  { frames, program, remotes, floodEnds }: Plane,
  outer: OuterPacket,
): Objection {
  const { start, flags, checksumStart, view } = frames;
  const { flags: vtepFlags } = program.vteps;
  const { firstRemote, remoteCount } = program.vnis;

  /** Of a datagram that is here whole, and whose checksum nobody else was to write. */
  function isChecksumRight(frame: Frame): boolean {
    const at = outer.vxlanAt - Udp.HeaderLength;
    if (udp.checksum(view, at) === 0 || outer.end < outer.wireEnd) return true;
    const isPartial = (flags[frame] & FrameFlag.Partial) !== 0;
    if (isPartial && start[frame] + checksumStart[frame] === at) return true;
    // A checksum inside that is not complete yet makes that of the datagram as wrong as the sender left it.
    if (isPartial) return true;
    const bytes = outer.wireEnd - at;
    const pseudo =
      outer.family === 4
        ? pseudoSumIpv4(view, outer.at, Protocol.Udp, bytes)
        : pseudoSumIpv6(view, outer.at, Protocol.Udp, bytes);
    return udp.checkUdpChecksum(view, at, pseudo, true) === Reason.Ok;
  }

  /** Does this segment listen to the group? */
  function isGroupOf(vtep: number, vni: number): boolean {
    for (let i = firstRemote[vni]; i < firstRemote[vni] + remoteCount[vni]; i++)
      if (remotes[vtep].isEnd(floodEnds[i], outer.destination)) return true;
    return false;
  }

  return {
    toDatagram: (frame) => {
      const at = outer.vxlanAt - Udp.HeaderLength;
      const reason = udp.checkUdp(view, at, outer.packetHere, outer.packetEnd);
      if (reason !== Reason.Ok) return reason;
      outer.setEnd(at + udp.length(view, at));
      if (!isChecksumRight(frame)) return Reason.UdpBadChecksum;
      return vxlan.checkVxlan(view, outer.vxlanAt, outer.end, outer.wireEnd);
    },
    toHeader: (vtep, vni) => {
      const settings = vtepFlags[vtep];
      const isSummed = udp.checksum(view, outer.vxlanAt - Udp.HeaderLength) !== 0;
      if (outer.family === 6 && !isSummed && (settings & VtepFlag.ZeroAccepted) === 0)
        return Reason.VxlanChecksumMissing;
      const usesPolicy = (settings & VtepFlag.GroupPolicy) !== 0;
      const minds = (settings & VtepFlag.ReservedEnds) !== 0;
      if (minds && vxlan.hasReservedBits(view, outer.vxlanAt, usesPolicy))
        return Reason.VxlanReservedBits;
      return outer.isToGroup() && !isGroupOf(vtep, vni) ? Reason.VxlanVniUnknown : Reason.Ok;
    },
  };
}

/** Makes the function that learns behind which end the source of a frame lives, or says why that cannot be. */
function learnOn(
  plane: Plane,
  { roads }: EncapsulationSurroundings,
  outer: OuterPacket,
): (frame: Frame, vni: number, vtep: number, high: number, low: number) => Reason {
  const { remotes, trace } = plane;
  const { tick, inPort, serial } = plane.frames;
  const teacher = { port: 0, serial: 0, tick: 0 };

  function note(step: Step, vtep: number, entry: number): void {
    const { fdb } = remotes[vtep];
    if (entry >= 0)
      trace.note(
        step,
        fdb.placeOf(entry),
        fdb.serialOf(entry),
        fdb.taughtAt(entry),
        fdb.heardAt(entry),
      );
  }

  function noteEnd(vtep: number, end: number): void {
    const { ends } = remotes[vtep];
    const word = (i: number): number => ends.word(end, i) >>> 0;
    trace.note(Step.RemoteWas, word(0), word(1), word(2), word(3));
  }

  function teach(frame: Frame, vni: number, vtep: number, high: number, low: number): void {
    teacher.port = inPort[frame];
    teacher.serial = serial[frame];
    teacher.tick = tick[frame];
    const fresh = remotes[vtep].learn(vni, high, low, outer.source, teacher);
    if (fresh >= 0) roads.plan(vtep, fresh);
  }

  return (frame, vni, vtep, high, low) => {
    const known = remotes[vtep];
    const { fdb } = known;
    const { source } = outer;
    const entry = known.find(vni, high, low, tick[frame]);
    if (plane.isTracing) note(Step.RemoteBefore, vtep, entry);
    const isThere = entry >= 0 && known.isEnd(fdb.portOf(entry), source);
    if (plane.isTracing && entry >= 0 && !isThere) noteEnd(vtep, fdb.portOf(entry));
    if (isThere) fdb.renewAt(entry, tick[frame]);
    else if (entry >= 0 && fdb.kindOf(entry) !== Kind.Dynamic) return Reason.VxlanStationElsewhere;
    else teach(frame, vni, vtep, high, low);
    if (plane.isTracing) note(Step.RemoteAfter, vtep, known.find(vni, high, low, tick[frame]));
    return Reason.Ok;
  };
}

/** Makes the function that gives the packet of a frame the ECN field that follows from the outer one and its own (RFC 6040 §4.2). */
function ecnOn(plane: Plane): (frame: Frame, outerEcn: number) => Reason {
  const { payload, view } = plane.frames;
  const inner = innerOn(plane);

  function write(at: number, isIpv4: boolean, ecn: number): void {
    const was = view.getUint16(at);
    if (isIpv4) {
      const now = (was & ~EcnField.Bits) | ecn;
      view.setUint16(at, now);
      view.setUint16(at + 10, updateChecksum(view.getUint16(at + 10), was, now));
    } else {
      view.setUint16(at, (was & ~(EcnField.Bits << 4)) | (ecn << 4));
    }
  }

  return (frame, outerEcn) => {
    // Nothing becomes of an outer field that says nothing.
    if (outerEcn === Ecn.NotCapable) return Reason.Ok;
    inner.look(frame);
    const { family } = inner;
    if (family === 0) return Reason.Ok;
    const own = inner.tos & EcnField.Bits;
    const ecn = decapsulateEcn(outerEcn, own);
    if (ecn === ECN_DROP) return Reason.VxlanCongested;
    if (ecn !== own) write(payload[frame], family === 4, ecn);
    return Reason.Ok;
  };
}
