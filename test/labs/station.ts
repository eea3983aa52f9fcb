/**
 * A scripted station: as much of the network stack of Linux as a lab needs to ask and to answer.
 *
 * It stands at ports of a lab, has NICs, addresses and routes, looks for its neighbors by ARP and neighbor discovery, answers for its
 * addresses on every NIC, pings, calls and serves by TCP (tcp.ts) and UDP (udp.ts), puts fragments together, and forwards when it is a router.
 * It reads no clock: the Stage says what time it is.
 */
import { contains, parseAddress, parseBlock } from '../../control/address.js';
import type { Block } from '../../control/address.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { IcmpType, isError } from '../../dataplane/wire/icmp.js';
import { AdvertisementFlag, Icmpv6Type, isError as isError6 } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex } from '../../pcaps/build/bytes.js';
import { ethernet } from '../../pcaps/build/ethernet.js';
import {
  announcement,
  arpReply,
  IDENTIFIER,
  timeExceeded,
  withTimeToLive,
} from '../../pcaps/build/ipv4.js';
import { advertisement } from '../../pcaps/build/ipv6.js';
import { isIpv6 } from './addresses.js';
import type { Call, Line, Transport } from './call.js';
import { messageOf, untagged } from './message.js';
import type { Message } from './message.js';
import { addressesOf, Nic } from './nic.js';
import type { NicPlan } from './nic.js';
import type { IcmpMessage, PacketMessage } from './packet.js';
import {
  complaintOf,
  echoReply,
  echoRequest,
  HOST_UNREACHABLE,
  NETWORK_UNREACHABLE,
} from './ping.js';
import type { EchoSaid } from './ping.js';
import { Reassembly } from './reassembly.js';
import { Tcp } from './tcp.js';
import { Udp } from './udp.js';

/** A route: `via` a router, or straight out of the NIC at `port`. */
export interface RouteSaid {
  readonly to: string;
  readonly via?: string;
  readonly port?: string;
}

/** A station as a lab describes it. */
export interface StationPlan {
  readonly name: string;
  readonly nics: readonly NicPlan[];
  /** The router of its default route. */
  readonly gateway?: string;
  /** Routes besides those of its addresses. */
  readonly routes?: readonly RouteSaid[];
  /** Addresses that it has besides those of its NICs, as a router has on its loopback. */
  readonly also?: readonly string[];
  /** It is a router. */
  readonly forwards?: boolean;
  /** It is a hub: what it hears by a NIC it says by all others, so that each of them hears all that is on the wire. */
  readonly repeats?: boolean;
  /** Ports at which it serves. */
  readonly listens?: readonly Service[];
}

export interface Service {
  readonly port: number;
  readonly protocol: Transport;
}

/** What became of the echo requests of a station, by their numbers. */
export interface Echoes {
  readonly replies: Map<number, { readonly from: string; readonly ttl: number }>;
  readonly errors: Map<number, { readonly from: string; readonly what: string }>;
}

interface Route {
  readonly to: Block;
  readonly via?: string;
  readonly nic: Nic;
}

/** The next step of a packet. */
interface Way {
  readonly nic: Nic;
  readonly neighbor: string;
}

/** Where the ports begin that Linux gives to who asks for none (ip_local_port_range). */
const PORT_FIRST = 32_768;
const PORT_UNREACHABLE = 3;
const PORT_UNREACHABLE_6 = 4;
const ALL = '0.0.0.0/0';
const UNSPECIFIED = '::';
const ALL_NODES = { mac: '33:33:00:00:00:01', address: 'ff02::1' };

export class Station {
  readonly name: string;
  readonly nics: readonly Nic[];
  readonly echoes: Echoes = { replies: new Map(), errors: new Map() };
  private readonly own: ReadonlySet<string>;
  private readonly routes: Route[] = [];
  private readonly routesSaid: RouteSaid[] = [];
  private readonly forwards: boolean;
  private readonly repeats: boolean;
  private readonly tcp = new Tcp(this.send.bind(this));
  private readonly udp = new Udp(this.send.bind(this));
  private readonly reassembly = new Reassembly();
  private echoesSent = 0;
  private calls = 0;

  /** @param put takes the frames it sends, by the port they go in at; `now` tells the tick */
  constructor(
    plan: StationPlan,
    private readonly put: (port: string, frame: Uint8Array) => void,
    now: () => number,
  ) {
    this.name = plan.name;
    this.nics = plan.nics.map((nic) => new Nic(nic, put, now));
    const texts = this.nics.flatMap(({ addresses }) => addresses.map(({ text }) => text));
    this.own = new Set([...texts, ...(plan.also ?? [])]);
    this.forwards = plan.forwards === true;
    this.repeats = plan.repeats === true;
    for (const nic of this.nics)
      for (const { block } of nic.addresses) this.routes.push({ to: block, nic });
    const { gateway, routes = [] } = plan;
    if (gateway !== undefined) this.route({ to: isIpv6(gateway) ? '::/0' : ALL, via: gateway });
    for (const route of routes) this.route(route);
    for (const service of plan.listens ?? []) this.listen(service);
  }

