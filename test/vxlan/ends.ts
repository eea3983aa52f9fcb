/**
 * A topology with tunnel ends, asked frame by frame: what leaves, by which port, and how what does not leave ends. Outer packets are made and taken
 * apart here, as text, with nothing of the data plane's own arithmetic.
 */
import assert from 'node:assert/strict';
import { compile } from '../../control/compile/compile.js';
import type { Compiled } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { Source } from '../../dataplane/port/port.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { collector } from '../dataplane/scenario.js';
import { digitsOf } from '../layer2/frames.js';
import { frameOf, u16, u32 } from '../layer3/packets.js';
import type { Packet } from '../layer3/packets.js';

export interface Left {
  readonly port: string;
  readonly digits: string;
}

export interface Outcome {
  readonly left: readonly Left[];
  /** `dropped: vxlan-mtu`, once for each copy that ended. */
  readonly ended: readonly string[];
}

/** A frame that comes in. */
export interface Coming {
  readonly port: string;
  readonly digits: string;
  readonly tick?: number;
  /** Bytes on the wire, where the capture kept fewer. */
  readonly wireLength?: number;
}

export class Ends {
  readonly compiled: Compiled;
  readonly plane: Plane;
  private readonly breath: () => number;
  private left: Left[] = [];
  private coming: Coming | undefined;
  private serial = 0;

  constructor(
    yaml: string,
    private readonly settings: { readonly isTraced?: boolean } = {},
  ) {
    this.compiled = compile(parseLab(yaml, 'lab.yaml'));
    this.plane = new Plane(this.compiled.program);
    const sinks = this.compiled.ports.map(({ port }) =>
      collector(this.plane, (_serial, bytes) => {
        this.left.push({ port, digits: digitsOf(bytes) });
      }),
    );
    this.breath = breathOn(this.plane, this.source(), sinks, 1);
  }

  /** A frame comes in. Throws unless all frames are accounted for, and all slots but those of waiting ones free. */
  pass(coming: Coming): Outcome {
    this.left = [];
    this.coming = coming;
    const before = this.endings();
    this.breath();
    const ended = this.endings().flatMap((count, i) =>
      Array.from({ length: count - (before[i] ?? 0) }, () => wordFor(i % (2 * Reason.Count))),
    );
    assert.equal(this.plane.counters.unaccounted(), this.plane.frames.claimed);
    return { left: this.left, ended };
  }

  /** A host knows the MAC of a neighbor on one of its NICs, from the beginning. */
  introduce(nic: string, address: string, mac: string): void {
    const { links, networks, wires } = this.compiled;
    const link = links.findIndex(({ name }) => name === nic);
    const iface = networks.length + wires.length + link;
    const table = this.plane.neighbors[this.compiled.program.links.host[link] ?? 0];
    const words = wordsOf(address);
    const family = address.length === 8 ? 4 : 6;
    const entry = table?.add(iface, family, words[0], words[1], words[2], words[3], 0) ?? -1;
    table?.declare(entry, parseInt(mac.slice(0, 4), 16), parseInt(mac.slice(4), 16));
  }

  /** Counts of every way to end: of each port those that were dropped, then those that were consumed, by Reason. */
  private endings(): number[] {
    const { dropped, consumed } = this.plane.counters;
    return this.compiled.ports.flatMap((_, port) => {
      const [from, to] = [port * Reason.Count, (port + 1) * Reason.Count];
      return [...dropped.subarray(from, to), ...consumed.subarray(from, to)];
    });
  }

  private source(): Source {
    const { frames } = this.plane;
    return {
      receive: (into) => {
        if (this.coming === undefined) return 0;
        const { port, digits, tick = 0, wireLength = digits.length / 2 } = this.coming;
        this.coming = undefined;
        const number = this.compiled.ports.findIndex((one) => one.port === port && one.isOpen);
        assert.ok(number >= 0, `there is no port ${port}`);
        const slot = frames.claim();
        frames.bytes.set(Buffer.from(digits, 'hex'), frames.start[slot]);
        frames.length[slot] = digits.length / 2;
        frames.wireLength[slot] = wireLength;
        frames.inPort[slot] = number;
        frames.serial[slot] = ++this.serial;
        frames.flags[slot] = this.settings.isTraced === true ? FrameFlag.Traced : 0;
        frames.tick[slot] = tick;
        into[0] = slot;
        return 1;
      },
      refill: () => Promise.resolve(false),
    };
  }
}

function wordFor(ended: number): string {
  const way = ended < Reason.Count ? 'dropped' : 'consumed';
  return `${way}: ${reasonText(ended % Reason.Count).name}`;
}

/** Four words of an address in digits. */
function wordsOf(address: string): [number, number, number, number] {
  const digits = address.padStart(32, '0');
  const word = (index: number): number => parseInt(digits.slice(8 * index, 8 * index + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

/** What is around a frame in a tunnel. Addresses and MACs are digits. */
export interface Outer {
  readonly source: string;
  readonly destination: string;
  readonly vni: number;
  readonly inner: string;
  readonly to: string;
  readonly from: string;
  /** Source and destination port; default 49152 and 4789. */
  readonly port?: number;
  readonly toPort?: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly isWhole?: boolean;
  readonly identification?: number;
  /** `right`: computed. Default: none. */
  readonly checksum?: 'right' | 'none';
  readonly damage?: number;
  /** The first word of the VXLAN header, and its last byte; default: the I bit alone, and 0. */
  readonly flags?: number;
  readonly reserved?: number;
}

/** The frame that carries it. */
export function outerFrame(outer: Outer): string {
  const { to, from } = outer;
  return frameOf(outerPacket(outer), { to, from });
}

export function outerPacket(outer: Outer): Packet {
  const { source, destination, vni, inner, flags = 0x0800_0000, reserved = 0 } = outer;
  return {
    source,
    destination,
    protocol: 'udp',
    port: outer.port ?? 49152,
    toPort: outer.toPort ?? 4789,
    hopLimit: outer.ttl ?? 64,
    service: outer.tos ?? 0,
    ...(outer.isWhole !== undefined && { isWhole: outer.isWhole }),
    identification: outer.identification ?? 0,
    data: u32(flags) + u32(vni * 256 + reserved) + inner,
    ...(outer.checksum !== 'right' && { checksum: 'none' as const }),
    ...(outer.damage !== undefined && { damage: outer.damage }),
  };
}

/** What can be read in an outer frame over IPv4 without options, or over IPv6. */
export interface Opened {
  readonly to: string;
  readonly from: string;
  readonly source: string;
  readonly destination: string;
  readonly tos: number;
  readonly ttl: number;
  readonly isWhole: boolean;
  readonly port: number;
  readonly toPort: number;
  readonly checksum: number;
  readonly flags: number;
  readonly vni: number;
  readonly inner: string;
}

export function opened(digits: string): Opened {
  const isIpv4 = digits.slice(24, 28) === '0800';
  const field = (at: number, bytes: number): string =>
    digits.slice(28 + 2 * at, 28 + 2 * (at + bytes));
  const number = (at: number, bytes: number): number => parseInt(field(at, bytes), 16);
  const udp = isIpv4 ? 20 : 40;
  return {
    to: digits.slice(0, 12),
    from: digits.slice(12, 24),
    source: isIpv4 ? field(12, 4) : field(8, 16),
    destination: isIpv4 ? field(16, 4) : field(24, 16),
    tos: isIpv4 ? number(1, 1) : (number(0, 2) >>> 4) & 0xff,
    ttl: number(isIpv4 ? 8 : 7, 1),
    isWhole: isIpv4 && (number(6, 2) & 0x4000) !== 0,
    port: number(udp, 2),
    toPort: number(udp + 2, 2),
    checksum: number(udp + 6, 2),
    flags: number(udp + 8, 4),
    vni: number(udp + 12, 3),
    inner: digits.slice(28 + 2 * (udp + 16)),
  };
}

/** An inner frame: UDP from one container to another. */
export function inner(
  packet: Partial<Packet>,
  link: { readonly to: string; readonly from: string; readonly tags?: string },
): string {
  return frameOf(
    {
      source: '0a000002',
      destination: '0a000003',
      protocol: 'udp',
      port: 1000,
      toPort: 2000,
      hopLimit: 64,
      data: u16(0xabcd),
      ...packet,
    },
    link,
  );
}
