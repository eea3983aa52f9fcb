import { z } from 'zod';

import { mapping } from './mapping.js';

/** The shape of `x-vxlan`, of `x-overlay` and of `x-swarm`. */

const text = z.string();
const switched = z.boolean().nullish();
const mac = text.describe('Six bytes, 02:42:ac:12:00:02.');

const station = mapping({
  mac,
  remote: text.describe('The address of the end behind which it lives.'),
  addresses: z.array(text).nullish().describe('Of the station: questions for them are answered.'),
  vni: z.number().nullish().describe('Which of several VNIs it lives in.'),
});

export const vxlan = mapping({
  vni: z.number().nullish().describe('The segment, 0..16777215.'),
  vlans: z
    .record(z.string(), z.number())
    .nullish()
    .describe('Of a bridge with vlan_filtering: the VNI of each VLAN that is carried.'),
  remotes: z
    .array(text)
    .nullish()
    .describe('Other ends: each gets what is for everybody or for an unknown station.'),
  group: text.nullish().describe('The same by one multicast group, IPv4 or IPv6.'),
  dev: text.nullish().describe('The NIC of the host, or VLAN of one, to the group.'),
  local: text.nullish().describe('The address of the host that outer packets come from.'),
  port: z.number().nullish().describe('The UDP port at both ends. Default 4789.'),
  source_ports: z
    .union([text, z.number()])
    .nullish()
    .describe('UDP ports it sends from, FIRST-LAST. Default 49152-65535.'),
  ttl: z
    .union([z.number(), text])
    .nullish()
    .describe('Of outer packets: 1..255, or inherit. Default 64, to a group 1.'),
  tos: z
    .union([z.number(), text])
    .nullish()
    .describe('Of outer packets: 0..255, or inherit. Default 0.'),
  ecn: z
    .enum(['inherit', 'zero'])
    .nullish()
    .describe('The ECN field of outer packets (RFC 6040). Default: inherit.'),
  df: z
    .enum(['unset', 'set', 'inherit'])
    .nullish()
    .describe('The DF bit of outer packets. Default: unset.'),
  checksum: z
    .enum(['zero', 'computed'])
    .nullish()
    .describe('The outer UDP checksum. Default: zero, over IPv6 computed.'),
  accept_zero_checksum: switched.describe('Over IPv6: what has no checksum is accepted.'),
  learning: switched.describe('Who lives behind which end is learned. Default: true.'),
  neighbors: z
    .enum(['flood', 'suppress', 'proxy'])
    .nullish()
    .describe(
      'Questions for MACs: flood (default), suppress: answered where the answer is known, proxy: and never carried.',
    ),
  inner_tags: switched.describe('Frames keep their VLAN tags in the tunnel.'),
  gbp: switched.describe('The Group Policy extension: policies are kept from tunnel to tunnel.'),
  reserved: z
    .enum(['rfc', 'linux'])
    .nullish()
    .describe('Reserved bits are ignored (rfc, default), or end the frame (linux).'),
  ageing: z
    .union([text, z.number()])
    .nullish()
    .describe('How long a silent station is remembered: 0s, or 10s to 1000000s. Default 300s.'),
  fdb_max_learned: z
    .number()
    .nullish()
    .describe('How many stations are remembered at the most. 1..1048576, default 8192.'),
  stations: z.array(station).nullish().describe('Stations that live behind other ends; permanent.'),
});

const stale = mapping({
  on: text.describe('The host that is wrong.'),
  service: text.describe('About whom: a service on another host.'),
  at: text
    .nullish()
    .describe('The host behind which it takes the service to be; none: it knows nothing of it.'),
});

export const overlay = mapping({
  stale: z.array(stale).nullish().describe('Where what a host knows of the others is wrong.'),
});

const node = mapping({
  data_path_addr: text
    .nullish()
    .describe('An address of a NIC of the host, or a NIC. Default: the first address it has.'),
});

export const swarm = mapping({
  data_path_port: z
    .number()
    .nullish()
    .describe('The UDP port of all overlays, 1024..49151. Default 4789.'),
  nodes: z
    .record(z.string(), node.nullable())
    .nullish()
    .describe('The hosts that are nodes. Default: all.'),
});

export type VxlanShape = z.infer<typeof vxlan>;
export type RemoteStationShape = z.infer<typeof station>;
export type OverlayShape = z.infer<typeof overlay>;
export type SwarmShape = z.infer<typeof swarm>;
