/** The files that programs in a sandbox see as /etc/hosts and /etc/resolv.conf. */
import type { Endpoint } from '../model/endpoint.js';
import { GATEWAY_BRIDGE } from '../model/gateway-bridge.js';
import type { Lab } from '../model/lab.js';
import type { Sandbox, SandboxSettings } from '../model/sandbox.js';
import type { DefaultRoute } from './plan.js';

const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/**
 * Docker's own lines, and then what its name server would answer: everybody on a network of this sandbox by the name of service and
 * container, aliases, and NAME.NETWORK.
 */
export function hostsText(lab: Lab, sandbox: Sandbox, routes: readonly DefaultRoute[]): string {
  const { settings } = sandbox;
  const extra = settings.extraHosts.flatMap(({ name, address }) => {
    const target = address === 'host-gateway' ? routes[0]?.via : address;
    return target === undefined ? [] : line(target, [name]);
  });
  const own = named(sandbox).flatMap((endpoint) => {
    const names = [settings.hostname, ...namesOf(sandbox, endpoint)];
    return linesFor(endpoint, names);
  });
  const joined = new Set(named(sandbox).map(({ network }) => network));
  const peers = lab.sandboxes.flatMap((peer) => {
    const links = settings.links.filter(({ service }) => service === peer.name);
    return named(peer).flatMap((endpoint) => {
      if (peer === sandbox || !joined.has(endpoint.network)) return [];
      return linesFor(endpoint, [...namesOf(peer, endpoint), ...links.map(({ alias }) => alias)]);
    });
  });
  return [...LOOPBACK, ...extra, ...own, ...peers].map((text) => `${text}\n`).join('');
}

/** The endpoints that have names: those on the way out of overlays have none. */
function named({ endpoints }: Sandbox): Endpoint[] {
  return endpoints.filter(({ network }) => network !== GATEWAY_BRIDGE);
}

function namesOf({ name, settings }: Sandbox, { network, aliases }: Endpoint): string[] {
  return [name, settings.containerName, ...aliases, `${name}.${network}`];
}

function linesFor({ ipv4, ipv6 }: Endpoint, names: readonly string[]): string[] {
  return [ipv4, ipv6].flatMap((address) => (address ? line(address.value, names) : []));
}

/** A name with a blank in it would be two, and one with a line feed could be anything: hosts(5) cannot hold them. */
function line(address: string, names: readonly string[]): string[] {
  const good = [...new Set(names)].filter((name) => /^[^\s#\p{Cc}]+$/u.test(name));
  return good.length === 0 ? [] : [`${address}\t${good.join(' ')}`];
}

/** resolv.conf(5). Without a name server of its own a program asks 127.0.0.1, where nobody answers, and knows at once. */
export function resolverText({ dns, dnsSearch, dnsOptions }: SandboxSettings): string {
  const words = (list: readonly string[]): string => list.join(' ').replace(/[\s\p{Cc}]+/gu, ' ');
  const lines = [
    ...(dnsSearch.length > 0 ? [`search ${words(dnsSearch)}`] : []),
    ...dns.map((address) => `nameserver ${address}`),
    ...(dnsOptions.length > 0 ? [`options ${words(dnsOptions)}`] : []),
  ];
  return lines.map((text) => `${text}\n`).join('');
}