  /** Serves at a port of all its addresses: every line is answered with who has said it. */
  listen({ port, protocol }: Service): void {
    (protocol === 'tcp' ? this.tcp : this.udp).listening.add(port);
  }

  stop({ port, protocol }: Service): void {
    (protocol === 'tcp' ? this.tcp : this.udp).listening.delete(port);
  }

  /** Calls a server, from a port of its own choice if none is said. */
  call(protocol: Transport, address: string, port: number, localPort?: number): Call {
    const call: Call = { outcome: 'waiting', answer: '' };
    const source = this.sourceFor(address);
    if (source === undefined) {
      call.outcome = 'unreachable';
      return call;
    }
    const own = { address: source, port: localPort ?? PORT_FIRST + this.calls++ };
    const line: Line = { own, peer: { address, port } };
    (protocol === 'tcp' ? this.tcp : this.udp).call(line, call);
    return call;
  }

  /** The routes as `ip route` says them, with ports for NICs; those of its own addresses are left out. */
  get routeTexts(): string[] {
    return this.routesSaid.map(({ to, via, port = '' }) => {
      const name = to === ALL || to === '::/0' ? 'default' : to;
      return via === undefined ? `${name} dev ${port}` : `${name} via ${via}`;
    });
  }

  /** Has it the MAC of whoever has this address? Undefined when nobody was found. */
  neighbor(address: string): string | undefined {
    return this.nics.map((nic) => nic.neighbor(address)).find(Boolean);
  }

  /** Sends an echo request and returns its number; `echoes` says later what became of it. */
  ask(address: string, said: EchoSaid = {}): number {
    const number = ++this.echoesSent;
    const fail = (from: string, what: string): void => {
      this.echoes.errors.set(number, { from, what });
    };
    const source = this.sourceFor(address);
    if (source === undefined) {
      fail(this.name, NETWORK_UNREACHABLE);
      return number;
    }
    this.send(
      source,
      address,
      (from, to) => echoRequest([from, to], isIpv6(address), number, said),
      () => {
        fail(source, HOST_UNREACHABLE);
      },
    );
    return number;
  }

  /** Says who it is, so that switches and neighbors know (RFC 5227 §2.3). */
  announce(): void {
    for (const nic of this.nics)
      for (const { text } of nic.addresses)
        if (!isIpv6(text)) nic.transmit(announcement(addressesOf(nic.mac, text)));
  }

  /** `ip route add`. */
  route(said: RouteSaid): void {
    const { to, via, port } = said;
    const block = parseBlock(to)?.block;
    const nic = this.nics.find((candidate) => candidate.port === port) ?? this.nicTowards(via);
    if (block === undefined || nic === undefined)
      throw new Error(`${this.name} cannot have the route ${to}`);
    this.routes.push({ to: block, nic, ...(via !== undefined && { via }) });
    this.routesSaid.push(said);
  }

  /** A frame arrives at a port of it. */
  hear(port: string, bytes: Uint8Array): void {
    if (this.repeats) {
      for (const nic of this.nics) if (nic.port !== port) this.put(nic.port, bytes);
      return;
    }
    const { vlan, frame } = untagged(bytes);
    const nic = this.nics.find((candidate) => candidate.port === port && candidate.vlan === vlan);
    if (nic?.takes(frame) === true) this.understand(nic, messageOf(frame));
  }

  /** Time has passed. */
  wake(): void {
    for (const nic of this.nics) nic.wake();
  }

  /** Does it still look for somebody? */
  get asking(): boolean {
    return this.nics.some((nic) => nic.asking);
  }

  private understand(nic: Nic, message: Message): void {
    switch (message.kind) {
      case 'arp': {
        if (nic.withoutArp) return;
        const { asks, mac, sender, target } = message;
        const asked = asks && this.own.has(target);
        if (sender !== '0.0.0.0') nic.learn(sender, mac, asked);
        if (asked && sender !== target)
          nic.transmit(arpReply(addressesOf(nic.mac, target), addressesOf(mac, sender)));
        return;
      }
      case 'neighbor': {
        if (nic.withoutArp) return;
        const { asks, mac, source, target } = message;
        if (!asks) nic.learn(target, mac, false);
        else if (this.own.has(target)) this.advertise(nic, mac, source, target);
        return;
      }
      case 'packet':
        if (this.own.has(message.destination)) this.receiveWhole(message);
        else if (this.forwards) this.forward(message);
        return;
      case 'other':
        return;
    }
  }

