/** The machines of the physical lab that no Docker runs on, as they stand at the ports of its wires. */
import type { NicPlan } from './nic.js';
import type { StationPlan } from './station.js';

/** Where those outside serve by TCP, and say who has called. */
const listens = [{ port: 8080, protocol: 'tcp' }] as const;

/** The router at wire lan0, and all that lies behind it: it has the addresses of the internet itself. */
export const gw: StationPlan = {
  name: 'gw',
  nics: [{ port: 'lan0.gw', mac: '52:54:00:00:00:01', addresses: ['172.16.69.1/24'] }],
  also: ['8.8.8.8', '110.242.68.3'],
  forwards: true,
  listens,
};

/** The same router at wire lan1. */
export const gwAtLan1: StationPlan = {
  ...gw,
  nics: [{ port: 'lan1.gw', mac: '52:54:00:00:00:02', addresses: ['192.168.155.2/24'] }],
};

/** A client at wire lan0 that has nothing to do with Docker. */
export const ext: StationPlan = {
  name: 'ext',
  nics: [{ port: 'lan0.ext', mac: '52:54:00:00:00:50', addresses: ['172.16.69.50/24'] }],
  gateway: '172.16.69.1',
  listens,
};

/** The same client at wire lan1. */
export const extAtLan1: StationPlan = {
  name: 'ext',
  nics: [
    {
      port: 'lan1.ext',
      mac: '52:54:00:00:00:51',
      addresses: ['192.168.155.50/24', '192.168.140.50/24'],
    },
  ],
  listens,
};

/** Somebody at a wire port who is there to ask. */
export function asker(port: string, ...addresses: string[]): StationPlan {
  return { name: 'asker', nics: [{ port, mac: '52:54:00:00:00:99', addresses }] };
}

/** The other Docker host with no container of its own: where only its stack matters, and has to speak first. */
export const h2: StationPlan = {
  name: 'h2',
  nics: [{ port: 'lan0.h2', mac: '52:54:00:f6:70:7b', addresses: ['172.16.69.235/24'] }],
  gateway: '172.16.69.1',
};

/** The wire between NICs that lead out of a lab: a hub, at whose ports everything on it is seen. */
export function hubAt(...ports: string[]): StationPlan {
  const nics = ports.map((port): NicPlan => ({ port, mac: '52:54:00:00:00:00', addresses: [] }));
  return { name: 'hub', nics, repeats: true };
}

/** The station with VLAN sub-interfaces on its first NIC, as `ip link add ... type vlan` makes them: they have its MAC. */
export function withVlans(
  station: StationPlan,
  vlans: Readonly<Record<number, string>>,
): StationPlan {
  const [first] = station.nics;
  if (first === undefined) throw new Error(`${station.name} has no NIC`);
  const nics = Object.entries(vlans).map(([vlan, address]): NicPlan => ({
    ...first,
    vlan: Number(vlan),
    addresses: [address],
  }));
  return { ...station, nics: [...station.nics, ...nics] };
}

/** The station with more addresses on its first NIC. */
export function withAddresses(station: StationPlan, ...addresses: string[]): StationPlan {
  const [first, ...rest] = station.nics;
  if (first === undefined) throw new Error(`${station.name} has no NIC`);
  return {
    ...station,
    nics: [{ ...first, addresses: [...first.addresses, ...addresses] }, ...rest],
  };
}

/** The station, whose NICs take packets of so many bytes. */
export function withMtu(station: StationPlan, mtu: number): StationPlan {
  return { ...station, nics: station.nics.map((nic) => ({ ...nic, mtu })) };
}
