import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { NetworkDraft } from './networks.js';
import type { Member } from './overlay.js';
import type { Position } from './position.js';
import type { Swarm } from './swarm.js';
import { items, type Written } from './written.js';

/** What one node knows wrongly of a service on another. */
export interface StaleEntry {
  readonly at: Position;
  readonly on: string;
  readonly service: string;
  /** The node behind which it takes the service to be; absent: it knows nothing of it. */
  readonly behind?: string;
}

/** `x-overlay.stale`: the peer database of a node is wrong, as bugs of Docker leave it. */
export function readStale(
  { key, written }: NetworkDraft,
  members: readonly Member[],
  swarm: Swarm,
  findings: Findings,
): StaleEntry[] {
  const hosts = [...new Set(members.map(({ host }) => host))];
  const services = members.map(({ endpoint }) => endpoint.sandbox);
  const read: StaleEntry[] = [];
  const wordOf = (
    word: Written<string> | undefined,
    known: readonly string[],
    kind: string,
  ): string | undefined => {
    if (word === undefined || known.includes(word.value)) return word?.value;
    const what = `network ${key} has no ${kind} "${word.value}"${didYouMean(word.value, known)}`;
    const fix = `write one of ${known.join(', ')}`;
    findings.refuse(word.at, what, known.length === 0 ? 'let services join the network' : fix);
    return undefined;
  };
  for (const entry of items(written?.get('x-overlay')?.get('stale'))) {
    const on = wordOf(entry.get('on'), hosts, 'host');
    const service = wordOf(entry.get('service'), services, 'service');
    const place = entry.get('at');
    const behind = wordOf(place, [...swarm.nodes], 'node');
    if (on === undefined || service === undefined) continue;
    const home = members.find(({ endpoint }) => endpoint.sandbox === service)?.host;
    if (home === on) {
      const what = `${service} is on ${on} itself, which cannot be wrong about it`;
      findings.refuse(entry.get('service')?.at ?? entry.at, what, 'name a service on another host');
    } else if (place !== undefined && behind !== undefined) {
      const refusal = refusalOf(service, home, on, behind, swarm);
      if (refusal !== undefined) findings.refuse(place.at, ...refusal);
    }
    if (read.some((other) => other.on === on && other.service === service))
      findings.refuse(entry.at, `${on} is wrong about ${service} already`, 'keep one of the two');
    read.push({ at: entry.at, on, service, ...(behind !== undefined && { behind }) });
  }
  return read;
}

/** Why a node cannot take a service to be behind that one. */
function refusalOf(
  service: string,
  home: string | undefined,
  on: string,
  behind: string,
  swarm: Swarm,
): [what: string, fix: string] | undefined {
  const fix = 'name another host, or leave "at" out: then nothing is known of the service';
  if (behind === home) return [`${service} is on ${behind}: that would be right`, fix];
  if (behind === on) return [`${on} is no other end of a tunnel to itself`, fix];
  if (swarm.dataPaths.has(behind)) return undefined;
  const what = `${behind} has no address at which the other nodes could reach it`;
  return [what, 'give a NIC of it an address in x-hosts'];
}
