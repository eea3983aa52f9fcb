/**
 * What layer 2 does, on paper: macvlan, ipvlan, VLAN sub-interfaces, wires, and as much of the host's own stack as they need. Written
 * from the delivery matrices of the Linux drivers, with objects, arrays and text, to say what the data plane has to say.
 *
 * One method per thing a frame can come to: it `...Hears` what comes up from the wire and `...Sends` what goes down. Whatever reaches
 * a port of the topology is noted; what reaches nobody is simply not.
 */
import { EVERYBODY, arpFrame, digitsOfFrame, isGroup, packetOf, typeOf } from './frames.js';
import type { Frame } from './frames.js';

/** Addresses are digits (see frames.ts). */
export interface Child {
  readonly port: string;
  /** Of an ipvlan child: its parent's. */
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly sources: readonly string[];
  readonly takesAlone: boolean;
}

export interface Network {
  readonly name: string;
  readonly driver: 'macvlan' | 'ipvlan';
  /** `eth0` or `eth0.10`; absent: a dummy of its own. */
  readonly parent?: string;
  readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru' | 'source' | 'l2' | 'l3' | 'l3s';
  readonly flag: 'bridge' | 'private' | 'vepa';
  readonly children: readonly Child[];
}

export interface Nic {
  readonly name: string;
  /** Absent: the NIC is a port itself. */
  readonly wire?: string;
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
}

export interface Route {
  readonly to: string;
  readonly prefixLength: number;
  readonly via?: string;
  readonly dev: string;
}

export interface Host {
  readonly name: string;
  readonly nics: readonly Nic[];
  readonly networks: readonly Network[];
  readonly routes: readonly Route[];
}

export interface Wire {
  readonly name: string;
  /** `lan.a` */
  readonly ports: readonly string[];
  readonly reflects: boolean;
}

export interface Topology {
  readonly hosts: readonly Host[];
  readonly wires: readonly Wire[];
}

/** A NIC, or a VLAN of one, or the dummy of a network: where networks and the host's stack hang on. */
interface Interface {
  readonly host: Host;
  /** Absent: a dummy, behind which nothing is. */
  readonly nic?: Nic;
  readonly vid: number;
  readonly networks: readonly Network[];
}

interface Neighbor {
  mac?: string;
  /** It has answered, and not only asked. */
  isSure: boolean;
  /** Something was sent to it while it was not sure. */
  isDoubted: boolean;
  /** The newest ones, in the order in which they came. */
  waiting: Frame[];
  readonly on: Interface;
  readonly ip: string;
}

const PAUSE = '8808';
const VID_MASK = 0xfff;
const PRIORITY_TAG = /^8100.000$/;
const IPV4_BITS = 32;
/** Packets that wait for one address. */
const WAITING = 3;

export class Naive {
  private left: string[] = [];
  private readonly learned = new Map<string, string>();
  private neighbors = new Map<string, Neighbor>();

  constructor(private readonly topology: Topology) {}

  /** What a frame that comes in by a port makes leave: `port digits`, in no particular order. */
  outcome(port: string, frame: Frame): string[] {
    this.left = [];
    const wire = this.topology.wires.find(({ ports }) => ports.includes(port));
    if (wire) this.wireHears(wire, port, frame);
    for (const host of this.topology.hosts) {
      const nic = host.nics.find(({ name }) => `${host.name}.${name}` === port);
      if (nic) this.nicHears(host, nic, frame);
      for (const network of host.networks) {
        const child = network.children.find((one) => one.port === port);
        if (child) this.childSends(interfaceOf(host, network), network, child, frame);
      }
    }
    return this.left.sort();
  }

  /**
   * What leaves when time passes until nobody waits any more: each neighbor is asked for twice again, then its packet is given up. Then who is doubted is
   * asked himself, three times, or until he answers.
   */
  patienceEnds(): string[] {
    this.left = [];
    const unknown = [...this.neighbors.values()].filter(({ mac }) => mac === undefined);
    for (const { on, ip } of [...unknown, ...unknown]) this.ask(on, ip);
    for (const { on, ip } of unknown) this.neighbors.delete(keyOf(on, ip));
    for (let tries = 0; tries < 3; tries++)
      for (const { on, ip, mac, isDoubted } of this.neighbors.values())
        if (isDoubted) this.ask(on, ip, mac);
    return this.left.sort();
  }

