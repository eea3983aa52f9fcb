import type { Findings } from './mistake.js';
import type { SandboxSettings } from './sandbox.js';
import type { ServiceShape } from './schema.js';
import type { SandboxDraft } from './services.js';
import { entries, items, itemsOrEntries, type Written } from './written.js';
import { splitWords } from './words.js';

/**
 * What a service says about the inside of its sandbox: names, name servers, the program that runs there. Frames do not depend on it;
 * `up` does. Addresses among it are checked in stack.ts.
 */
export function readSettings(
  draft: SandboxDraft,
  project: string,
  findings: Findings,
): SandboxSettings {
  const { written } = draft;
  const containerName = written?.get('container_name')?.value ?? `${project}-${draft.name}-1`;
  const command = [
    ...wordsOf(written?.get('entrypoint'), findings),
    ...wordsOf(written?.get('command'), findings),
  ];
  const folder = written?.get('working_dir')?.value;
  return {
    containerName,
    hostname: hostnameOf(written?.get('hostname'), findings) ?? draft.name,
    ...(command.length > 0 && { command }),
    environment: environmentOf(written, findings),
    ...(folder !== undefined && { folder }),
    dns: textsOf(written?.get('dns')),
    dnsSearch: textsOf(written?.get('dns_search')),
    dnsOptions: items(written?.get('dns_opt')).map(({ value }) => value),
    extraHosts: extraHostsOf(written),
    links: items(written?.get('links')).map(({ value }) => {
      const [service = '', alias = service] = value.split(':');
      return { service, alias };
    }),
  };
}

function wordsOf(
  written: Written<string | readonly string[]> | undefined,
  findings: Findings,
): readonly string[] {
  if (written === undefined) return [];
  const words = typeof written.value === 'string' ? splitWords(written.value) : written.value;
  if ('what' in words) {
    findings.refuse(written.at, words.what, words.fix);
    return [];
  }
  refuseZeros(written, words, findings);
  if (words[0] === '')
    findings.refuse(written.at, 'the name of the program is empty', 'name a program');
  return words;
}

/** Words and variables end with a zero byte (execve(2)): they cannot hold one. */
function refuseZeros({ at }: Written, texts: readonly string[], findings: Findings): void {
  if (texts.some((text) => text.includes('\0')))
    findings.refuse(at, 'a program cannot be given a zero byte', 'remove it');
}

/** RFC 1123 §2.1, and the 64 bytes of sethostname(2). */
function hostnameOf(hostname: Written<string> | undefined, findings: Findings): string | undefined {
  if (hostname === undefined) return undefined;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9.-]{0,63}$/.test(hostname.value)) {
    const fix = 'use letters, digits, "-" and ".", 64 at the most';
    findings.refuse(hostname.at, `"${hostname.value}" is not a name for a host`, fix);
  }
  return hostname.value;
}

/** `KEY: value` or `KEY=value`; a key without a value would come from the environment, which a topology does not have. */
function environmentOf(
  written: Written<ServiceShape> | undefined,
  findings: Findings,
): ReadonlyMap<string, string> {
  const split = itemsOrEntries<string, string | number | boolean | null>(
    written?.get('environment'),
  );
  const variables = new Map<string, string>();
  for (const { value, at } of split.items) {
    const equals = value.indexOf('=');
    if (equals > 0) variables.set(value.slice(0, equals), value.slice(equals + 1));
    else if (equals === 0) findings.refuse(at, `"${value}" names no variable`, 'write NAME=value');
  }
  for (const { key, written: value } of split.entries)
    if (value.value !== null) variables.set(key, String(value.value));
  const environment = written?.get('environment');
  if (environment !== undefined) refuseZeros(environment, [...variables].flat(), findings);
  return variables;
}

function textsOf(written: Written<string | readonly string[]> | undefined): readonly string[] {
  return written === undefined ? [] : [written.value].flat();
}

function extraHostsOf(written: Written<ServiceShape> | undefined): SandboxSettings['extraHosts'] {
  const mapping = written?.get('extra_hosts');
  const plain = (address: string): string => address.replace(/^\[(.*)\]$/, '$1');
  if (Array.isArray(mapping?.value))
    return items(mapping as Written<string[]>).map(({ value }) => {
      const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/s.exec(value) ?? [];
      return { name, address: plain(address) };
    });
  return entries(mapping as Written<Record<string, string | string[]>> | undefined).flatMap(
    ({ key, written: addresses }) =>
      [addresses.value].flat().map((address) => ({ name: key, address: plain(address) })),
  );
}
