/** VNIs over a wire between hosts: who hears whom, whatever the topology and whatever the traffic. */
import fc from 'fast-check';
import test from 'ava';
import { macOfName } from '../../control/address.js';
import { Ends, inner } from './ends.js';
import { EVERYBODY } from './lab.js';

interface Topology {
  readonly hosts: number;
  /** Where each container is: its host, and its VNI, 0 to 2. */
  readonly containers: readonly { readonly host: number; readonly vni: number }[];
  readonly group: boolean;
  readonly ipv6: boolean;
}

/** Each host has a bridge for each VNI of which it has a container, with a tunnel end that knows all other hosts. */
function labOf({ hosts, containers, group, ipv6 }: Topology): string {
  const numbers = Array.from({ length: hosts }, (_, host) => host);
  const addressOf = (host: number): string =>
    ipv6 ? `fd99::${host + 1}` : `192.168.99.${host + 1}`;
  const declared = numbers.map((host) => {
    const address = `${addressOf(host)}/${ipv6 ? 64 : 24}`;
    return `  h${host}: { nics: { eth0: { wire: lan, mac: "02:00:00:00:01:0${host}", addresses: ["${address}"] } } }`;
  });
  const services = containers.map(
    ({ host, vni }, i) => `  c${i}: { x-host: h${host}, networks: { n${host}-${vni}: {} } }`,
  );
  const places = new Set(containers.map(({ host, vni }) => `${host}-${vni}`));
  const networks = [...places].map((place) => {
    const [host = 0, vni = 0] = place.split('-').map(Number);
    const others = numbers
      .filter((other) => other !== host)
      .map((other) => `"${addressOf(other)}"`);
    const to = group
      ? `group: ${ipv6 ? '"ff05::1"' : `239.0.0.${1 + vni}`}, dev: eth0`
      : `remotes: [${others.join(', ')}]`;
    return `  n${place}: { x-host: h${host}, x-vxlan: { vx${vni}: { vni: ${500 + vni}, ${to} } } }`;
  });
  return [
    'x-wires: { lan: {} }',
    'x-hosts:',
    ...declared,
    'services:',
    ...services,
    'networks:',
    ...networks,
  ].join('\n');
}

const topologies: fc.Arbitrary<Topology> = fc.integer({ min: 2, max: 4 }).chain((hosts) =>
  fc.record({
    hosts: fc.constant(hosts),
    containers: fc.array(
      fc.record({
        host: fc.integer({ min: 0, max: hosts - 1 }),
        vni: fc.integer({ min: 0, max: 2 }),
      }),
      { minLength: 2, maxLength: 9 },
    ),
    group: fc.boolean(),
    ipv6: fc.boolean(),
  }),
);

const frames = fc.array(
  fc.record({
    from: fc.nat({ max: 8 }),
    /** To this container, or to everybody. */
    to: fc.option(fc.nat({ max: 8 })),
    /** It speaks as this one, so that the same MAC is in several VNIs. */
    as: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Each frame is another one. */
const marked = (number: number, to: string, from: string): string =>
  inner({ port: 1 + number }, { to, from });

const macOf = (station: number): string => macOfName(`station ${station % 4}`).replaceAll(':', '');

/** Where a bridge believes a MAC to be: behind a container, or in the tunnel. */
type Place = number | 'tunnel';

/** The same on paper: what each bridge and each tunnel end has heard, and from where. */
class Naive {
  private readonly bridges = new Map<string, Map<string, Place>>();
  private readonly tunnels = new Map<string, Map<string, number>>();

  constructor(private readonly topology: Topology) {}

  /** Who gets a frame of a container, ascending. */
  hearers(sender: number, destination: string, source: string): number[] {
    const { host = 0, vni = 0 } = this.topology.containers[sender] ?? {};
    const { here, isTunneled } = this.cross(host, vni, sender, destination, source);
    const there = isTunneled ? this.through(host, vni, destination, source) : [];
    return [...here, ...there].sort((one, other) => one - other);
  }

  /** A frame comes to the bridge of a VNI on a host. */
  private cross(
    host: number,
    vni: number,
    from: Place,
    destination: string,
    source: string,
  ): { here: number[]; isTunneled: boolean } {
    const known = tableOf(this.bridges, host, vni);
    known.set(source, from);
    const place = destination === EVERYBODY ? undefined : known.get(destination);
    const members = this.topology.containers.flatMap((one, i) =>
      one.host === host && one.vni === vni && i !== from ? [i] : [],
    );
    if (place === undefined) return { here: members, isTunneled: from !== 'tunnel' };
    return {
      here: members.filter((member) => member === place),
      isTunneled: place === 'tunnel' && from !== 'tunnel',
    };
  }

  private through(host: number, vni: number, destination: string, source: string): number[] {
    const end =
      destination === EVERYBODY ? undefined : tableOf(this.tunnels, host, vni).get(destination);
    const others = new Set(
      this.topology.containers.flatMap((one) =>
        one.vni === vni && one.host !== host ? [one.host] : [],
      ),
    );
    return [...others].flatMap((other) => {
      if (end !== undefined && other !== end) return [];
      tableOf(this.tunnels, other, vni).set(source, host);
      return this.cross(other, vni, 'tunnel', destination, source).here;
    });
  }
}

function tableOf<P>(
  tables: Map<string, Map<string, P>>,
  host: number,
  vni: number,
): Map<string, P> {
  const key = `${host} ${vni}`;
  const table = tables.get(key) ?? new Map<string, P>();
  tables.set(key, table);
  return table;
}

for (const isTraced of [false, true])
  test(`VX-8, VX-9, VX-10: property: frames reach whom the bridges and tunnel ends of their VNI believe them to be for, as on paper, and never another VNI${isTraced ? ': traced' : ''}`, (t) => {
    fc.assert(
      fc.property(topologies, frames, (topology, story) => {
        const { containers } = topology;
        const ends = new Ends(labOf(topology), { isTraced });
        const naive = new Naive(topology);
        for (const [number, { from, to, as }] of story.entries()) {
          const sender = from % containers.length;
          const destination = to === null ? EVERYBODY : macOf(to);
          const digits = marked(number, destination, macOf(as));
          const { left } = ends.pass({ port: `c${sender}`, digits, tick: number });
          const hearers = left.map((one) => [Number(one.port.slice(1)), one.digits]);
          t.deepEqual(
            hearers.sort(([one = 0], [other = 0]) => Number(one) - Number(other)),
            naive.hearers(sender, destination, macOf(as)).map((hearer) => [hearer, digits]),
          );
        }
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });
