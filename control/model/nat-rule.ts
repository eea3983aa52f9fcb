import { addressText, blockText, parseAddress, parseBlock } from '../address.js';
import type { Findings } from './mistake.js';
import type { AddressRange, DestinationNat, Nat, NatRule, PortRange, SourceNat } from './nat.js';
import type { Value } from './position.js';
import { readAddresses, readPorts } from './range.js';
import { readInterface } from './routes.js';
import type { NatRuleShape } from './schema.js';
import type { Written } from './written.js';

/** A value that somebody wrote. */
type Placed<T> = Value<T> & Pick<Written, 'at'>;
type Rule = Written<NatRuleShape>;

/** Keys that say something in one form of a rule only, and what to write instead in the other. */
const SOURCE_ONLY = [
  ['out', 'write "in", or remove it'],
  ['ports', 'write "to_port" for the ports that it leads to'],
  ['source_ports', 'write "port" for the ports that it is about'],
] as const;
const DESTINATION_ONLY = [
  ['in', 'write "out", or remove it'],
  ['port', 'write "source_ports" for the ports that it is about'],
  ['to_port', 'write "ports" for the ports that it gives'],
] as const;
const SEED_MAX = 0xffff_ffff;

/** Reads the rules of one host; refuses what cannot be meant. */
export class NatRules {
  constructor(
    /** Those of the host. */
    private readonly interfaces: readonly string[],
    /** Nothing that is written about the host was cut out: otherwise a key may seem to be missing only because of that. */
    private readonly isWhole: boolean,
    private readonly profile: Nat['profile']['value'],
    private readonly findings: Findings,
  ) {}

  /** Undefined after refusing it. */
  read(rule: Rule): NatRule | undefined {
    const snat = rule.get('snat');
    const dnat = rule.get('dnat');
    if (snat !== undefined && dnat !== undefined) {
      const what = 'a rule translates sources or destinations, not both';
      this.findings.refuse(rule.keyAt('dnat'), what, 'write two rules');
      return undefined;
    }
    if (snat !== undefined) return this.readSource(rule, snat);
    if (dnat !== undefined) return this.readDestination(rule, dnat);
    const fix = 'begin it with "snat: " and a subnet, or with "dnat: " and an address';
    this.refuseLack(
      rule.at,
      'a rule translates sources or destinations, and this one neither',
      fix,
    );
    return undefined;
  }

  private readSource(rule: Rule, snat: Written<string>): SourceNat | undefined {
    this.refuseForeignKeys('snat', rule, DESTINATION_ONLY);
    const from = this.readSubnet(snat);
    const out = readInterface(rule.get('out'), this.interfaces, this.findings);
    const ports = readPorts(rule.get('ports'), this.findings);
    const sourcePorts = readPorts(rule.get('source_ports'), this.findings);
    const to = this.readTranslation(rule);
    const selection = this.readSelection(rule);
    if (rule.get('protocol')?.value === 'icmp') this.refusePorts(rule);
    if (from === undefined || to === undefined) return undefined;
    if (to !== 'masquerade') this.refuseOtherFamily(to, from.family);
    return {
      kind: 'source',
      at: rule.at,
      family: from.family,
      from: { value: from.text, at: snat.at },
      ...(sourcePorts && { sourcePorts }),
      ...(out && { out }),
      to,
      ...(ports && { ports }),
      ...protocolOf(rule),
      ...selection,
    };
  }

  private readDestination(rule: Rule, dnat: Written<string>): DestinationNat | undefined {
    this.refuseForeignKeys('dnat', rule, SOURCE_ONLY);
    const address = this.readAddress(dnat);
    const entry = readInterface(rule.get('in'), this.interfaces, this.findings);
    const port = readPorts(rule.get('port'), this.findings);
    const toPort = readPorts(rule.get('to_port'), this.findings);
    const to = this.readTarget(rule);
    const selection = this.readSelection(rule);
    this.refuseUnclearPorts(rule);
    const isOneForOne = ['hash', 'persistent'].includes(selection.select.value);
    if (port && toPort && isOneForOne) this.refuseOtherSize(port, toPort);
    if (address === undefined || to === undefined) return undefined;
    if (address.family !== undefined) this.refuseOtherFamily(to, address.family);
    return {
      kind: 'destination',
      at: rule.at,
      family: to.value.family,
      address: { value: address.text, at: dnat.at },
      ...(port && { port }),
      ...(entry && { in: entry }),
      to,
      ...(toPort && { toPort }),
      ...protocolOf(rule),
      ...selection,
    };
  }

  private readSubnet({ value, at }: Written<string>): { text: string; family: 4 | 6 } | undefined {
    const parsed = parseBlock(value);
    if (parsed === undefined) {
      const fix = 'write a subnet, such as 192.168.1.0/24';
      this.findings.refuse(at, `invalid CIDR address: ${value}`, fix);
      return undefined;
    }
    const { block, address } = parsed;
    const text = blockText(block);
    if (address.value !== block.first) {
      const what = `${value}: Invalid prefix for given prefix length`;
      this.findings.refuse(at, what, `write ${text}`);
    }
    return { text, family: block.family };
  }

