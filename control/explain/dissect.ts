/**
 * What a frame is, in words: addresses, tags, and one line like the info column of Wireshark.
 *
 * Nothing here parses. Offsets and checks are those of dataplane/wire, so that what is said about a frame is what the data
 * plane sees in it; after a check that fails, nothing more of that header is read. Any bytes at all are described, and
 * none of them throw.
 */
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import * as arp from '../../dataplane/wire/arp.js';
import * as ethernet from '../../dataplane/wire/ethernet.js';
import { Ethernet, EtherType } from '../../dataplane/wire/ethernet.js';
import * as vlan from '../../dataplane/wire/vlan.js';
import { Vlan } from '../../dataplane/wire/vlan.js';
import * as vxlan from '../../dataplane/wire/vxlan.js';
import { Vxlan } from '../../dataplane/wire/vxlan.js';
import { describeIpv4, describeIpv6 } from './packet.js';
import { hex, ipv4Text, macText } from './text.js';
import type { Open, Reading } from './transport.js';

/** One VLAN tag, outermost first. */
export interface TagDescription {
  /** `0x8100` or `0x88a8`. */
  readonly protocol: string;
  /** 0 is a priority tag, 4095 is reserved. */
  readonly vlan: number;
  readonly priority: number;
  readonly dropEligible: boolean;
}

/** A frame for people and for JSON. What could not be read is absent. */
export interface FrameDescription {
  /** Bytes that the frame had, without its check sequence, and bytes that the capture kept. */
  readonly length: number;
  readonly captured: number;
  /** MAC addresses, `02:42:ac:12:00:02`. */
  readonly source?: string;
  readonly destination?: string;
  readonly tags: readonly TagDescription[];
  /** `IPv4`, `ARP`, `LLC`; in hexadecimal where it has no name here. */
  readonly type?: string;
  /** IP addresses of the packet inside. */
  readonly packet?: { readonly source: string; readonly destination: string };
  /** The frame that it carries through a tunnel. */
  readonly inner?: FrameDescription;
  /** One line that says what it is. */
  readonly summary: string;
  /** The first check that the frame or the packet inside fails. A frame that the capture cut short is not malformed. */
  readonly malformed?: { readonly reason: string; readonly says: string };
}

/** UDP ports at which VXLAN is looked for: that of RFC 7348 §5, and the one that Linux had before it. */
const VXLAN_PORTS: readonly number[] = [4789, 8472];

/** So many tunnels in tunnels are looked into, as by the data plane. */
const TUNNELS_MAX = 4;

/**
 * Describes the frame that stands at `start`..`end` of `bytes`. `wireLength` is how many bytes it had; where a capture claims
 * fewer than it kept, those it kept count. `ports`: where else VXLAN is looked for.
 */
export function describeFrame(
  bytes: DataView,
  start: number,
  end: number,
  wireLength: number,
  ports: readonly number[] = [],
  tunnelsMax = TUNNELS_MAX,
): FrameDescription {
  const captured = end - start;
  const length = Math.max(wireLength, captured);
  const lengths = { length, captured };
  const fault = ethernet.checkEthernet(start, end, start + length);
  if (fault !== Reason.Ok) {
    return { ...lengths, tags: [], ...conclusion({ text: `${length} bytes`, fault }) };
  }
  const typeAt = vlan.skipTags(bytes, start, end, start + length);
  const head = {
    ...lengths,
    source: macText(ethernet.sourceHigh(bytes, start), ethernet.sourceLow(bytes, start)),
    destination: macText(
      ethernet.destinationHigh(bytes, start),
      ethernet.destinationLow(bytes, start),
    ),
  };
  if (typeAt < 0) {
    const text = `${head.source} → ${head.destination}`;
    return { ...head, tags: [], ...conclusion({ text, fault: -typeAt }) };
  }
  const type = ethernet.typeOrLength(bytes, typeAt);
  const open = tunnelsMax === 0 ? closed : openIn(bytes, ports, tunnelsMax);
  const reading = describePayload(bytes, type, typeAt + 2, end, start + length, head, open);
  return {
    ...head,
    tags: describeTags(bytes, start, typeAt),
    type: ethernet.isType(type) ? (TYPE_NAMES[type] ?? hex(type)) : 'LLC',
    ...packetOf(reading),
    ...(reading.inner && { inner: reading.inner }),
    ...conclusion(reading),
  };
}

const closed = (): undefined => undefined;

/** Looks into VXLAN (RFC 7348 §5). */
function openIn(bytes: DataView, ports: readonly number[], tunnelsMax: number): Open {
  return (port, at, end, wireEnd) => {
    if (!VXLAN_PORTS.includes(port) && !ports.includes(port)) return undefined;
    const fault = vxlan.checkVxlan(bytes, at, end, wireEnd);
    if (fault === Reason.VxlanWithoutVni) return undefined;
    if (fault !== Reason.Ok) return { tunnel: 'VXLAN', fault };
    const from = at + Vxlan.HeaderLength;
    const inner = describeFrame(bytes, from, end, wireEnd - from, ports, tunnelsMax - 1);
    const text = `${tagsText(inner.tags)}${inner.summary}`;
    return { tunnel: `VXLAN ${vxlan.vni(bytes, at)}`, inner, text };
  };
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [EtherType.Ipv4]: 'IPv4',
  [EtherType.Arp]: 'ARP',
  [EtherType.Ipv6]: 'IPv6',
  [EtherType.VlanTag]: 'VLAN',
  [EtherType.ServiceTag]: 'VLAN',
  [EtherType.MacControl]: 'MAC control',
  [EtherType.Lldp]: 'LLDP',
};

