/**
 * The learning bridge: IEEE 802.1Q §8.6, with the order of checks of Linux (br_input.c) and what Docker puts around it. Most do not look at
 * VLANs; one that does (vlan.ts) knows stations by VLAN and MAC. A wire is a bridge, too.
 *
 * In this order: a packet larger than the MTU of the network never entered its port; a source that no station can have ends the
 * frame; PAUSE belongs to one link; the source is learned, also from reserved addresses (as Linux does) but for the PAUSE address;
 * reserved addresses stay on their link unless the mask lets them pass; groups are flooded; a known station gets the frame alone,
 * unless the port it came from, isolation or `enable_icc: "false"` stand against it; an unknown one is looked for everywhere.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { NetworkFlag, PortFlag } from '../program/layout.js';
import { Ethernet, EtherType, isGroup, isLinkLocalGroup, isZero } from '../wire/ethernet.js';
import * as ethernet from '../wire/ethernet.js';
import { LOCAL_PORT } from './plane.js';
import type { Plane } from './plane.js';
import { Action, consume, drop, send } from './verdict.js';
import type { Verdict } from './verdict.js';
import { admitOn, carries, filterOn } from './vlan.js';

const PAUSE_ADDRESS = 1;

/** Decides about a parsed frame that comes to a bridge by one of its ports. */
export type Bridge = (frame: Frame, inPort: number) => Verdict;

export function bridgeOn(plane: Plane): Bridge {
  const { start, packetLength, etherType, tick, serial, inPort: origin, view } = plane.frames;
  const { mtu, groupForwardMask, flags: networkFlags } = plane.program.networks;
  const { network: networkOf, flags } = plane.program.ports;
  const { fdbs } = plane;
  const mayContact = contactOn(plane);
  const admit = admitOn(plane);
  const filterFor = filterOn(plane);
  const anyFilters = networkFlags.some((bits) => (bits & NetworkFlag.VlanFiltering) !== 0);

  function filters(network: number): boolean {
    return anyFilters && (networkFlags[network] & NetworkFlag.VlanFiltering) !== 0;
  }

  function toGroup(frame: Frame, network: number, high: number, low: number): Verdict {
    if (isLinkLocalGroup(high, low) && ((groupForwardMask[network] >>> (low & 0xf)) & 1) === 0)
      return drop(Reason.ReservedAddress);
    return mayContact(frame, network) ? Action.Flood : drop(Reason.InterContainerDisabled);
  }

  function towards(frame: Frame, network: number, inPort: number, port: number): Verdict {
    if (port === LOCAL_PORT) return consume(Reason.GatewayAddress);
    if (port === inPort && (flags[port] & PortFlag.Hairpin) === 0) return drop(Reason.Reflection);
    if ((flags[port] & flags[inPort] & PortFlag.Isolated) !== 0) return drop(Reason.PortIsolated);
    if (filters(network) && !carries(plane.program, port, plane.vlan))
      return drop(Reason.VlanNotAdmitted);
    return mayContact(frame, network) ? send(port) : drop(Reason.InterContainerDisabled);
  }

  return (frame, inPort) => {
    const network = networkOf[inPort];
    const at = start[frame];
    if (packetLength[frame] > mtu[network]) return drop(Reason.MtuExceeded);
    const sourceHigh = ethernet.sourceHigh(view, at);
    const sourceLow = ethernet.sourceLow(view, at);
    if (isGroup(sourceHigh) || isZero(sourceHigh, sourceLow))
      return drop(Reason.SourceAddressInvalid);
    if (etherType[frame] === EtherType.MacControl) return drop(Reason.PauseFrame);

    const high = ethernet.destinationHigh(view, at);
    const low = ethernet.destinationLow(view, at);
    const fdb = fdbs[network];
    const now = tick[frame];
    let from = 0;
    let to = 0;
    if (filters(network)) {
      const reason = admit(frame, inPort);
      if (reason !== Reason.Ok) return drop(reason);
      from = filterFor(network, sourceHigh, sourceLow, now);
      to = filterFor(network, high, low, now);
    }
    if (!isLinkLocalGroup(high, low) || (low & 0xf) !== PAUSE_ADDRESS)
      fdb.learn(from | sourceHigh, sourceLow, inPort, serial[frame], now, origin[frame]);
    if (isGroup(high)) return toGroup(frame, network, high, low);

    const entry = fdb.find(to | high, low, now);
    if (entry >= 0) return towards(frame, network, inPort, fdb.portOf(entry));
    return mayContact(frame, network) ? Action.Flood : drop(Reason.InterContainerDisabled);
  };
}

/**
 * Makes the function that says whether one port may speak to another at all. `enable_icc: "false"` is iptables rules in Docker, so it
 * stops IP packets and nothing else: ARP passes, and so does IP behind a VLAN tag (Linux: bridge-nf-filter-vlan-tagged is off).
 */
function contactOn({ frames, program }: Plane): (frame: Frame, network: number) => boolean {
  const { start, payload, etherType } = frames;
  const { flags } = program.networks;
  return (frame, network) => {
    if ((flags[network] & NetworkFlag.InterContainerDisabled) === 0) return true;
    if (payload[frame] !== start[frame] + Ethernet.HeaderLength) return true;
    const type = etherType[frame];
    return type !== EtherType.Ipv4 && type !== EtherType.Ipv6;
  };
}
