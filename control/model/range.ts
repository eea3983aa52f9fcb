/** Ranges of ports and of addresses, written as one or as two with a "-" between. */
import { addressText, parseAddress } from '../address.js';
import { canBeOwned } from './hosts.js';
import type { Findings } from './mistake.js';
import type { AddressRange, PortRange } from './nat.js';
import type { Value } from './position.js';
import type { Written } from './written.js';

const PORT_MAX = 65_535;
/** What a column of the Program can count. */
const ADDRESSES_MAX = 0xffff_ffffn;

/** Undefined where there is nothing, or after refusing it. */
export function readPorts(
  written: Written<string | number> | undefined,
  findings: Findings,
): (Value<PortRange> & Pick<Written, 'at'>) | undefined {
  if (written === undefined) return undefined;
  const { value, at } = written;
  const parts = String(value).split('-');
  const [first = 0, last = first] = parts.map(Number);
  const isWhole = parts.length <= 2 && parts.every((part) => /^\d+$/.test(part));
  if (isWhole && first >= 1 && first <= last && last <= PORT_MAX)
    return { value: { first, last }, at };
  const fix = `write a port from 1 to ${PORT_MAX}, or two with "-" between, the lower one first`;
  findings.refuse(at, `${value} is not a range of ports`, fix);
  return undefined;
}

/** Undefined after refusing it. */
export function readAddresses(
  { value, at }: Written<string>,
  findings: Findings,
): (Value<AddressRange> & Pick<Written, 'at'>) | undefined {
  const range = rangeOf(value);
  if (!('what' in range)) return { value: range, at };
  findings.refuse(at, range.what, range.fix);
  return undefined;
}

const ADDRESSES_FIX = 'write an address, or two with "-" between, the lower one first';

function rangeOf(text: string): AddressRange | { what: string; fix: string } {
  const parts = text.split('-');
  const bad = parts.find((part) => parseAddress(part) === undefined);
  if (bad !== undefined) return { what: `${bad} is not an ip address`, fix: ADDRESSES_FIX };
  const [first, last = first] = parts.flatMap((part) => parseAddress(part) ?? []);
  if (first === undefined || last === undefined || parts.length > 2)
    return { what: `${text} is not a range of addresses`, fix: ADDRESSES_FIX };
  const { family } = first;
  if (family !== last.family) {
    const fix = 'write a range of IPv4, or one of IPv6';
    return { what: `the range ${text} is of two families`, fix };
  }
  if (first.value > last.value)
    return { what: `the range ${text} runs backwards`, fix: ADDRESSES_FIX };
  const unfit = [first, last].find((address) => !canBeOwned(address));
  if (unfit !== undefined) {
    const what = `${addressText(family, unfit.value)} cannot be the address of one host`;
    return { what, fix: 'choose another address' };
  }
  const count = last.value - first.value + 1n;
  if (count > ADDRESSES_MAX)
    return { what: `the range ${text} has too many addresses`, fix: 'write a shorter range' };
  const plain = (address: bigint): string => addressText(family, address);
  return { family, first: plain(first.value), last: plain(last.value), count: Number(count) };
}
