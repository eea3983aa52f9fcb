/**
 * The short way into a tunnel: an IPv4 packet without a tag, from a station that is known behind its port, to one that is known behind another end. It does what
 * parse, the bridge and encapsulate.ts would have done with it, and leaves to them every frame of which it is not sure.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { NetworkFlag, NONE, PortRole } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { fixed } from '../state/fixed.js';
import { Ethernet, EtherType, isGroup } from '../wire/ethernet.js';
import { Ipv4 } from '../wire/ipv4.js';
import { OVERHEAD_IPV4 } from './encapsulate.js';
import type { EncapsulationSurroundings } from './encapsulate.js';
import type { SendOuter } from './outer.js';
import type { Plane } from './plane.js';
import { NO_ROAD } from './tunnel-roads.js';

const NO_VTEP = -1;

/**
 * Makes the function that puts a frame that came by a port of a bridge into a tunnel; false when it has to go the long way, as if it had not been here.
 * `send` writes the outer headers, see outer.ts.
 */
export function fastEncapsulateOn(
  plane: Plane,
  { roads, interfaces }: EncapsulationSurroundings,
  send: SendOuter,
): (frame: Frame, port: number) => boolean {
  const { frames, program, fdbs, remotes } = plane;
  const { start, length, wireLength, payload, etherType, packetLength, flags, tick, view } = frames;
  const { network: networkOf } = program.ports;
  const { mtu } = program.networks;
  const { port: portOf, firstVni } = program.vteps;
  const vtepBeside = fixed(vtepsBeside(program));
  const exists = vtepBeside.some((vtep) => vtep !== NO_VTEP);

  /** The road to the end behind which a station is known, or NO_ROAD. */
  function roadTo(vtep: number, high: number, low: number, now: number): number {
    const known = remotes[vtep];
    const entry = known.find(firstVni[vtep], high, low, now);
    if (entry < 0) return NO_ROAD;
    const road = roads.first[vtep] + known.fdb.portOf(entry);
    return roads.iface[road] === NO_ROAD ? NO_ROAD : road;
  }

  return (frame, port) => {
    if (!exists || vtepBeside[port] === NO_VTEP) return false;
    const vtep = vtepBeside[port];
    const at = start[frame];
    const high = view.getUint16(at);
    const bytes = wireLength[frame] - Ethernet.HeaderLength;
    const network = networkOf[port];
    if (length[frame] < Ethernet.HeaderLength + Ipv4.HeaderLengthMin || bytes > mtu[network])
      return false;
    if (isGroup(high) || view.getUint16(at + Ethernet.TypeOffset) !== EtherType.Ipv4) return false;
    if ((flags[frame] & FrameFlag.Offloaded) !== 0) return false;
    const low = view.getInt32(at + 2);
    const now = tick[frame];
    const fdb = fdbs[network];
    const entry = fdb.find(high, low, now);
    if (entry < 0 || fdb.portOf(entry) !== portOf[vtep]) return false;
    const road = roadTo(vtep, high, low, now);
    if (road === NO_ROAD) return false;
    const outer = wireLength[frame] + OVERHEAD_IPV4;
    if (outer > interfaces.mtu[roads.iface[road]]) return false;
    const from = view.getUint16(at + 6);
    if (isGroup(from) || !fdb.refresh(from, view.getInt32(at + 8), port, now)) return false;
    etherType[frame] = EtherType.Ipv4;
    payload[frame] = at + Ethernet.HeaderLength;
    packetLength[frame] = bytes;
    send(frame, vtep, firstVni[vtep], road, outer);
    return true;
  };
}

/** By port: the only tunnel end of its bridge, over IPv4 and for all that the bridge carries; NO_VTEP where it is not so simple, or something may stand in the way. */
function vtepsBeside({ ports, networks, vteps, vnis }: Program): Int32Array {
  const ends = Int32Array.from({ length: networks.rows }, (_, network) => {
    const here = Array.from(vteps.port, (port, vtep) => ({ port, vtep })).filter(
      ({ port }) => ports.network[port] === network,
    );
    const [one] = here;
    const forbids = NetworkFlag.VlanFiltering | NetworkFlag.InterContainerDisabled;
    if (here.length !== 1 || (networks.flags[network] & forbids) !== 0) return NO_VTEP;
    const { vtep } = one;
    const isPlain =
      vteps.family[vtep] === 4 &&
      vteps.vniCount[vtep] === 1 &&
      vnis.vlan[vteps.firstVni[vtep]] === 0;
    return isPlain ? vtep : NO_VTEP;
  });
  return Int32Array.from(ports.network, (network, port) =>
    network === NONE || (ports.role[port] as PortRole) !== PortRole.Station
      ? NO_VTEP
      : ends[network],
  );
}