  private emit(port: string, frame: Frame): void {
    this.left.push(`${port} ${digitsOfFrame(frame)}`);
  }

  // A wire is a learning switch to which tags are payload; a reflective one gives frames back to where they came from.

  private wireHears(wire: Wire, from: string, frame: Frame): void {
    this.learned.set(`${wire.name} ${frame.from}`, from);
    const nics = this.topology.hosts.flatMap((host) =>
      host.nics
        .filter((nic) => nic.wire === wire.name)
        .map((nic) => ({ place: `${host.name}.${nic.name}`, host, nic })),
    );
    const known = isGroup(frame.to) ? undefined : this.learned.get(`${wire.name} ${frame.to}`);
    const isTo = (place: string): boolean =>
      (place !== from || wire.reflects) && (known === undefined || known === place);
    for (const port of wire.ports.filter(isTo)) this.emit(port, frame);
    for (const { place, host, nic } of nics) if (isTo(place)) this.nicHears(host, nic, frame);
  }

  // 802.1Q at a NIC: VLAN 0 is none, one with a sub-interface goes there without its tag, and what else there is only a passthru child gets.

  private nicHears(host: Host, nic: Nic, frame: Frame): void {
    const [tag = '', ...others] = frame.tags;
    const vid = parseInt(tag.slice(4), 16) & VID_MASK;
    const untagged = interfaceNamed(host, nic, 0);
    if (tag === '' || PRIORITY_TAG.test(tag)) this.interfaceHears(untagged, frame);
    else if (tag.startsWith('8100') && namesOf(host).includes(`${nic.name}.${vid}`))
      this.interfaceHears(interfaceNamed(host, nic, vid), { ...frame, tags: others });
    else if (untagged.networks.some(({ mode }) => mode === 'passthru'))
      this.macvlanHears(untagged, frame);
  }

  private interfaceHears(on: Interface, frame: Frame): void {
    const [network] = on.networks;
    if (network?.driver === 'macvlan') this.macvlanHears(on, frame);
    else if (network?.driver === 'ipvlan') this.ipvlanHears(on, network, frame);
    else this.hostHears(on, frame);
  }

  private interfaceSends({ host, nic, vid }: Interface, frame: Frame): void {
    if (nic === undefined) return;
    const tag = `8100${vid.toString(16).padStart(4, '0')}`;
    const sent = vid === 0 ? frame : { ...frame, tags: [tag, ...frame.tags] };
    const wire = this.topology.wires.find(({ name }) => name === nic.wire);
    const place = `${host.name}.${nic.name}`;
    if (wire) this.wireHears(wire, place, sent);
    else this.emit(place, sent);
  }

  private childSends(on: Interface, network: Network, child: Child, frame: Frame): void {
    if (network.driver === 'macvlan') this.macvlanSends(on, network, child, frame);
    else if (network.mode === 'l2') this.ipvlanL2Sends(on, network, child, frame);
    else this.ipvlanL3Sends(on, network, frame);
  }

  // macvlan

  private macvlanSends(on: Interface, { mode }: Network, child: Child, frame: Frame): void {
    const bridged = childrenOf(on).filter((other) => mode === 'bridge' && other.mode === 'bridge');
    if (isGroup(frame.to)) {
      const others = bridged.filter(({ port }) => port !== child.port && typeOf(frame) !== PAUSE);
      for (const { port } of others) this.emit(port, frame);
    } else if (bridged.some(({ mac }) => mac === frame.to)) {
      this.macvlanHears(on, frame);
      return;
    }
    this.interfaceSends(on, frame);
  }

