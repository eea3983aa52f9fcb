/** A host with Docker between its bridges and a wire, and who speaks there. Line numbers count: sentences quote them. */
import type { Compiled } from '../../control/compile/compile.js';
import type { Explanation } from '../../control/explain/explanation.js';
import { sentencesAt } from '../../control/explain/sentences.js';
import { parseAddress, parseMac } from '../../control/address.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { join, u16, u32, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { frame4, message4, packet4, sealed } from '../dataplane/routed.js';
import { labOf } from '../dataplane/lab.js';
import { explainedFrames } from './told.js';

export const LAB = `x-wires: { lan: { ports: { out: } } }
x-hosts:
  node-1:
    nics: { eth0: { wire: lan, mac: "08:00:27:00:00:01", addresses: [192.0.2.1/24], mtu: 1400 } }
    gateway: 192.0.2.9
    routes: [{ to: 198.51.100.0/24, type: prohibit }, { to: 203.0.113.0/24, type: blackhole }, { to: 198.51.101.0/24, type: unreachable }]
networks:
  lan-a:
    ipam: { config: [{ subnet: 172.27.0.0/16 }] }
  lan-b:
    driver_opts: { com.docker.network.bridge.enable_ip_masquerade: "true" }
    ipam: { config: [{ subnet: 172.18.0.0/16 }] }
  shut:
    internal: true
    ipam: { config: [{ subnet: 172.19.0.0/16 }] }
  open:
    driver_opts: { com.docker.network.bridge.gateway_mode_ipv4: routed }
    ipam: { config: [{ subnet: 172.20.0.0/16 }] }
services:
  c1: { networks: { lan-a: { ipv4_address: 172.27.0.2 } } }
  web:
    networks: { lan-a: { ipv4_address: 172.27.0.3 } }
    ports:
      - "8080:80"
  c2: { networks: { lan-b: { ipv4_address: 172.18.0.2 } } }
  c3: { networks: { shut: { ipv4_address: 172.19.0.2 } } }
  c4:
    networks: { open: { ipv4_address: 172.20.0.2 } }
    ports: ["9090:90"]
`;

export const lab: Compiled = labOf(LAB);

/** A frame, and the port by which it comes in. */
export type Came = readonly [port: string, frame: Uint8Array];

export function station(mac: string, ip: string): Station {
  const value = Number(parseAddress(ip)?.value ?? 0n);
  const digits = Buffer.from((parseMac(mac) ?? '').replaceAll(':', ''), 'hex');
  return { mac: Uint8Array.from(digits), ip: u32(value), ip6: new Uint8Array(16) };
}

/** The MAC of a container, or of a bridge by the name of its network. */
function macOf(name: string): string {
  const port = lab.ports.find((one) => one.port === name);
  const network = lab.networks.find((one) => one.name === name);
  return port?.endpoint?.mac.value ?? network?.bridge.mac.value ?? '';
}

export const c1 = station(macOf('c1'), '172.27.0.2');
export const web = station(macOf('web'), '172.27.0.3');
export const c2 = station(macOf('c2'), '172.18.0.2');
export const c3 = station(macOf('c3'), '172.19.0.2');
export const c4 = station(macOf('c4'), '172.20.0.2');
/** The router beyond the wire, whose MAC the host asks for. */
export const router = station('02:00:00:00:00:09', '192.0.2.9');

/** Somebody with this address, whose frames have the MAC of a router, or of whoever stands in for it. */
export function at(ip: string, next: Station): Station {
  return { ...station('02:00:00:00:00:00', ip), mac: next.mac };
}

/** The host: its MAC at the wire, and those of its bridges. */
export const host = {
  lan: station('08:00:27:00:00:01', '192.0.2.1'),
  a: station(macOf('lan-a'), '172.27.0.1'),
  b: station(macOf('lan-b'), '172.18.0.1'),
  shut: station(macOf('shut'), '172.19.0.1'),
  open: station(macOf('open'), '172.20.0.1'),
} as const;

export const SYN = 0x02;
export const ACK = 0x10;

interface Fields {
  readonly ttl?: number;
  readonly bytes?: number;
  readonly fragment?: number;
}

/** A segment from one to the other, the MACs of which are those of this leg of its way. */
export function tcp(
  from: Station,
  to: Station,
  [source, destination]: readonly [number, number],
  flags: number,
  [sequence, acknowledgment]: readonly [number, number] = [1, 0],
  fields: Fields = {},
): Uint8Array {
  const header = join(
    u16(source, destination),
    u32(sequence),
    u32(acknowledgment),
    u8(0x50, flags),
    u16(64_000, 0, 0),
    new Uint8Array(fields.bytes ?? 0),
  );
  const segment = sealed(4, from, to, Protocol.Tcp, header, 16);
  return frame4(from, to, packet4(from, to, Protocol.Tcp, segment, { ...fields }));
}

export function udp(
  from: Station,
  to: Station,
  [source, destination]: readonly [number, number],
  fields: Fields = {},
): Uint8Array {
  const data = new Uint8Array(fields.bytes ?? 4);
  const header = join(u16(source, destination, 8 + data.length, 0), data);
  const datagram = sealed(4, from, to, Protocol.Udp, header, 6);
  return frame4(from, to, packet4(from, to, Protocol.Udp, datagram, { ...fields }));
}

export function echo(from: Station, to: Station, kind: 'request' | 'reply', id = 7): Uint8Array {
  const message = message4(kind === 'request' ? 0x0800 : 0, (id << 16) | 1, new Uint8Array(8));
  return frame4(from, to, packet4(from, to, Protocol.Icmp, message));
}

/** By these the host learns which MACs its neighbors have: each asks for the host. */
export const known: readonly Came[] = [
  ['lan.out', arpRequest(router, host.lan)],
  ['c1', arpRequest(c1, host.a)],
  ['web', arpRequest(web, host.a)],
  ['c2', arpRequest(c2, host.b)],
  ['c3', arpRequest(c3, host.shut)],
  ['c4', arpRequest(c4, host.open)],
];

export function arpRequest(from: Station, to: Station): Uint8Array {
  const head = u16(1, 0x0800, 0x0604, 1);
  const everybody = new Uint8Array(6).fill(0xff);
  return join(everybody, from.mac, u16(0x0806), head, from.mac, from.ip, new Uint8Array(6), to.ip);
}

/** The last of these frames, explained; before them all neighbors are known. */
export function explanationOf(...frames: readonly Came[]): Explanation {
  return explainedFrames(lab, [...known, ...frames]);
}

/** What is said of what the host made of the last of these frames. */
export function atHost(...frames: readonly Came[]): string[] {
  const explanation = explanationOf(...frames);
  return explanation.hops.flatMap((hop, index) =>
    hop.stage === 'route' ? sentencesAt(explanation, hop, index) : [],
  );
}
