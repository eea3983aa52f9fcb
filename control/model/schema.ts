import { z } from 'zod';

import { SERVICE_IGNORED, TOP_LEVEL_IGNORED } from './compose-keys.js';
import { mapping } from './mapping.js';
import { INDEPENDENT } from './nat.js';
import { overlay, swarm, vxlan } from './vxlan-schema.js';

/**
 * The shape of a topology file: the Compose format plus our `x-` keys. Only shape: what addresses, names and options mean is
 * checked afterwards, with Docker's own words. The JSON Schema for editors comes from the same definitions.
 */

function ignored<K extends string>(keys: readonly K[]) {
  const anything = z.unknown().optional().describe('Accepted, says nothing about packets.');
  return Object.fromEntries(keys.map((key) => [key, anything])) as Record<K, typeof anything>;
}

const text = z.string();
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const name = z.union([z.string(), z.number()]);
const options = z.record(z.string(), scalar.nullable());
const switched = z.boolean().nullish();
const texts = z.union([z.string(), z.array(z.string())]).nullish();
const hostName = text.nullish().describe('The emulated host (a key of x-hosts) this lives on.');
const mac = text.describe('Six bytes, 02:42:ac:12:00:02.');
const address = text.describe('An IPv4 or IPv6 address.');

/** What a port is joined to while the lab is up. `nullish` because Compose reads an empty key as one that is not there. */
const live = {
  interface: text.nullish().describe('up: the port is this interface of the machine.'),
  driver: z
    .enum(['packet', 'capture'])
    .nullish()
    .describe('How the interface is reached: packet (AF_PACKET, default) or capture (libpcap).'),
  tap: text.nullish().describe('up: the port is this TAP, which a VM or another program holds.'),
  owner: text.nullish().describe('The TAP is made for this user, and removed again.'),
  play: text.nullish().describe('up: the frames of this capture come in by the port.'),
  speed: text
    .nullish()
    .describe('captured (default), max, a multiple such as 2x, or a rate: 500pps, 10kpps, 1Mpps.'),
  record: text.nullish().describe('up: a pcapng of everything that passes the port.'),
};

/** A port of a bridge that filters VLANs: the columns that Open vSwitch has for it. */
const vlan = {
  vlan_mode: z
    .enum(['access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel'])
    .nullish()
    .describe('Default: access where there is a tag, trunk where there is none.'),
  tag: z.number().nullish().describe('The VLAN of untagged frames, 1..4094.'),
  trunks: z.array(z.number()).nullish().describe('The VLANs of a trunk, 0..4094; default: all.'),
  cvlans: z
    .array(z.number())
    .nullish()
    .describe('The inner VLANs that a tunnel takes, 0..4094; default: all.'),
  priority_tags: z
    .enum(['never', 'if-nonzero', 'always'])
    .nullish()
    .describe('When an untagged frame leaves with a tag of VLAN 0 that keeps its priority.'),
  qinq_ethtype: z
    .enum(['802.1ad', '802.1q'])
    .nullish()
    .describe('The outer tag that a tunnel puts on; default: 802.1ad.'),
};

const port = mapping({
  hairpin: switched.describe('The bridge may send a frame back out of the port it came from.'),
  isolated: switched.describe('Isolated ports never reach each other.'),
  sources: z
    .array(mac)
    .nullish()
    .describe('macvlan in source mode: the MACs whose frames it gets.'),
  nodst: switched.describe('macvlan in source mode: those frames go nowhere else.'),
  ...vlan,
  ...live,
});

const attachment = mapping({
  aliases: z.array(text).nullish(),
  ipv4_address: text.nullish(),
  ipv6_address: text.nullish(),
  link_local_ips: z.array(text).nullish(),
  mac_address: mac.nullish(),
  driver_opts: options.nullish(),
  interface_name: text.nullish().describe('The name of the NIC inside the sandbox.'),
  priority: z.number().nullish(),
  gw_priority: z.number().nullish(),
  'x-port': port.nullish().describe('The bridge port, and what it is joined to.'),
});

