/**
 * The short way in: a frame for the MAC of a host that forwards, from a station that is known where it is, at a bridge or a NIC of that host. It does
 * what parse and the bridge, or the NIC, would have done with it, and leaves to them every frame of which it is not sure. See fast-path.ts.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { HostFlag, LinkUse, NetworkFlag, NONE, PortRole } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { fixed } from '../state/fixed.js';
import { Ethernet, EtherType, isGroup } from '../wire/ethernet.js';
import { NO_INTERFACE } from './interfaces.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';
import type { Router } from './router.js';
import type { Tunnels } from './tunnels.js';

/** Makes the function that lets a frame that came by a port in; false when it has to go the long way, as if it had not been here. */
export function fastEntryOn(
  plane: Plane,
  interfaces: Interfaces,
  { hurry }: Router,
  tunnels: Tunnels,
): (frame: Frame, port: number) => boolean {
  const { frames, program, fdbs } = plane;
  const { start, length, wireLength, flags, tick, payload, etherType, packetLength, view } = frames;
  const { host: hostOf, mtu, macHigh, macLow } = interfaces;
  const ifaceAt = entrances(program, interfaces);
  const exists = ifaceAt.some((iface) => iface !== NO_INTERFACE);
  const hasTunnels = program.vteps.rows > 0;

  /** Was its source heard behind this port before? Bridges learn, NICs do not. */
  function isKnown(frame: Frame, network: number, port: number): boolean {
    const at = start[frame];
    const high = view.getUint16(at + 6);
    return !isGroup(high) && fdbs[network].refresh(high, view.getInt32(at + 8), port, tick[frame]);
  }

  return (frame, port) => {
    if (!exists) return false;
    if (hasTunnels && tunnels.hasten(frame, port)) return true;
    const iface = ifaceAt[port];
    if (iface === NO_INTERFACE) return false;
    const at = start[frame];
    const bytes = wireLength[frame] - Ethernet.HeaderLength;
    if (length[frame] < Ethernet.HeaderLength || (flags[frame] & FrameFlag.Offloaded) !== 0)
      return false;
    if (bytes > mtu[iface] || view.getUint16(at + Ethernet.TypeOffset) !== EtherType.Ipv4)
      return false;
    if (view.getUint16(at) !== macHigh[iface] || view.getUint32(at + 2) !== macLow[iface])
      return false;
    if (interfaces.isBridge(iface) && !isKnown(frame, iface, port)) return false;
    etherType[frame] = EtherType.Ipv4;
    payload[frame] = at + Ethernet.HeaderLength;
    packetLength[frame] = bytes;
    const host = hostOf[iface];
    if (hasTunnels && (tunnels.hurry(frame, host) || tunnels.take(frame, host))) return true;
    return hurry(frame, iface, host);
  };
}

/** By port: the interface of a host that forwards, where nothing stands in the way of a frame that has no tag; else NO_INTERFACE. */
function entrances(program: Program, interfaces: Interfaces): Int32Array {
  const { hosts, networks, ports, links } = program;
  const isOpen = (port: number, iface: number): boolean => {
    if (interfaces.isBridge(iface))
      return (
        ports.role[port] === PortRole.Station &&
        (networks.flags[iface] & NetworkFlag.VlanFiltering) === 0
      );
    const link = interfaces.linkOf(iface);
    return links.use[link] === LinkUse.Host && links.below[link] === NONE;
  };
  const open = interfaces.behindPorts(program).map((iface, port) => {
    if (iface === NO_INTERFACE) return iface;
    const host = interfaces.host[iface];
    const forwards = host < hosts.rows && (hosts.flags[host] & HostFlag.Forwards) !== 0;
    return forwards && isOpen(port, iface) ? iface : NO_INTERFACE;
  });
  return fixed(open);
}