  /** `local` is of both families. */
  private readAddress({
    value,
    at,
  }: Written<string>): { text: string; family: 4 | 6 | undefined } | undefined {
    if (value === 'local') return { text: value, family: undefined };
    const address = parseAddress(value);
    if (address !== undefined) {
      return { text: addressText(address.family, address.value), family: address.family };
    }
    const fix = 'write the address that packets are sent to, or "local" for all of this host';
    this.findings.refuse(at, `${value} is not an ip address`, fix);
    return undefined;
  }

  /** `to` of a rule for sources. */
  private readTranslation(rule: Rule): Placed<AddressRange> | 'masquerade' | undefined {
    const to = rule.get('to');
    if (to?.value !== 'masquerade') return to && readAddresses(to, this.findings);
    if (rule.get('out') === undefined) {
      const what =
        'masquerade takes the address of an interface by which packets leave: which one?';
      this.refuseLack(to.at, what, 'add "out: " and a NIC');
    }
    return 'masquerade';
  }

  /** `to` of a rule for destinations. */
  private readTarget(rule: Rule): Placed<AddressRange> | undefined {
    const to = rule.get('to');
    if (to?.value !== 'masquerade') return to && readAddresses(to, this.findings);
    const fix = 'write the address that packets are led to';
    this.findings.refuse(to.at, 'masquerade is an address for sources', fix);
    return undefined;
  }

  private readSelection(rule: Rule): Pick<NatRule, 'select' | 'seed'> {
    const select = rule.get('select');
    const seed = rule.get('seed');
    // In the profile rfc4787 every port that cannot be kept is drawn.
    const isDrawn = select?.value === 'random' || this.profile === 'rfc4787';
    if (seed !== undefined && !isDrawn) {
      const what = 'a seed means nothing without "select: random"';
      this.refuseLack(rule.keyAt('seed'), what, 'add it, or remove the seed');
    } else if (seed !== undefined && !isSeed(seed.value)) {
      const fix = `write a whole number from 0 to ${SEED_MAX}`;
      this.findings.refuse(seed.at, `${seed.value} is not a seed`, fix);
    }
    return {
      select: select === undefined ? { value: 'hash' } : { value: select.value, at: select.at },
      seed: seed === undefined ? { value: 0 } : { value: seed.value, at: seed.at },
    };
  }

  private refuseForeignKeys(
    form: 'snat' | 'dnat',
    rule: Rule,
    foreign: typeof SOURCE_ONLY | typeof DESTINATION_ONLY,
  ): void {
    for (const [key, fix] of foreign) {
      if (rule.get(key) === undefined) continue;
      this.findings.refuse(rule.keyAt(key), `${key} means nothing to a ${form} rule`, fix);
    }
  }

  private refusePorts(rule: Rule): void {
    for (const key of ['ports', 'source_ports'] as const) {
      if (rule.get(key) === undefined) continue;
      const fix = `remove ${key}, or write "protocol: tcp" or "protocol: udp"`;
      this.findings.refuse(rule.keyAt(key), 'icmp has no ports', fix);
    }
  }

  private refuseUnclearPorts(rule: Rule): void {
    const protocol = rule.get('protocol');
    const port = rule.get('port');
    if (protocol?.value === 'icmp') {
      const fix = 'write tcp or udp, or leave protocol and ports out: then everything is led there';
      this.findings.refuse(protocol.at, 'icmp is led to another host only with all the rest', fix);
    } else if (port !== undefined && protocol === undefined) {
      const fix = 'add "protocol: tcp" or "protocol: udp"';
      this.refuseLack(port.at, `which protocol has port ${port.value}?`, fix);
    } else if (rule.get('to_port') !== undefined && port === undefined) {
      const what = 'to_port stands for a port, and there is none';
      this.refuseLack(rule.keyAt('to_port'), what, 'add "port: " and the ports it stands for');
    }
  }

  private refuseOtherSize({ value: from }: Placed<PortRange>, to: Placed<PortRange>): void {
    const wanted = sizeOf(from);
    const given = sizeOf(to.value);
    if (given === 1 || given === wanted) return;
    const what = `${countOf(wanted)} cannot be led to ${countOf(given)}, one for one`;
    const fix = 'write as many, or one for all, or "select: sequential" or "select: random"';
    this.findings.refuse(to.at, what, fix);
  }

  private refuseOtherFamily(
    { value: { first, family }, at }: Placed<AddressRange>,
    wanted: 4 | 6,
  ): void {
    if (family === wanted) return;
    const fix = `write an IPv${wanted} address: no rule leads from one family to the other`;
    this.findings.refuse(at, `${first} is no IPv${wanted} address`, fix);
  }

  private refuseLack(at: Written['at'], what: string, fix: string): void {
    if (this.isWhole) this.findings.refuse(at, what, fix);
  }
}

function protocolOf(rule: Rule): Pick<NatRule, 'protocol'> {
  const protocol = rule.get('protocol');
  return protocol === undefined ? {} : { protocol: { value: protocol.value, at: protocol.at } };
}

function isSeed(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= SEED_MAX;
}

function sizeOf({ first, last }: PortRange): number {
  return last - first + 1;
}

function countOf(ports: number): string {
  return ports === 1 ? '1 port' : `${ports} ports`;
}