const publishedPort = mapping({
  name: text.nullish().describe('Accepted, says nothing about packets.'),
  mode: z
    .enum(['host', 'ingress'])
    .nullish()
    .describe('Accepted: a lab is no swarm, so both are the same.'),
  host_ip: text
    .nullish()
    .describe('The address of the host; default: host_binding_ipv4 of the network, else all.'),
  target: name.describe('The port in the container.'),
  published: name
    .nullish()
    .describe('The port, or range of ports, on the host; default: the first free from 32768 up.'),
  protocol: text.nullish().describe('tcp (default) or udp.'),
  app_protocol: text.nullish().describe('Accepted, says nothing about packets.'),
});

const deploy = z.looseObject({
  placement: z.looseObject({ constraints: z.array(text).nullish() }).nullish(),
});

const service = mapping({
  ...ignored(SERVICE_IGNORED),
  container_name: text.nullish(),
  hostname: text.nullish(),
  command: texts.describe('The program that runs in the sandbox while the lab is up.'),
  entrypoint: texts.describe('What stands before the words of command.'),
  environment: z
    .union([z.array(text), z.record(z.string(), scalar.nullable())])
    .nullish()
    .describe('Variables of that program: NAME: value, or NAME=value.'),
  working_dir: text.nullish(),
  networks: z
    .union([z.array(text), z.record(z.string(), attachment.nullable())])
    .nullish()
    .describe('The networks this sandbox joins: names, or names with settings.'),
  network_mode: text
    .nullish()
    .describe('none, host, bridge, service:NAME, container:NAME or a network.'),
  mac_address: mac.nullish().describe('The MAC of the first endpoint.'),
  ports: z
    .array(z.union([name, publishedPort]))
    .nullish()
    .describe('[IP:][PORT-OF-HOST:]PORT[/PROTOCOL]: what of the container the host makes known.'),
  expose: z.array(name).nullish(),
  dns: texts,
  dns_search: texts,
  dns_opt: z.array(text).nullish(),
  links: z.array(text).nullish(),
  extra_hosts: z
    .union([z.array(text), z.record(z.string(), z.union([text, z.array(text)]))])
    .nullish(),
  deploy: deploy.nullish(),
  'x-host': hostName,
  'x-port': port.nullish().describe('The same for the port of the only endpoint.'),
});

const pool = mapping({
  subnet: text.nullish(),
  ip_range: text.nullish(),
  gateway: address.nullish(),
  aux_addresses: z.record(z.string(), text).nullish(),
});

const uplink = mapping({ nic: text.describe('eth0, or eth0.50 for VLAN 50 of it.'), ...vlan });

const bridge = mapping({
  mac: mac.nullish().describe('The MAC of the bridge itself, which is that of the gateway.'),
  ageing: z
    .union([text, z.number()])
    .nullish()
    .describe('How long a silent station is remembered: 0s, or 10s to 1000000s. Default 300s.'),
  group_fwd_mask: z
    .union([text, z.number()])
    .nullish()
    .describe('Bit n set: 01-80-C2-00-00-0n is forwarded. 0..0xffff, default 0x0001.'),
  fdb_max_learned: z
    .number()
    .nullish()
    .describe('How many stations are remembered at the most. 1..1048576, default 8192.'),
  stations: z
    .array(
      mapping({
        mac,
        port: text.describe('The port behind which it lives: c1, or c1.net.'),
        sticky: switched.describe('It also refuses to move.'),
      }),
    )
    .nullish()
    .describe('Stations nailed to a port; they never age.'),
  vlan_filtering: switched.describe('The bridge keeps VLANs apart; otherwise tags are payload.'),
  uplink: z
    .union([text, uplink])
    .nullish()
    .describe('A NIC of the host, or a VLAN of one (eth0.50), that is one more port.'),
});

