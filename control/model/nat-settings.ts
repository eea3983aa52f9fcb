/** What `x-nat` says of a host besides its rules: how long it remembers what, what it tells apart, and what it keeps silent about. */
import { secondsOf } from './duration.js';
import type { Findings } from './mistake.js';
import { INDEPENDENT, TIMEOUT_MAX_S, TIMEOUT_MIN_S, TIMEOUTS } from './nat.js';
import type { Independent, Nat, Timeout } from './nat.js';
import type { Value } from './position.js';
import { readInterface } from './routes.js';
import type { NatShape } from './schema.js';
import { items, type Written } from './written.js';

/** What only the profile rfc4787 can do otherwise: Linux has no mappings besides connections. */
const OF_MAPPINGS = ['protocol_independent', 'inbound_refresh'] as const;

export type NatSettings = Pick<
  Nat,
  'timeouts' | 'protocolIndependent' | 'inboundRefresh' | 'suppressIcmpErrors'
>;

/** `isWhole`: nothing that is written about the host was cut out, so that its profile may be missing only because of that. */
export function readNatSettings(
  nat: Written<NatShape> | undefined,
  interfaces: readonly string[],
  isWhole: boolean,
  findings: Findings,
): NatSettings {
  const isRfc = nat?.get('profile')?.value === 'rfc4787';
  if (!isRfc && isWhole) refuseOfMappings(nat, findings);
  const refresh = nat?.get('inbound_refresh');
  return {
    timeouts: readTimeouts(nat, isRfc, findings),
    protocolIndependent: readIndependent(nat, findings),
    inboundRefresh:
      refresh === undefined ? { value: false } : { value: refresh.value, at: refresh.at },
    suppressIcmpErrors: items(nat?.get('suppress_icmp_errors')).flatMap(
      (written) => readInterface(written, interfaces, findings) ?? [],
    ),
  };
}

function refuseOfMappings(nat: Written<NatShape> | undefined, findings: Findings): void {
  for (const key of OF_MAPPINGS) {
    if (nat?.get(key) === undefined) continue;
    const what = `${key} means nothing in the profile linux, which has no mappings besides connections`;
    findings.refuse(nat.keyAt(key), what, 'add "profile: rfc4787", or remove it');
  }
}

function readTimeouts(
  nat: Written<NatShape> | undefined,
  isRfc: boolean,
  findings: Findings,
): Nat['timeouts'] {
  const written = nat?.get('timeouts');
  const read: Partial<Record<Timeout, Value<number>>> = {};
  for (const { key, leastOfRfc_s, source } of TIMEOUTS) {
    const duration = written?.get(key);
    if (duration === undefined) continue;
    const seconds = secondsOf(String(duration.value));
    const isWhole = Number.isInteger(seconds);
    if (!isWhole || seconds < TIMEOUT_MIN_S || seconds > TIMEOUT_MAX_S) {
      const what = Number.isNaN(seconds)
        ? `"${duration.value}" is not a duration`
        : `nothing can be remembered for ${duration.value}`;
      const fix = `write whole seconds from "${TIMEOUT_MIN_S}s" to "${TIMEOUT_MAX_S}s"`;
      findings.refuse(duration.at, what, fix);
    } else if (isRfc && seconds < leastOfRfc_s) {
      const what = `${key}: ${duration.value} is less than ${source} allows`;
      const fix = `write "${leastOfRfc_s}s" or more, or "profile: linux"`;
      findings.refuse(duration.at, what, fix);
    } else read[key] = { value: seconds, at: duration.at };
  }
  return read;
}

function readIndependent(
  nat: Written<NatShape> | undefined,
  findings: Findings,
): Nat['protocolIndependent'] {
  const written = nat?.get('protocol_independent');
  if (written === undefined) return { value: ['pooling'] };
  const { value } = written;
  // Each of them rests on the one before it.
  INDEPENDENT.forEach((one, i) => {
    const below = INDEPENDENT[i - 1];
    if (below === undefined || !value.includes(one) || value.includes(below)) return;
    const what = `${one} cannot be independent of protocols where ${below} is not`;
    findings.refuse(written.at, what, `add ${below}, or remove ${one}`);
  });
  const isMeant = (one: Independent): boolean => value.includes(one);
  return { value: INDEPENDENT.filter(isMeant), at: written.at };
}
