/** One host with a bridge, two containers, and a tunnel end to the outside; and who is around it. */
import { ip } from '../layer3/packets.js';
import { Ends, inner, opened, outerFrame } from './ends.js';
import type { Coming, Opened, Outcome, Outer } from './ends.js';

export const HOST = { mac: '020000000001', ip: ip('192.168.99.1'), ipv6: ipv6('fd99::1') };
/** Other tunnel ends, on the link of the host. */
export const ENDS = [2, 3, 4].map((n) => ({
  mac: `02000000000${n}`,
  ip: ip(`192.168.99.${n}`),
  ipv6: ipv6(`fd99::${n}`),
}));
export const [A, B, C] = ENDS as [End, End, End];
type End = (typeof ENDS)[number];

/** Stations: containers of the host, and one far away. */
export const C1 = { mac: '02420a000002', ip: ip('10.0.0.2') };
export const C2 = { mac: '02420a000004', ip: ip('10.0.0.4') };
export const FAR = { mac: '02420a000003', ip: ip('10.0.0.3') };
export const EVERYBODY = 'ffffffffffff';

/** `fd99::1` as digits. */
export function ipv6(text: string): string {
  const [head = '', tail = ''] = text.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [words(head), words(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((word) => word.padStart(4, '0')).join('');
}

export interface Settings {
  /** Of the tunnel end, as YAML: `remotes: [192.168.99.2]`. */
  readonly vxlan?: string;
  /** Of the bridge. */
  readonly bridge?: string;
  /** Of the NIC. */
  readonly nic?: string;
  /** Of the host. */
  readonly host?: string;
  /** Of the network. */
  readonly network?: string;
  readonly more?: string;
}

export function labText({
  vxlan = '',
  bridge,
  nic = '',
  host = '',
  network = '',
  more = '',
}: Settings): string {
  const vni = /\b(vni|vlans):/.test(vxlan) ? '' : 'vni: 42,';
  return `
x-hosts:
  h:
    ${host}
    nics:
      eth0: { mac: "02:00:00:00:00:01", addresses: [192.168.99.1/24, "fd99::1/64"], ${nic} }
services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { blue: { ipv4_address: 10.0.0.4 } } }
networks:
  blue:
    ipam: { config: [{ subnet: 10.0.0.0/24 }] }
    ${bridge === undefined ? '' : `x-bridge: { ${bridge} }`}
    ${network}
    x-vxlan: { vxlan42: { ${vni} ${vxlan} } }
${more}`;
}

/** The same, with everybody on the link known to the host. */
export class Tunnel extends Ends {
  constructor(settings: Settings, { isTraced = false } = {}) {
    super(labText(settings), { isTraced });
    for (const { mac, ip: address, ipv6: other } of ENDS) {
      this.introduce('h.eth0', address, mac);
      this.introduce('h.eth0', other, mac);
    }
  }

  /** A frame comes from a container. */
  send(digits: string, rest: Partial<Coming> = {}): Outcome {
    return this.pass({ port: 'c1', digits, ...rest });
  }

  /** Outer frames that leave when it does, taken apart. */
  sent(digits: string, rest: Partial<Coming> = {}): Opened[] {
    return this.send(digits, rest).left.flatMap(({ port, digits: outer }) =>
      port === 'h.eth0' ? [opened(outer)] : [],
    );
  }

  /** An outer frame comes from another end. */
  receive(
    outer: Partial<Outer> & { readonly inner: string },
    rest: Partial<Coming> = {},
    from: End = A,
  ): Outcome {
    const way = { source: from.ip, destination: HOST.ip, to: HOST.mac, from: from.mac, vni: 42 };
    return this.pass({ port: 'h.eth0', digits: outerFrame({ ...way, ...outer }), ...rest });
  }
}

/** What a container says to somebody far away, and the other way round. */
export const toFar = (packet: Parameters<typeof inner>[0] = {}): string =>
  inner(packet, { to: FAR.mac, from: C1.mac });
export const fromFar = (packet: Parameters<typeof inner>[0] = {}): string =>
  inner({ source: FAR.ip, destination: C1.ip, ...packet }, { to: C1.mac, from: FAR.mac });
export const toEverybody = (from = C1.mac): string => inner({}, { to: EVERYBODY, from });

/** The container has been heard, so that what comes for it is not flooded. */
export function settled(settings: Settings, options: { isTraced?: boolean } = {}): Tunnel {
  const tunnel = new Tunnel(settings, options);
  tunnel.send(toFar());
  return tunnel;
}