const network = mapping({
  name: text.nullish(),
  driver: text.nullish(),
  driver_opts: options.nullish(),
  ipam: mapping({
    driver: text.nullish(),
    config: z.array(pool).nullish(),
    options: options.nullish(),
  }).nullish(),
  internal: switched,
  attachable: switched,
  enable_ipv4: switched,
  enable_ipv6: switched,
  external: z.union([z.boolean(), mapping({ name: text.nullish() })]).nullish(),
  labels: z.unknown().optional(),
  'x-host': hostName,
  'x-bridge': bridge.nullish().describe('Settings of the learning bridge.'),
  'x-vxlan': z
    .record(z.string(), vxlan.nullable())
    .nullish()
    .describe('Ports of the bridge that are VXLAN tunnel end points, by their names.'),
  'x-overlay': overlay.nullish().describe('What else becomes of an overlay network.'),
});

const nic = mapping({
  wire: text
    .nullish()
    .describe('The segment (a key of x-wires) it is plugged into; without one it is a port.'),
  mac: mac.nullish(),
  addresses: z.array(text).nullish().describe('With prefix length: 192.168.99.1/24.'),
  mtu: z.number().nullish(),
  ...live,
});

const route = mapping({
  to: text.describe('A subnet, or default.'),
  via: address.nullish().describe('The router.'),
  dev: text.nullish().describe('A NIC of the host, or a VLAN of one.'),
  metric: z
    .number()
    .nullish()
    .describe('Of routes to one subnet the one with the lowest counts. Default 0, of IPv6 1024.'),
  type: z
    .enum(['blackhole', 'unreachable', 'prohibit'])
    .nullish()
    .describe(
      'It leads nowhere: in silence, or the sender hears that it is unreachable or prohibited.',
    ),
});

const host = mapping({
  nics: z.record(z.string(), nic.nullable()).nullish(),
  gateway: address.nullish().describe('The router of the default route.'),
  routes: z.array(route).nullish().describe('Routes besides the default one.'),
  forward: switched.describe('It passes on packets that are for others. Default: true.'),
  arp_ignore: z
    .number()
    .nullish()
    .describe(
      'ARP for its addresses is answered 0: on all interfaces (default), 1: on the one that has the address, 2: there, and in the same subnet, 8: nowhere.',
    ),
  send_redirects: switched.describe(
    'Who sends by way of it what has a shorter way hears of it. Default: true.',
  ),
  rp_filter: z
    .literal([0, 1, 2])
    .nullish()
    .describe(
      'Is the source of IPv4 packets checked against the routes? 0 (default): no; 1: strictly; 2: loosely.',
    ),
});

/** A port, or two with "-" between. */
const ports = z.union([text, z.number()]);
const natRule = mapping({
  snat: text.nullish().describe('Sources are translated: those in this subnet.'),
  dnat: text
    .nullish()
    .describe('Destinations are translated: this address, or local for all of the host.'),
  to: text.describe(
    'To this address, or one of FIRST-LAST; of sources masquerade: to that of out.',
  ),
  out: text.nullish().describe('snat: what leaves by this NIC of the host, or VLAN of one.'),
  in: text.nullish().describe('dnat: what comes by this NIC of the host, or VLAN of one.'),
  protocol: z.enum(['tcp', 'udp', 'icmp']).nullish().describe('Default: any.'),
  source_ports: ports.nullish().describe('snat: what comes from these ports, FIRST-LAST.'),
  ports: ports.nullish().describe('snat: to these ports; default: as it was, if it is free.'),
  port: ports.nullish().describe('dnat: what is for these ports, FIRST-LAST.'),
  to_port: ports.nullish().describe('dnat: to these ports, one for one; default: as it was.'),
  select: z
    .enum(['hash', 'sequential', 'random', 'persistent'])
    .nullish()
    .describe('Which of a range a new connection gets; persistent: one source, one address.'),
  seed: z
    .number()
    .nullish()
    .describe('Of select: random, and of every port drawn in the profile rfc4787. Default 0.'),
});

