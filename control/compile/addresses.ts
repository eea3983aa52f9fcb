/** The addresses by which the hosts can be reached: the gateways of their bridge networks, then those of their NICs. */
import { parseBlock } from '../address.js';
import type { Lab, Nic } from '../model/lab.js';
import type { Network } from '../model/network.js';
import type { Value } from '../model/position.js';

/** Rows of `addresses`. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** An address without its prefix length. */
export interface HostAddress extends Value<string> {
  /** Bits of its subnet, of 128: an IPv4 prefix has 96 more. */
  readonly prefix: number;
}

const NOTHING: Rows = { first: 0, count: 0 };

/** The rows of `addresses`, those of a host together, and within them those of a NIC. */
export class HostAddresses {
  readonly addresses: HostAddress[] = [];
  private readonly hosts = new Map<string, Rows>();
  private readonly nics = new Map<Nic, Rows>();
  private readonly bridges = new Map<Network, Rows>();

  ofHost(name: string): Rows {
    return this.hosts.get(name) ?? NOTHING;
  }

  ofNic(nic: Nic): Rows {
    return this.nics.get(nic) ?? NOTHING;
  }

  /** Those of the gateway of a bridge. */
  ofBridge(network: Network): Rows {
    return this.bridges.get(network) ?? NOTHING;
  }

  add(host: string, networks: readonly Network[], nics: readonly Nic[]): void {
    const first = this.addresses.length;
    for (const network of networks) {
      const own = network.pools.flatMap(({ subnet, gateway }) =>
        gateway ? [{ ...gateway, prefix: prefixOf(subnet.value) }] : [],
      );
      this.bridges.set(network, {
        first: this.addresses.push(...own) - own.length,
        count: own.length,
      });
    }
    for (const nic of nics) {
      const own = nic.addresses.map(({ value, at }) => {
        const plain = value.slice(0, value.indexOf('/'));
        return { value: plain, prefix: prefixOf(value), ...(at && { at }) };
      });
      this.nics.set(nic, { first: this.addresses.push(...own) - own.length, count: own.length });
    }
    this.hosts.set(host, { first, count: this.addresses.length - first });
  }
}

function prefixOf(cidr: string): number {
  const { family, prefixLength } = parseBlock(cidr)?.block ?? { family: 6, prefixLength: 128 };
  return prefixLength + (family === 4 ? 96 : 0);
}

export function addressesOf({ hosts }: Lab, networks: readonly Network[]): HostAddresses {
  const all = new HostAddresses();
  for (const { name, nics } of hosts) {
    all.add(
      name,
      networks.filter(({ host }) => host === name),
      nics,
    );
  }
  return all;
}
