/** What this process may do, before it tries. */
import { readFileSync } from 'node:fs';
import { Refused } from '../cli/errors.js';

/** capabilities(7): names and bit numbers of what a running lab needs. */
const NEEDED = [
  ['CAP_NET_ADMIN', 12],
  ['CAP_NET_RAW', 13],
  ['CAP_SYS_ADMIN', 21],
] as const;

/** The names of the capabilities that are missing, from the text of /proc/self/status. */
export function missingCapabilities(status: string): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return NEEDED.flatMap(([name, bit]) => ((effective >> BigInt(bit)) & 1n ? [] : [name]));
}

/** The same for this process. */
export function missingOnThisMachine(): string[] {
  return missingCapabilities(readFileSync('/proc/self/status', 'utf8'));
}

/** @throws Refused that names what is missing and what works without */
export function requireCapabilities(missing: readonly string[] = missingOnThisMachine()): void {
  if (missing.length === 0) return;
  throw new Refused(
    `etherloom: making networks needs ${missing.join(', ')}, which this process does not have\n    fix: call it as root (sudo); replay, explain and check work without`,
  );
}