/** `5m`. */
const duration = z.union([text, z.number()]).nullish();
const timeouts = mapping({
  udp: duration.describe('UDP; rfc4787: from 120s, default 300s; linux: 30s, a stream 120s.'),
  icmp: duration.describe('A question of ICMP; rfc4787: from 60s, default 60s; linux: 30s.'),
  tcp_established: duration.describe('rfc4787: from 7440s, default 7440s; linux: 432000s.'),
  tcp_opening: duration.describe('Until both sides have opened; rfc4787: default 240s.'),
  tcp_closing: duration.describe('From the first FIN, or a RST, on; rfc4787: from 240s.'),
});

const nat = mapping({
  profile: z
    .enum(['linux', 'rfc4787'])
    .nullish()
    .describe('How connections are mapped, filtered and timed. Default: linux.'),
  connections_max: z
    .number()
    .nullish()
    .describe('How many connections are tracked at the most. 16..4194304, default 65536.'),
  timeouts: timeouts.nullish().describe('How long what is remembered after its last packet.'),
  protocol_independent: z
    .array(z.enum(INDEPENDENT))
    .nullish()
    .describe('rfc4787: what is the same for all protocols. Default: pooling.'),
  inbound_refresh: z
    .boolean()
    .nullish()
    .describe('rfc4787: what comes in unasked keeps a mapping alive, too. Default: false.'),
  suppress_icmp_errors: z
    .array(text)
    .nullish()
    .describe('The host sends no ICMP errors of its own by these NICs, or VLANs of NICs.'),
  rules: z.array(natRule).nullish().describe('The first rule that is about a packet counts.'),
});

const wirePort = mapping(live);
const wire = mapping({
  ports: z
    .record(z.string(), wirePort.nullable())
    .nullish()
    .describe('Where the wire leads out of the topology.'),
  reflective_relay: switched.describe('Frames may go back out of the port they came from.'),
});

export const topology = mapping({
  name: text.nullish().describe('Name of the lab; default: the name of its folder.'),
  ...ignored(TOP_LEVEL_IGNORED),
  services: z.record(z.string(), service.nullable()).nullish(),
  networks: z.record(z.string(), network.nullable()).nullish(),
  'x-hosts': z
    .record(z.string(), host.nullable())
    .nullish()
    .describe('The emulated machines. Without it there is one, named "host".'),
  'x-wires': z
    .record(z.string(), wire.nullable())
    .nullish()
    .describe('The physical segments between hosts.'),
  'x-nat': z
    .record(z.string(), nat.nullable())
    .nullish()
    .describe('What hosts (keys of x-hosts) translate, besides what Docker tells them.'),
  'x-swarm': swarm.nullish().describe('The swarm that overlay networks need.'),
});

export type TopologyShape = z.infer<typeof topology>;
export type ServiceShape = z.infer<typeof service>;
export type AttachmentShape = z.infer<typeof attachment>;
export type PublishedPortShape = z.infer<typeof publishedPort>;
export type PortShape = z.infer<typeof port>;
/** The live keys that ports of bridges and of wires have in common. */
export type LiveShape = z.infer<typeof wirePort>;
export type UplinkShape = z.infer<typeof uplink>;
export type NetworkShape = z.infer<typeof network>;
export type PoolShape = z.infer<typeof pool>;
export type BridgeShape = z.infer<typeof bridge>;
export type HostShape = z.infer<typeof host>;
export type NatShape = z.infer<typeof nat>;
export type NatRuleShape = z.infer<typeof natRule>;
export type NicShape = z.infer<typeof nic>;
export type WireShape = z.infer<typeof wire>;

/** The JSON Schema (draft 2020-12) of a topology file, for editors. */
export function topologySchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(topology, {
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { '^x-': {} };
    },
  });
  return {
    ...schema,
    title: 'Etherloom topology',
    description:
      'A Compose file that is a lab. There is no environment: variables are their defaults.',
  };
}
