/**
 * A rehearsal: the containers of a lab as stations that ask for neighbors, answer and ping, so that it shows whether a frame of one reaches
 * another. Nothing is replayed before; the lab knows nobody but whom the topology declares.
 *
 * A station asks for the MAC of the other, or, where that is in none of its subnets, for that of its gateway; then it pings. A child of an
 * ipvlan parent in an L3 mode asks nobody: its parent does. All containers answer questions for their own addresses.
 */
import { forwardOn } from '../../dataplane/forward/forward.js';
import { Plane, QUEUE } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import * as arp from '../../dataplane/wire/arp.js';
import {
  Ethernet,
  EtherType,
  sourceHigh,
  sourceLow,
  typeOrLength,
} from '../../dataplane/wire/ethernet.js';
import { Icmpv6Type, targetAt } from '../../dataplane/wire/icmpv6.js';
import * as ipv6 from '../../dataplane/wire/ipv6.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import { Vlan, vlanId } from '../../dataplane/wire/vlan.js';
import { contains, parseAddress, parseBlock } from '../address.js';
import type { Address } from '../address.js';
import type { Compiled, CompiledPort } from '../compile/compile.js';
import type { Network } from '../model/network.js';
import { explanationOf } from './explanation.js';
import type { Explanation } from './explanation.js';
import { ping, question, reply } from './speech.js';
import type { Speaker } from './speech.js';
import { ipv4Text, ipv6Text, macText } from './text.js';

const BREATH_NS = 1e6;
/** More answers than this to one question are those of a storm. */
const ANSWERS_MAX = 64;

/** How it went: whether the ping arrived, and the frame that shows it: the ping, or the one that got lost. */
export interface Attempt {
  readonly reached: boolean;
  /** What that frame is: `the echo request`. */
  readonly what: string;
  /** Absent where nothing could be sent at all. */
  readonly explanation?: Explanation;
  /** Why nothing could be sent, or why the frame had to go another way than straight. */
  readonly because?: string;
}

/** A station at a port. */
interface Station {
  readonly port: number;
  readonly mac: string;
  readonly addresses: readonly Address[];
  readonly network: Network;
  /** It asks nobody and answers nobody: a child of an ipvlan parent in an L3 mode. */
  readonly isL3: boolean;
}

/** The stack of a host: nobody at a port, but who answers for its addresses. */
interface HostStack {
  readonly addresses: readonly Address[];
}

/** Lets the container at one port ping the one at another. */
export function rehearse(compiled: Compiled, from: number, to: number): Attempt {
  return new Rehearsal(compiled).run(from, to);
}

/** Lets the container at a port ping a host, which reaches it when the host hears it. */
export function rehearseToHost(compiled: Compiled, from: number, host: string): Attempt {
  const addresses = addressesOfHost(compiled, host);
  if (addresses.length === 0)
    return { reached: false, what: '', because: `${host} has no address of its own` };
  return new Rehearsal(compiled).run(from, { addresses });
}

class Rehearsal {
  private readonly plane: Plane;
  private readonly forward: ReturnType<typeof forwardOn>;
  private readonly stations: readonly (Station | undefined)[];
  private readonly serials: number[];
  private tick = 0;
  /** Where the newest frame was delivered. */
  private readonly delivered: { port: number; bytes: Uint8Array }[] = [];

  constructor(private readonly compiled: Compiled) {
    this.plane = new Plane(compiled.program);
    this.forward = forwardOn(this.plane);
    this.stations = compiled.ports.map((port, number) => stationAt(compiled, port, number));
    this.serials = compiled.ports.map(() => 0);
  }

  run(from: number, to: number | HostStack): Attempt {
    const sender = this.stations[from];
    const receiver = typeof to === 'number' ? this.stations[to] : to;
    const pair = sender && receiver && addressesOf(sender, receiver);
    if (pair === undefined)
      return { reached: false, what: '', because: 'They have no addresses of the same family' };
    const { mine, theirs, via } = pair;
    if (sender === undefined || receiver === undefined) throw new RangeError('no station');
    if (via === undefined && !sender.isL3)
      return {
        reached: false,
        what: '',
        because: `${theirs.text} is in none of its subnets, and it has no gateway`,
      };
    const me = { mac: sender.mac, ip: mine.address };
    if (sender.isL3) return this.pingFrom(sender, me, { mac: sender.mac, ip: theirs.address }, to);
    const hop = via ?? theirs;
    const asked = this.say(from, question(me, hop.address));
    const mac = this.answerTo(from, hop.address);
    const isStraight = hop.text === theirs.text;
    const because = `${theirs.text} is in none of its subnets, so it is for the gateway ${hop.text}`;
    if (mac === undefined) {
      if (!isStraight)
        return {
          reached: false,
          what: '',
          because: `${because}, for which nobody in the lab answers`,
        };
      const what = `the question for the MAC of ${hop.text}`;
      return { reached: false, ...(this.lastAnswer ?? { what, explanation: asked }) };
    }
    const attempt = this.pingFrom(sender, me, { mac, ip: theirs.address }, to);
    return isStraight ? attempt : { ...attempt, because };
  }

