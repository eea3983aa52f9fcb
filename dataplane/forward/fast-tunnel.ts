/**
 * The short way out of a tunnel: what most outer packets are, plain in every respect, from an end behind which the source inside is known to be. It does what
 * decapsulate.ts does, and leaves to that every packet of which it is not sure.
 */
import type { Frame } from '../frame/frames.js';
import { NetworkFlag, NONE, PortRole, ReversePath } from '../program/layout.js';
import { VtepFlag } from '../program/vxlan-layout.js';
import type { Program } from '../program/program.js';
import { Exact } from '../state/exact.js';
import { fixed } from '../state/fixed.js';
import { isRight } from '../wire/checksum.js';
import { Ethernet, EtherType, isGroup } from '../wire/ethernet.js';
import { fixedSum, Ipv4, Protocol } from '../wire/ipv4.js';
import { Udp } from '../wire/udp.js';
import { isTag } from '../wire/vlan.js';
import { Vxlan } from '../wire/vxlan.js';
import type { EncapsulationSurroundings } from './encapsulate.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';

/** Bytes from an IPv4 header without options to the frame inside. */
const HEADERS = Ipv4.HeaderLengthMin + Udp.HeaderLength + Vxlan.HeaderLength;
/** Version, header length and ECN, in the first word of such a header; and what they are where nothing met congestion. */
const PLAIN_BITS = 0xff03_0000 | 0;
const PLAIN = 0x4500_0000;
/** More fragments, or not the first one. */
const FRAGMENT = 0x3fff;
const NO_PORT = -1;
const NO_VNI = -1;

/**
 * Makes the function that takes the frame out of an IPv4 packet for a host; false when the long way has to be gone, as if it had not been here. `enter` lets a
 * frame of a VNI into its bridge.
 */
export function fastTunnelOn(
  plane: Plane,
  { interfaces, roads, queue }: EncapsulationSurroundings,
  enter: (frame: Frame, vni: number) => void,
): (frame: Frame, host: number) => boolean {
  const { frames, program, remotes, fdbs } = plane;
  const { start, length, wireLength, payload, etherType, packetLength, tick, view } = frames;
  const { vtep: vtepOf } = program.vnis;
  const { port: portOf } = program.vteps;
  const { network: networkOf, role } = program.ports;
  const { mtu } = program.networks;
  const { ends, isHost } = plainEnds(program, interfaces);
  const isOpen = openBridges(program);

  // What was looked up last: mostly it is the same again.
  let lastHost = NONE;
  let lastPort = 0;
  let lastWord = 0;
  let lastTo = 0;
  let lastVni = NO_VNI;

  function vniFor(host: number, port: number, word: number, to: number): number {
    const isSame = word === lastWord && to === lastTo && port === lastPort && host === lastHost;
    if (isSame) return lastVni;
    lastHost = host;
    lastPort = port;
    lastWord = word;
    lastTo = to;
    lastVni = ends.find(host, 0, port, word, to);
    return lastVni;
  }

  /** Is it such a packet, whole and without padding? */
  function isPlain(at: number, here: number): boolean {
    const udpAt = at + Ipv4.HeaderLengthMin;
    if ((view.getInt32(at) & PLAIN_BITS) !== PLAIN) return false;
    if (view.getUint8(at + 9) !== Protocol.Udp || (view.getUint16(at + 6) & FRAGMENT) !== 0)
      return false;
    // Lengths, and a checksum of 0; then the flags.
    if (view.getUint16(at + 2) !== here - at) return false;
    if (view.getInt32(udpAt + 4) !== (here - udpAt) << 16) return false;
    if (view.getInt32(udpAt + Udp.HeaderLength) !== Vxlan.FlagVni) return false;
    return isRight(fixedSum(view, at));
  }

  /** Is the source of the frame at `at` known to be behind this end? Then it was heard once more. */
  function isKnown(vni: number, at: number, source: number, now: number): boolean {
    const vtep = vtepOf[vni];
    const known = remotes[vtep];
    const entry = known.find(vni, view.getUint16(at + 6), view.getInt32(at + 8), now);
    if (entry < 0) return false;
    const { fdb } = known;
    if (roads.end[4 * (roads.first[vtep] + fdb.portOf(entry)) + 3] !== source) return false;
    fdb.renewAt(entry, now);
    return true;
  }

  /** The port behind which the bridge knows the station that a frame out of a tunnel is for, if nothing stands in the way; else NO_PORT. */
  function portFor(frame: Frame, vni: number): number {
    const at = start[frame];
    const tunnel = portOf[vtepOf[vni]];
    const network = networkOf[tunnel];
    const high = view.getUint16(at);
    if (isOpen[network] === 0 || isGroup(high) || packetLength[frame] > mtu[network])
      return NO_PORT;
    if (etherType[frame] === EtherType.MacControl) return NO_PORT;
    const fdb = fdbs[network];
    const now = tick[frame];
    const entry = fdb.find(high, view.getInt32(at + 2), now);
    if (entry < 0) return NO_PORT;
    const port = fdb.portOf(entry);
    if (port === tunnel || (role[port] as PortRole) !== PortRole.Station) return NO_PORT;
    const isKnown = fdb.refresh(view.getUint16(at + 6), view.getInt32(at + 8), tunnel, now);
    return isKnown ? port : NO_PORT;
  }

  return (frame, host) => {
    if (isHost[host] !== 1) return false;
    const at = payload[frame];
    const begin = start[frame];
    const here = begin + length[frame];
    const inside = at + HEADERS;
    if (inside + Ethernet.HeaderLength > here || wireLength[frame] !== here - begin) return false;
    if (!isPlain(at, here)) return false;
    const port = view.getUint16(at + Ipv4.HeaderLengthMin + 2);
    const vni = vniFor(host, port, view.getInt32(inside - 4), view.getInt32(at + 16));
    const type = view.getUint16(inside + Ethernet.TypeOffset);
    if (vni < 0 || isTag(type)) return false;
    if (!isKnown(vni, inside, view.getInt32(at + 12), tick[frame])) return false;
    start[frame] = inside;
    length[frame] = here - inside;
    wireLength[frame] = here - inside;
    payload[frame] = inside + Ethernet.HeaderLength;
    etherType[frame] = type;
    packetLength[frame] = here - inside - Ethernet.HeaderLength;
    const out = portFor(frame, vni);
    if (out === NO_PORT) enter(frame, vni);
    else queue(frame, out);
    return true;
  };
}

