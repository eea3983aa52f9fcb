/**
 * How long packets of a network may be so that they fit into what carries them: the NIC behind a parent or an uplink, and for VXLAN the narrowest interface
 * on the ways to the other ends, as far as the topology knows them, less the headers that come before the packet.
 */
import type { Compiled } from '../compile/compile.js';
import { linkNamed } from '../compile/links.js';
import { ifaceOf } from '../compile/routes.js';
import { IPSEC_BYTES, withoutIpsec } from '../drivers/overlay.js';
import type { Network } from '../model/network.js';
import type { Position } from '../model/position.js';
import type { Vtep } from '../model/vtep.js';
import { interfacesOf } from './interfaces.js';
import type { Interface } from './interfaces.js';
import { waysOf } from './ways.js';

/** Outer IP, UDP and VXLAN, and the Ethernet header inside (RFC 7348 §5). */
const OVERHEAD_IPV4 = 50;
const OVERHEAD_IPV6 = 70;
const TAG_BYTES = 4;

/** What carries the packets of a network, where it is narrowest. */
export interface Underlay {
  /** `node-1.eth1`; of a network that is in VXLAN itself `NETWORK in VXLAN`. */
  readonly interface: string;
  /** Bytes of the largest packet there. */
  readonly mtu_bytes: number;
  /** Where that is written, or what has it by default. */
  readonly at?: Position;
  /** The end to which that is the way; absent where nothing is put into a tunnel. */
  readonly to?: string;
  /** Bytes that come before a packet. */
  readonly overhead_bytes: number;
  /** What is left. */
  readonly fits_bytes: number;
}

/** Makes the function that says what carries a network; undefined where its packets do not leave the host but by being routed. */
export function underlaysOf(compiled: Compiled): (network: Network) => Underlay | undefined {
  const interfaces = interfacesOf(compiled);
  const asked = new Set<Network>();

  function linkCalled(host: string, name: string | undefined): Interface | undefined {
    const link = name === undefined ? -1 : linkNamed(compiled.links, host, name);
    return interfaces.get(link < 0 ? -1 : ifaceOf(compiled, link));
  }

  /** What an interface takes: of a bridge also not more than fits through it. */
  function narrowed(one: Interface): Pick<Underlay, 'interface' | 'mtu_bytes' | 'at'> {
    const { name, mtu_bytes, at, network } = one;
    const through = network === undefined ? undefined : underlayOf(network);
    if (through !== undefined && through.fits_bytes < mtu_bytes) {
      const isTunnel = through.to !== undefined;
      const { fits_bytes, at: below } = through;
      return {
        interface: isTunnel ? `${name} in VXLAN` : through.interface,
        mtu_bytes: fits_bytes,
        ...(below && { at: below }),
      };
    }
    return { interface: name, mtu_bytes, ...(at && { at }) };
  }

  function throughTunnel(network: Network, vtep: Vtep): Underlay[] {
    const overhead = overheadOf(network, vtep);
    const { isEncrypted = false } = network;
    return waysOf(compiled, interfaces, vtep).flatMap(({ to, interfaces: way }) =>
      way.map((one) => {
        const narrow = narrowed(one);
        const left = narrow.mtu_bytes - overhead;
        return {
          ...narrow,
          to,
          overhead_bytes: overhead + (isEncrypted ? IPSEC_BYTES : 0),
          fits_bytes: isEncrypted ? withoutIpsec(left) : left,
        };
      }),
    );
  }

  function underlayOf(network: Network): Underlay | undefined {
    // A tunnel whose way leads through itself has no other limit than the rest of its ways.
    if (asked.has(network)) return undefined;
    asked.add(network);
    const { host, macvlan, ipvlan, bridge, vteps = [] } = network;
    const below = linkCalled(host, (macvlan ?? ipvlan)?.parent?.value ?? bridge?.uplink?.nic.value);
    const all = [
      ...(below === undefined ? [] : [plain(below)]),
      ...vteps.flatMap((vtep) => throughTunnel(network, vtep)),
    ];
    asked.delete(network);
    return all.sort((one, other) => one.fits_bytes - other.fits_bytes)[0];
  }

  return underlayOf;
}

function plain({ name, mtu_bytes, at }: Interface): Underlay {
  const bytes = { mtu_bytes, overhead_bytes: 0, fits_bytes: mtu_bytes };
  return { interface: name, ...bytes, ...(at && { at }) };
}

/** Containers of an overlay send no tags; whoever writes inner_tags has stations that do. */
function overheadOf({ driver }: Network, { family, innerTags }: Vtep): number {
  const keepsTags = innerTags.value && driver.value !== 'overlay';
  return (family === 4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6) + (keepsTags ? TAG_BYTES : 0);
}