  /** The answer to the last question, if one was sent. */
  private lastAnswer: { what: string; explanation: Explanation } | undefined;

  private pingFrom(sender: Station, me: Speaker, other: Speaker, to: number | HostStack): Attempt {
    const what = 'the echo request';
    const wanted = ping(me, other);
    let explanation = this.say(sender.port, wanted);
    if (typeof to !== 'number')
      return { reached: explanation.hops.some(({ answered }) => answered), what, explanation };
    let arrived = this.arrivedAt(to);
    // One that had to ask for the next hop may have gone another way than those that find it known.
    if (!arrived && explanation.hops.some((hop) => 'waits' in hop && hop.waits)) {
      this.exchange();
      const second = this.say(sender.port, wanted);
      arrived = this.arrivedAt(to);
      if (arrived) explanation = second;
    }
    return { reached: arrived, what, explanation };
  }

  /** Did an echo request get to the port? */
  private arrivedAt(port: number): boolean {
    return this.delivered.some((one) => one.port === port && isPing(one.bytes));
  }

  /** Lets everybody answer until nobody has anything to say; gives the MAC that was told to `port` for an address. */
  private answerTo(port: number, wanted: Address): string | undefined {
    this.exchange();
    for (const one of this.delivered) {
      const told = one.port === port ? readAnswer(one.bytes) : undefined;
      if (told?.address.value === wanted.value) return told.mac;
    }
    return undefined;
  }

  private exchange(): void {
    let answers = 0;
    for (let at = 0; at < this.delivered.length && answers < ANSWERS_MAX; at++) {
      const { port, bytes } = this.delivered[at] ?? { port: 0, bytes: new Uint8Array() };
      const station = this.stations[port];
      const asked = station && !station.isL3 ? readQuestion(bytes) : undefined;
      const mine = station?.addresses.find(({ value }) => value === asked?.wanted.value);
      if (station === undefined || asked === undefined || mine === undefined) continue;
      answers++;
      const answer = reply({ mac: station.mac, ip: mine }, asked.by);
      const name = this.compiled.ports[port]?.port ?? '';
      const explanation = this.say(port, answer, true);
      this.lastAnswer = { what: `the answer of ${name}`, explanation };
    }
  }

  /** Lets a frame come in at a port, and notes where it, and what it caused, went. */
  private say(port: number, bytes: Uint8Array, goesOn = false): Explanation {
    const { frames, queues, queued, dirty, trace } = this.plane;
    const frame = frames.claim();
    frames.bytes.set(bytes, frames.start[frame]);
    frames.length[frame] = bytes.length;
    frames.wireLength[frame] = bytes.length;
    frames.inPort[frame] = port;
    this.serials[port] = (this.serials[port] ?? 0) + 1;
    frames.serial[frame] = this.serials[port];
    this.tick += BREATH_NS;
    frames.tick[frame] = this.tick;
    frames.flags[frame] = FrameFlag.Traced;
    this.forward(Int32Array.of(frame), 0, 1);
    const explanation = explanationOf(this.compiled, this.plane, trace.since(trace.newest));
    if (!goesOn) this.delivered.length = 0;
    for (const out of dirty.slice(0, this.plane.dirtyCount)) {
      for (const slot of queues.slice(out * QUEUE, out * QUEUE + (queued[out] ?? 0))) {
        const start = frames.start[slot] ?? 0;
        this.delivered.push({
          port: out,
          bytes: asHeard(frames.bytes.slice(start, start + (frames.length[slot] ?? 0))),
        });
        frames.letGo(slot);
      }
      queued[out] = 0;
    }
    this.plane.dirtyCount = 0;
    return explanation;
  }
}

/** What a station makes of a frame: a tag without a VLAN is only a priority, which it does not look at. */
function asHeard(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  const isPriority =
    typeOrLength(view, Ethernet.TypeOffset) === EtherType.VlanTag &&
    vlanId(view.getUint16(Ethernet.HeaderLength)) === 0;
  if (!isPriority) return bytes;
  bytes.copyWithin(Vlan.TagLength, 0, Ethernet.TypeOffset);
  return bytes.subarray(Vlan.TagLength);
}

function stationAt(
  compiled: Compiled,
  { endpoint, link }: CompiledPort,
  port: number,
): Station | undefined {
  if (endpoint === undefined) return undefined;
  const network = compiled.lab.networks.find(({ endpoints }) => endpoints.includes(endpoint));
  if (network === undefined) return undefined;
  const addresses = [endpoint.ipv4, endpoint.ipv6].flatMap((ip) => {
    const address = ip && parseAddress(ip.value);
    return address === undefined ? [] : [address];
  });
  const isL3 =
    link !== undefined && network.ipvlan !== undefined && network.ipvlan.mode.value !== 'l2';
  return { port, mac: endpoint.mac.value, addresses, network, isL3 };
}