/** The end of the line, and the verdict. */
function conclusion(reading: Reading): Pick<FrameDescription, 'summary' | 'malformed'> {
  const { text, fault } = reading;
  if (fault === Reason.Ok) return { summary: text };
  const { name, says } = reasonText(fault);
  const summary = `${text}: ${says}`;
  return fault === Reason.SnappedHeader
    ? { summary }
    : { summary, malformed: { reason: name, says } };
}

function packetOf(reading: Reading): Pick<FrameDescription, 'packet'> {
  const { source, destination } = reading;
  return source === undefined || destination === undefined
    ? {}
    : { packet: { source, destination } };
}

function describeTags(bytes: DataView, start: number, typeAt: number): TagDescription[] {
  const tags: TagDescription[] = [];
  for (let at = start + Ethernet.TypeOffset; at < typeAt; at += Vlan.TagLength) {
    const control = vlan.tagControl(bytes, at);
    tags.push({
      protocol: hex(ethernet.typeOrLength(bytes, at)),
      vlan: vlan.vlanId(control),
      priority: vlan.priority(control),
      dropEligible: vlan.isDropEligible(control),
    });
  }
  return tags;
}

/** `VLAN 10 priority 3, `: what the summary does not say. */
export function tagsText(tags: readonly TagDescription[]): string {
  return tags
    .map(({ protocol, vlan, priority, dropEligible }) => {
      const service = protocol === '0x88a8' ? ' (802.1ad)' : '';
      const high = priority === 0 ? '' : ` priority ${priority}`;
      return `VLAN ${vlan}${service}${high}${dropEligible ? ' drop eligible' : ''}, `;
    })
    .join('');
}

interface Stations {
  readonly source: string;
  readonly destination: string;
}

function describePayload(
  bytes: DataView,
  type: number,
  at: number,
  end: number,
  wireEnd: number,
  stations: Stations,
  open: Open,
): Reading {
  const between = `${stations.source} → ${stations.destination}`;
  if (!ethernet.isType(type)) return describeLlc(bytes, at, end, wireEnd, type, between);
  switch (type) {
    case EtherType.Ipv4:
      return describeIpv4(bytes, at, end, wireEnd, open);
    case EtherType.Ipv6:
      return describeIpv6(bytes, at, end, wireEnd, open);
    case EtherType.Arp:
      return describeArp(bytes, at, end, wireEnd);
    case EtherType.Lldp:
      return { text: `LLDP from ${stations.source}`, fault: Reason.Ok };
    case EtherType.MacControl:
      return { text: `MAC control (PAUSE) from ${stations.source}`, fault: Reason.Ok };
    case EtherType.VlanTag:
    case EtherType.ServiceTag:
      return { text: `more VLAN tags than two, ${between}`, fault: Reason.Ok };
    default:
      return { text: `EtherType ${hex(type)}, ${between}`, fault: Reason.Ok };
  }
}

/** RFC 826, and the probes and announcements of RFC 5227 §1.1. */
function describeArp(bytes: DataView, at: number, end: number, wireEnd: number): Reading {
  const fault = arp.checkArp(bytes, at, end, wireEnd);
  if (fault !== Reason.Ok) return { text: 'ARP', fault };
  const operation = arp.operation(bytes, at);
  const sender = arp.senderIpv4(bytes, at);
  const target = arp.targetIpv4(bytes, at);
  const mac = macText(arp.senderHigh(bytes, at), arp.senderLow(bytes, at));
  const isAt = `${ipv4Text(sender)} is at ${mac}`;
  if (operation === arp.Operation.Reply) return { text: `ARP ${isAt}`, fault };
  if (operation !== arp.Operation.Request) {
    return { text: `ARP operation ${operation} from ${mac}`, fault };
  }
  if (sender === target) return { text: `ARP announcement: ${isAt}`, fault };
  const asker = sender === 0 ? `probe by ${mac}` : `tell ${ipv4Text(sender)}`;
  return { text: `ARP who has ${ipv4Text(target)}? ${asker}`, fault };
}

/** Both LLC addresses of the spanning tree protocol (IEEE 802.1D). */
const SERVICES_STP = 0x4242;

function describeLlc(
  bytes: DataView,
  at: number,
  end: number,
  wireEnd: number,
  length: number,
  between: string,
): Reading {
  const fault = ethernet.checkLlc(bytes, at, end, wireEnd, length);
  if (fault !== Reason.Ok) return { text: `LLC ${between}`, fault };
  if (ethernet.isSnap(bytes, at)) {
    return { text: `SNAP ${hex(ethernet.snapType(bytes, at))}, ${between}`, fault };
  }
  const services = ethernet.llcServices(bytes, at);
  if (services === SERVICES_STP) return { text: `STP ${between}`, fault };
  return {
    text: `LLC DSAP ${hex(services >>> 8, 2)} SSAP ${hex(services & 0xff, 2)}, ${between}`,
    fault,
  };
}