  private macvlanHears(on: Interface, frame: Frame): void {
    const children = childrenOf(on);
    const choosers = children.filter(({ sources }) => sources.includes(frame.from));
    for (const { port } of choosers) this.emit(port, frame);
    if (choosers.some(({ takesAlone }) => takesAlone)) return;
    if (isGroup(frame.to)) {
      this.macvlanHearsGroup(on, frame);
      return;
    }
    const to = children.find(({ mac, mode }) => mode === 'passthru' || mac === frame.to);
    if (to === undefined || to.mode === 'source') this.hostHears(on, frame);
    else this.emit(to.port, frame);
  }

  private macvlanHearsGroup(on: Interface, frame: Frame): void {
    const children = childrenOf(on);
    const source = children.find(({ mac }) => mac === frame.from);
    const hear = {
      vepa: ['vepa', 'bridge'],
      bridge: ['vepa'],
      outside: ['bridge', 'vepa', 'private', 'passthru'],
    };
    const mode = source === undefined ? 'outside' : source.mode;
    if (mode !== 'vepa' && mode !== 'bridge' && mode !== 'outside') {
      this.emit(source?.port ?? '', frame);
      return;
    }
    const hearing = children.filter((child) => child !== source && hear[mode].includes(child.mode));
    if (typeOf(frame) !== PAUSE) for (const { port } of hearing) this.emit(port, frame);
    this.hostHears(on, frame);
  }

  // ipvlan

  private ipvlanL2Sends(on: Interface, network: Network, child: Child, frame: Frame): void {
    if (network.flag !== 'vepa' && frame.to === frame.from) {
      const to = ownerOfTarget(network, frame);
      if (to === undefined) this.interfaceHears(on, frame);
      else if (network.flag !== 'private') this.emit(to.port, frame);
      return;
    }
    if (isGroup(frame.to)) {
      if (typeOf(frame) === PAUSE) return;
      const others = network.children.filter(({ port }) => port !== child.port);
      for (const { port } of others) this.emit(port, frame);
    }
    this.interfaceSends(on, frame);
  }

  /** A sibling comes before everything, also before the question whether the frame is to a group. */
  private ipvlanL3Sends(on: Interface, network: Network, frame: Frame): void {
    const to = network.flag === 'vepa' ? undefined : ownerOfTarget(network, frame);
    if (to !== undefined) {
      if (network.flag !== 'private') this.emit(to.port, frame);
      return;
    }
    const packet = packetOf(frame);
    if (isGroup(frame.to) || frame.tags.length > 0 || packet?.kind !== 'ipv4') return;
    if (on.nic === undefined || (on.vid === 0 && packet.target === on.nic.address)) return;
    const route = routeOf(on, packet.target);
    if (route !== undefined) this.sendPacket(on, route.via ?? packet.target, frame);
  }

  private ipvlanHears(on: Interface, network: Network, frame: Frame): void {
    const to = ownerOfTarget(network, frame);
    const isMine = isGroup(frame.to) || frame.to === on.nic?.mac;
    if (network.mode === 'l2' && isGroup(frame.to)) {
      const isOwn = frame.from === on.nic?.mac && ownerOfSender(network, frame) !== undefined;
      const hearing = isOwn || typeOf(frame) === PAUSE ? [] : network.children;
      for (const { port } of hearing) this.emit(port, frame);
      this.hostHears(on, frame);
    } else if (to === undefined || !isMine) this.hostHears(on, frame);
    else if (network.mode === 'l3s' && packetOf(frame)?.kind === 'arp') this.hostHears(on, frame);
    else this.emit(to.port, frame);
  }

  // The host's own stack: it answers ARP for its addresses and remembers who asked; its neighbors are those of one interface.

  private hostHears(on: Interface, frame: Frame): void {
    const packet = packetOf(frame);
    const own = on.host.nics.map(({ address }) => address);
    if (on.nic === undefined || packet?.kind !== 'arp') return;
    if (frame.tags.some((tag) => !PRIORITY_TAG.test(tag))) return;
    if (!isGroup(frame.to) && frame.to !== on.nic.mac) return;
    if (own.includes(packet.sender)) return;
    const isAsked = own.includes(packet.target) && packet.asks;
    this.remember(on, packet.sender, packet.senderMac, isAsked, !packet.asks && !isGroup(frame.to));
    if (!isAsked) return;
    const me = { mac: on.nic.mac, ip: packet.target };
    this.interfaceSends(on, arpFrame(false, me, { mac: frame.from, ip: packet.sender }));
  }