/** Those of its NICs first, then the gateways of its bridges. */
function addressesOfHost({ lab }: Compiled, host: string): Address[] {
  const nics = lab.hosts.find(({ name }) => name === host)?.nics ?? [];
  const gateways = lab.networks
    .filter((network) => network.host === host && network.bridge !== undefined)
    .flatMap(({ pools }) => pools.flatMap(({ gateway }) => gateway?.value ?? []));
  return [
    ...nics.flatMap(({ addresses }) =>
      addresses.flatMap(({ value }) => parseBlock(value)?.address ?? []),
    ),
    ...gateways.flatMap((gateway) => parseAddress(gateway) ?? []),
  ];
}

interface Named {
  readonly address: Address;
  readonly text: string;
}

/** Addresses of one family, IPv4 first, and what the sender asks for: the other itself, its gateway, or nobody. */
function addressesOf(
  sender: Station,
  receiver: Station | HostStack,
): { mine: Named; theirs: Named; via?: Named } | undefined {
  for (const family of [4, 6]) {
    const mine = sender.addresses.find((address) => address.family === family);
    const all = receiver.addresses.filter((address) => address.family === family);
    const theirs = all.find((address) => isNear(sender.network, address)) ?? all[0];
    if (mine === undefined || theirs === undefined) continue;
    const via = nextHop(sender.network, theirs);
    return { mine: named(mine), theirs: named(theirs), ...(via && { via: named(via) }) };
  }
  return undefined;
}

function named(address: Address): Named {
  const words = new DataView(new ArrayBuffer(16));
  words.setBigUint64(0, address.value >> 64n);
  words.setBigUint64(8, address.value & 0xffff_ffff_ffff_ffffn);
  const text = address.family === 4 ? ipv4Text(Number(address.value)) : ipv6Text(words, 0);
  return { address, text };
}

/** Is the address in a subnet of the network? */
function isNear({ pools }: Network, to: Address): boolean {
  return pools.some(({ subnet }) => {
    const block = parseBlock(subnet.value)?.block;
    return block !== undefined && contains(block, to);
  });
}

function nextHop(network: Network, to: Address): Address | undefined {
  const { pools, internal } = network;
  if (isNear(network, to)) return to;
  if (internal.value) return undefined;
  return pools
    .flatMap(({ gateway }) => (gateway ? [parseAddress(gateway.value)] : []))
    .find((gateway) => gateway?.family === to.family);
}

/** Who asks for which address in an ARP request or a neighbor solicitation. */
function readQuestion(bytes: Uint8Array): { wanted: Address; by: Speaker } | undefined {
  const view = viewOf(bytes);
  const mac = macText(sourceHigh(view, 0), sourceLow(view, 0));
  const at = Ethernet.HeaderLength;
  if (isArp(view, arp.Operation.Request))
    return {
      wanted: ipv4At(arp.targetIpv4(view, at)),
      by: { mac, ip: ipv4At(arp.senderIpv4(view, at)) },
    };
  if (!isNeighborDiscovery(view, Icmpv6Type.NeighborSolicitation)) return undefined;
  const wanted = ipv6At(view, targetAt(at + Ipv6.HeaderLength));
  return { wanted, by: { mac, ip: ipv6At(view, ipv6.sourceAt(at)) } };
}

/** Who has told which address in an ARP reply or a neighbor advertisement. */
function readAnswer(bytes: Uint8Array): { address: Address; mac: string } | undefined {
  const view = viewOf(bytes);
  const mac = macText(sourceHigh(view, 0), sourceLow(view, 0));
  const at = Ethernet.HeaderLength;
  if (isArp(view, arp.Operation.Reply)) return { address: ipv4At(arp.senderIpv4(view, at)), mac };
  if (!isNeighborDiscovery(view, Icmpv6Type.NeighborAdvertisement)) return undefined;
  return { address: ipv6At(view, targetAt(at + Ipv6.HeaderLength)), mac };
}

function isArp(view: DataView, operation: number): boolean {
  return (
    typeOrLength(view, Ethernet.TypeOffset) === EtherType.Arp &&
    arp.operation(view, Ethernet.HeaderLength) === operation
  );
}

function isNeighborDiscovery(view: DataView, type: number): boolean {
  return (
    typeOrLength(view, Ethernet.TypeOffset) === EtherType.Ipv6 &&
    view.getUint8(Ethernet.HeaderLength + Ipv6.HeaderLength) === type
  );
}

function isPing(bytes: Uint8Array): boolean {
  const type = typeOrLength(viewOf(bytes), Ethernet.TypeOffset);
  if (type === EtherType.Ipv6) return isNeighborDiscovery(viewOf(bytes), Icmpv6Type.EchoRequest);
  return type === EtherType.Ipv4;
}

function ipv4At(value: number): Address {
  return { family: 4, value: BigInt(value >>> 0) };
}

function ipv6At(view: DataView, at: number): Address {
  return { family: 6, value: (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8) };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