  /** Answers a neighbor solicitation; to all where somebody looks for a duplicate (RFC 4861 §7.2.4). */
  private advertise(nic: Nic, mac: Uint8Array, source: string, target: string): void {
    const duplicate = source === UNSPECIFIED;
    if (!duplicate) nic.learn(source, mac, true);
    const to = duplicate
      ? addressesOf(hex(ALL_NODES.mac), ALL_NODES.address)
      : addressesOf(mac, source);
    const flags =
      AdvertisementFlag.Override |
      (duplicate ? 0 : AdvertisementFlag.Solicited) |
      (this.forwards ? AdvertisementFlag.Router : 0);
    nic.transmit(advertisement(addressesOf(nic.mac, target), to, flags));
  }

  private receiveWhole(message: PacketMessage): void {
    const whole = this.reassembly.take(message);
    if (whole !== undefined) this.receive(whole);
  }

  private receive(message: PacketMessage): void {
    if (message.segment !== undefined) this.tcp.hear(message);
    else if (message.datagram !== undefined) this.udp.hear(message);
    else if (message.icmp !== undefined) this.hearIcmp(message, message.icmp);
  }

  private hearIcmp(packet: PacketMessage, icmp: IcmpMessage): void {
    const { source, destination, ttl, mayBeCut } = packet;
    const six = isIpv6(destination);
    if (icmp.type === (six ? Icmpv6Type.EchoRequest : IcmpType.EchoRequest)) {
      this.send(destination, source, (from, to) => echoReply([from, to], six, icmp, mayBeCut));
    } else if (icmp.type === (six ? Icmpv6Type.EchoReply : IcmpType.EchoReply)) {
      if (icmp.identifier === IDENTIFIER)
        this.echoes.replies.set(icmp.sequence, { from: source, ttl });
    } else if (six ? isError6(icmp.type) : isError(icmp.type)) {
      this.hearError(source, icmp, six);
    }
  }

  /** Somebody could not deliver what it sent, if it was it who sent it. A redirect is about what was delivered, and it keeps its routes. */
  private hearError(from: string, icmp: IcmpMessage, six: boolean): void {
    const { about, type, code } = icmp;
    if (!six && type === IcmpType.Redirect) return;
    if (about === undefined || !this.own.has(about.source)) return;
    if (about.protocol === (six ? Protocol.Icmpv6 : Protocol.Icmp)) {
      this.echoes.errors.set(about.sequence, { from, what: complaintOf(icmp, six) });
      return;
    }
    const isPort = six
      ? type === Icmpv6Type.DestinationUnreachable && code === PORT_UNREACHABLE_6
      : type === IcmpType.DestinationUnreachable && code === PORT_UNREACHABLE;
    const stack = about.protocol === Protocol.Tcp ? this.tcp : this.udp;
    stack.fail(about, isPort ? 'refused' : 'unreachable');
  }

  /** Routes an IPv4 packet on (RFC 1812 §5.2); what it has no route for, or cannot deliver, is lost without a word. */
  private forward({ bytes, source, destination, ttl }: PacketMessage): void {
    if (isIpv6(destination)) return;
    if (ttl <= 1) {
      const back = this.wayTo(source);
      const from = back?.nic.speakingTo(back.neighbor);
      if (from !== undefined) this.send(from, source, (me, to) => timeExceeded(me, to, bytes));
      return;
    }
    const packet = withTimeToLive(bytes, ttl - 1);
    this.send(source, destination, (from, to) => ethernet(from, to, EtherType.Ipv4, packet));
  }

  /** Who it is when it sends to an address, if it has a route there. */
  private sourceFor(address: string): string | undefined {
    const way = this.wayTo(address);
    return way?.nic.speakingTo(way.neighbor) ?? way?.nic.speakingTo(address);
  }

  /** Sends a packet on its way, if there is one; `build` gets the MACs and IP addresses of both ends. */
  private send(
    source: string,
    destination: string,
    build: (from: Ends, to: Ends) => Uint8Array,
    failed: () => void = () => undefined,
  ): void {
    const way = this.wayTo(destination);
    if (way === undefined) return;
    const frame = (mac: Uint8Array): Uint8Array =>
      build(addressesOf(way.nic.mac, source), addressesOf(mac, destination));
    way.nic.sendTo(way.neighbor, source, frame, failed);
  }

  /** The route with the longest prefix. */
  private wayTo(destination: string): Way | undefined {
    const address = parseAddress(destination);
    if (address === undefined) throw new Error(`not an address: ${destination}`);
    let best: Route | undefined;
    for (const route of this.routes)
      if (contains(route.to, address) && route.to.prefixLength > (best?.to.prefixLength ?? -1))
        best = route;
    return best && { nic: best.nic, neighbor: best.via ?? destination };
  }

  /** The NIC on whose link a router is. */
  private nicTowards(via = ''): Nic | undefined {
    const router = parseAddress(via);
    return this.nics.find(({ addresses }) =>
      addresses.some(({ block }) => router !== undefined && contains(block, router)),
    );
  }
}

type Ends = ReturnType<typeof addressesOf>;