/** By network: 1 where a bridge minds neither VLANs nor who speaks to whom. */
function openBridges({ networks }: Program): Uint8Array {
  const minds = NetworkFlag.VlanFiltering | NetworkFlag.InterContainerDisabled;
  return fixed(Uint8Array.from(networks.flags, (flags) => ((flags & minds) === 0 ? 1 : 0)));
}

/** VNIs, by host, port, last word of the VXLAN header, and address; of those whose tunnel end asks for nothing special. */
function plainEnds(
  { hosts, vteps, vnis, addresses }: Program,
  { count, host: hostOf, firstOwn, ownCount }: Interfaces,
): { ends: Exact; isHost: Uint8Array } {
  const plain = Array.from(vnis.vtep, (vtep, vni) => ({ vtep, vni })).filter(
    ({ vtep, vni }) =>
      vteps.family[vtep] === 4 &&
      vnis.vlan[vni] === 0 &&
      (vteps.flags[vtep] & VtepFlag.Learns) !== 0 &&
      hosts.reversePath[vteps.host[vtep]] === ReversePath.Unchecked,
  );
  const ends = new Exact(plain.length * addresses.rows);
  const isHost = new Uint8Array(hosts.rows);
  for (const { vtep, vni } of plain) {
    const host = vteps.host[vtep];
    isHost[host] = 1;
    for (let iface = 0; iface < count; iface++) {
      if (hostOf[iface] !== host || hostOf[iface] === NONE) continue;
      for (let row = firstOwn[iface]; row < firstOwn[iface] + ownCount[iface]; row++)
        if ((addresses.word0[row] | addresses.word1[row] | addresses.word2[row]) === 0)
          ends.put(host, 0, vteps.udpPort[vtep], vnis.vni[vni] << 8, addresses.word3[row], vni);
    }
  }
  return { ends, isHost };
}
