import { parseAddress } from '../address.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { ServiceShape } from './schema.js';
import { PREDEFINED_BRIDGE, type SandboxDraft } from './services.js';
import { items, itemsOrEntries, type Written } from './written.js';

/**
 * What a service says about its network stack besides endpoints: names, links, and what cannot go together with somebody
 * else's stack. Checked here, kept in settings.ts.
 */
export function checkStack(
  draft: SandboxDraft,
  service: Written<ServiceShape>,
  all: ReadonlyMap<string, SandboxDraft>,
  findings: Findings,
): void {
  if (draft.mode === 'host') checkHostStack(service, findings);
  else if (typeof draft.mode === 'object') checkSharedStack(service, draft.mode.shares, findings);
  else checkLinks(draft, service, all, findings);
  checkNameServers(service, findings);
  checkExtraHosts(service, findings);
}

function checkHostStack(service: Written<ServiceShape>, findings: Findings): void {
  const links = service.get('links');
  if (links !== undefined) {
    const what = 'links are only supported for user-defined networks';
    findings.refuse(links.at, what, 'remove the links: the host has all ports itself', 'P13');
  }
  if (service.get('ports') !== undefined) {
    findings.note('Published ports are discarded when using host network mode');
  }
  refuseMac(service, 'the host has its own', findings);
}

function checkSharedStack(service: Written<ServiceShape>, owner: string, findings: Findings): void {
  const fix = `write it at ${owner}, whose stack this is`;
  refuseMac(service, fix, findings);
  for (const [key, what, docker] of CONFLICTS) {
    const written = service.get(key);
    if (written !== undefined)
      findings.refuse(written.at, `conflicting options: ${what}`, fix, docker);
  }
}

const CONFLICTS = [
  ['expose', 'port exposing and the container type network mode', 'P09'],
  ['ports', 'port publishing and the container type network mode', undefined],
  ['dns', 'dns and the network mode', undefined],
  ['extra_hosts', 'custom host-to-IP mapping and the network mode', undefined],
  [
    'links',
    "container type network can't be used with links. This would result in undefined behavior",
    undefined,
  ],
] as const;

function refuseMac(service: Written<ServiceShape>, fix: string, findings: Findings): void {
  const mac = service.get('mac_address');
  if (mac === undefined) return;
  findings.refuse(mac.at, 'conflicting options: mac-address and the network mode', fix, 'P08');
}

/** `links: [db, "db:database"]`: on Docker's own bridge only to its members; elsewhere just another name. */
function checkLinks(
  { attachments }: SandboxDraft,
  service: Written<ServiceShape>,
  all: ReadonlyMap<string, SandboxDraft>,
  findings: Findings,
): void {
  const isOnPredefined = attachments.some(({ network }) => network === PREDEFINED_BRIDGE);
  for (const { value, at } of items(service.get('links'))) {
    const [name = ''] = value.split(':');
    const target = all.get(name);
    if (target === undefined) {
      const fix = `name a service of this file${didYouMean(name, all.keys())}`;
      findings.refuse(at, `No such container: ${name}`, fix);
    } else if (
      isOnPredefined &&
      !target.attachments.some(({ network }) => network === PREDEFINED_BRIDGE)
    ) {
      const what = `Cannot link to /${name}, as it does not belong to the default network`;
      findings.refuse(at, what, `write "network_mode: bridge" at ${name} too`, 'P43');
    }
  }
}

function checkNameServers(service: Written<ServiceShape>, findings: Findings): void {
  const dns = service.get('dns');
  if (dns === undefined) return;
  const servers =
    typeof dns.value === 'string' ? [dns as Written<string>] : items(dns as Written<string[]>);
  for (const { value, at } of servers) {
    if (parseAddress(value) !== undefined) continue;
    const what = `invalid argument "${value}" for "--dns" flag: ${value} is not an ip address`;
    findings.refuse(at, what, 'write the address of a name server', 'P44');
  }
}

function checkExtraHosts(service: Written<ServiceShape>, findings: Findings): void {
  const split = itemsOrEntries<string, string | string[]>(service.get('extra_hosts'));
  const refuseAddress = (at: Written['at'], what: string) => {
    findings.refuse(at, what, 'write "name:address", or "name:host-gateway"', 'P55');
  };
  for (const { value, at } of split.items) {
    const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/s.exec(value) ?? [];
    if (name === '') {
      refuseAddress(
        at,
        `invalid argument "${value}" for "--add-host" flag: bad format for add-host: "${value}"`,
      );
    } else if (!isHostAddress(address)) {
      refuseAddress(at, invalidAddress(value, address));
    }
  }
  for (const { key, written } of split.entries) {
    for (const address of [written.value].flat()) {
      if (!isHostAddress(address))
        refuseAddress(written.at, invalidAddress(`${key}:${address}`, address));
    }
  }
}

function invalidAddress(value: string, address: string): string {
  return `invalid argument "${value}" for "--add-host" flag: invalid IP address in add-host: "${address}"`;
}

function isHostAddress(text: string): boolean {
  return text === 'host-gateway' || parseAddress(text.replace(/^\[(.*)\]$/, '$1')) !== undefined;
}
