import {
  blockText,
  contains,
  overlaps,
  parseAddress,
  parseBlock,
  type Address,
  type Block,
} from '../address.js';
import type { Findings } from './mistake.js';
import type { Position } from './position.js';
import type { NetworkShape, PoolShape } from './schema.js';
import { entries, items, type Written } from './written.js';

/** A value that somebody wrote, with its place. */
interface Placed<T> {
  readonly value: T;
  readonly at: Position;
}

/** An address that somebody wrote. */
type PlacedAddress = Placed<Address> & { readonly text: string };

/** One entry of `ipam.config`, read but not claimed yet. */
export interface PoolDraft {
  readonly subnet: Placed<Block>;
  readonly range: Placed<Block> | undefined;
  readonly gateway: PlacedAddress | undefined;
  readonly aux: readonly (PlacedAddress & { readonly name: string })[];
}

/** `ipam`: the subnets of a network as declared, without those that Docker refuses on sight. */
export function readPools(
  name: string,
  network: Written<NetworkShape>,
  findings: Findings,
): PoolDraft[] {
  const ipam = network.get('ipam');
  const driver = ipam?.get('driver');
  if (driver !== undefined && !['default', 'null', ''].includes(driver.value)) {
    const fix = 'leave it out, or write "default" or "null"';
    findings.refuse(driver.at, `plugin "${driver.value}" not found`, fix, 'D02');
  }
  const pools: PoolDraft[] = [];
  for (const config of items(ipam?.get('config'))) {
    const pool = readPool(name, config, findings);
    if (pool === undefined) continue;
    if (pools.some(({ subnet }) => overlaps(subnet.value, pool.subnet.value))) {
      const what = 'multiple overlapping subnet configuration is not supported';
      findings.refuse(pool.subnet.at, what, 'choose subnets that have no address in common', 'N26');
    } else pools.push(pool);
  }
  return pools;
}

/** Does this network hand out addresses at all? `ipam.driver: "null"` does not. */
export function hasIpam(network: Written<NetworkShape> | undefined): boolean {
  return network?.get('ipam')?.get('driver')?.value !== 'null';
}

function readPool(
  name: string,
  config: Written<PoolShape>,
  findings: Findings,
): PoolDraft | undefined {
  const subnet = config.get('subnet');
  if (subnet === undefined) {
    const orphan = config.get('gateway') ?? config.get('ip_range') ?? config.get('aux_addresses');
    if (orphan !== undefined) {
      const what = 'every ip-range or gateway must have a corresponding subnet';
      findings.refuse(orphan.at, what, 'write the subnet beside it', 'N13');
    }
    return undefined;
  }
  const parsed = parseBlock(subnet.value);
  if (parsed === undefined) {
    const what = `Invalid subnet ${subnet.value} : invalid CIDR address: ${subnet.value}`;
    findings.refuse(subnet.at, what, 'write address and prefix length: 10.20.0.0/24', 'N08');
    return undefined;
  }
  const { block, address } = parsed;
  if (address.value !== block.first) {
    findings.note(`network ${name}: subnet ${subnet.value} is read as ${blockText(block)}`);
  }
  return {
    subnet: { value: block, at: subnet.at },
    range: readRange(block, config.get('ip_range'), findings),
    gateway: readMember(block, 'gateway', config.get('gateway'), findings, 'N12'),
    aux: entries(config.get('aux_addresses')).flatMap(({ key, written }) => {
      const member = readMember(block, 'aux-address', written, findings);
      return member === undefined ? [] : [{ ...member, name: key }];
    }),
  };
}

function readRange(
  subnet: Block,
  range: Written<string> | undefined,
  findings: Findings,
): Placed<Block> | undefined {
  if (range === undefined) return undefined;
  const parsed = parseBlock(range.value);
  const fix = `write a part of ${blockText(subnet)}`;
  if (parsed !== undefined && contains(subnet, parsed.address)) {
    return { value: parsed.block, at: range.at };
  }
  const what =
    parsed === undefined && range.value.includes('/')
      ? `Invalid cidr ${range.value} : invalid CIDR address: ${range.value}`
      : `no matching subnet for range ${range.value}`;
  findings.refuse(range.at, what, fix, 'N17');
  return undefined;
}

/** An address that has to be of this subnet. */
function readMember(
  subnet: Block,
  role: 'gateway' | 'aux-address',
  written: Written<string> | undefined,
  findings: Findings,
  docker?: string,
): PlacedAddress | undefined {
  if (written === undefined) return undefined;
  const address = parseAddress(written.value);
  if (address !== undefined && contains(subnet, address)) {
    return { value: address, at: written.at, text: written.value };
  }
  const what = `no matching subnet for ${role} ${written.value}`;
  findings.refuse(written.at, what, `choose an address of ${blockText(subnet)}`, docker);
  return undefined;
}