  private remember(
    on: Interface,
    ip: string,
    mac: string,
    isAsked: boolean,
    answers: boolean,
  ): void {
    const known = this.neighbors.get(keyOf(on, ip));
    if (parseInt(ip, 16) === 0 || (known === undefined && !isAsked)) return;
    if (answers || known?.mac !== mac)
      this.neighbors.set(keyOf(on, ip), {
        on,
        ip,
        mac,
        isSure: answers,
        isDoubted: false,
        waiting: [],
      });
    for (const frame of known?.waiting ?? []) this.sendPacket(on, ip, frame);
  }

  private sendPacket(on: Interface, nextHop: string, frame: Frame): void {
    const known = this.neighbors.get(keyOf(on, nextHop));
    if (known?.mac !== undefined) {
      known.isDoubted = !known.isSure;
      this.interfaceSends(on, { ...frame, to: known.mac, from: on.nic?.mac ?? '' });
    } else if (known !== undefined) known.waiting = [...known.waiting, frame].slice(-WAITING);
    else {
      this.neighbors.set(keyOf(on, nextHop), {
        on,
        ip: nextHop,
        isSure: false,
        isDoubted: false,
        waiting: [frame],
      });
      this.ask(on, nextHop);
    }
  }

  private ask(on: Interface, ip: string, to = EVERYBODY): void {
    const me = { mac: on.nic?.mac ?? '', ip: on.nic?.address ?? '' };
    this.interfaceSends(on, { ...arpFrame(true, me, { mac: EVERYBODY, ip }), to });
  }
}

function interfaceNamed(host: Host, nic: Nic, vid: number): Interface {
  const name = vid === 0 ? nic.name : `${nic.name}.${vid}`;
  return { host, nic, vid, networks: host.networks.filter(({ parent }) => parent === name) };
}

function interfaceOf(host: Host, network: Network): Interface {
  const [name, vid = '0'] = network.parent?.split('.') ?? [];
  const nic = host.nics.find((one) => one.name === name);
  return nic ? interfaceNamed(host, nic, Number(vid)) : { host, vid: 0, networks: [network] };
}

/** All interfaces that parents and routes name. */
function namesOf({ networks, routes }: Host): (string | undefined)[] {
  return [...networks.map(({ parent }) => parent), ...routes.map(({ dev }) => dev)];
}

function childrenOf({ networks }: Interface) {
  return networks.flatMap(({ mode, children }) => children.map((child) => ({ ...child, mode })));
}

function ownerOfTarget({ children }: Network, frame: Frame): Child | undefined {
  const packet = packetOf(frame);
  return children.find(({ addresses }) => packet && addresses.includes(packet.target));
}

function ownerOfSender({ children }: Network, frame: Frame): Child | undefined {
  const packet = packetOf(frame);
  const address = packet?.kind === 'dad' ? packet.target : packet?.sender;
  return children.find(({ addresses }) => address !== undefined && addresses.includes(address));
}

/** The narrowest route whose way out is this interface. */
function routeOf({ host, nic, vid }: Interface, target: string): Route | undefined {
  const dev = vid === 0 ? nic?.name : `${nic?.name}.${vid}`;
  const connected = host.nics.map(({ name, address, prefixLength }) => ({
    to: address,
    prefixLength,
    dev: name,
  }));
  const matching = [...connected, ...host.routes].filter(
    (route) => route.dev === dev && isWithin(target, route),
  );
  return matching.sort((one, other) => other.prefixLength - one.prefixLength)[0];
}

function isWithin(target: string, { to, prefixLength }: Route): boolean {
  const bits = (digits: string): string =>
    parseInt(digits, 16).toString(2).padStart(IPV4_BITS, '0');
  return bits(target).slice(0, prefixLength) === bits(to).slice(0, prefixLength);
}

function keyOf({ host, nic, vid }: Interface, ip: string): string {
  return `${host.name} ${nic?.name} ${vid} ${ip}`;
}
