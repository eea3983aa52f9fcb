/** What hosts translate, in words. */
import type { NatRule, PortRange } from './model/nat.js';
import type { PublishedPort } from './model/sandbox.js';

/** `web: 8080/tcp of 0.0.0.0 → 172.18.0.2:80`; in gateway mode `routed`, `web: opens 80/tcp of 172.18.0.2`. */
export function publishedText(service: string, port: PublishedPort): string {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = port;
  if (hostPort === 0)
    return `${service}: opens ${containerPort}/${protocol} of ${containerAddress}`;
  const container = containerAddress.includes(':') ? `[${containerAddress}]` : containerAddress;
  return `${service}: ${hostPort}/${protocol} of ${hostAddress} → ${container}:${containerPort}`;
}

/** `snat 192.168.1.0/24 out eth0 → 203.0.113.1-203.0.113.4, ports 40000-40063, udp, random, seed 7`. */
export function natRuleText(rule: NatRule): string {
  const { protocol, select, seed, to } = rule;
  const target = to === 'masquerade' ? to : rangeText(to.value);
  const isSource = rule.kind === 'source';
  const what = isSource
    ? [
        `snat ${rule.from.value}`,
        ...(rule.sourcePorts ? [`from ports ${portsText(rule.sourcePorts.value)}`] : []),
        ...(rule.out ? [`out ${rule.out.value}`] : []),
      ]
    : [
        `dnat ${rule.address.value}`,
        ...(rule.port ? [`port ${portsText(rule.port.value)}`] : []),
        ...(rule.in ? [`in ${rule.in.value}`] : []),
      ];
  const ports = isSource ? rule.ports : rule.toPort;
  const word = isSource ? 'ports' : 'port';
  const details = [
    target,
    ...(ports ? [`${word} ${portsText(ports.value)}`] : []),
    ...(protocol ? [protocol.value] : []),
    ...(select.value === 'hash' ? [] : [select.value]),
    ...(select.value === 'random' || seed.at ? [`seed ${seed.value}`] : []),
  ];
  return `${what.join(' ')} → ${details.join(', ')}`;
}

function rangeText({ first, last }: { readonly first: string; readonly last: string }): string {
  return first === last ? first : `${first}-${last}`;
}

function portsText({ first, last }: PortRange): string {
  return rangeText({ first: String(first), last: String(last) });
}
