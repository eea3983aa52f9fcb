import { addressText, parseAddress } from '../address.js';
import type { Findings } from './mistake.js';
import type { PublishedPortShape } from './schema.js';
import type { Written } from './written.js';

/** An entry of `ports`, by itself: which ports of the container, and where the host should take them. */
export interface PublishedForm {
  /** The address of the host in canonical form; absent where none is written. */
  readonly ip?: string;
  /** First and last port on the host; 0: Docker chooses. */
  readonly first: number;
  readonly last: number;
  /** First port of the container, and how many. */
  readonly containerFirst: number;
  readonly count: number;
  readonly protocol: 'tcp' | 'udp';
}

interface Refusal {
  readonly what: string;
  readonly fix: string;
  readonly docker?: string;
}

/** Refuses what Docker refuses of an entry, whoever has which port. */
export function readPublished(
  { value, at }: Written<string | number | PublishedPortShape>,
  findings: Findings,
): PublishedForm | undefined {
  const form = formOf(typeof value === 'object' ? specOf(value) : splitSpec(String(value)));
  if (!('what' in form)) return form;
  findings.refuse(at, form.what, form.fix, form.docker);
  return undefined;
}

function formOf({ ip, hostPort, port, text, ...spec }: PortSpec): PublishedForm | Refusal {
  const address = parseAddress(ip);
  if (ip !== '' && address === undefined) {
    const fix = 'write an address of the host before the ports';
    return { what: `Invalid ip address: ${ip}`, fix, docker: 'P24' };
  }
  if (port === '') {
    return { what: `No port specified: ${text}<empty>`, fix: 'write at least "80"', docker: 'P31' };
  }
  const inside = portRange(port);
  if (inside === undefined) {
    return { what: `Invalid containerPort: ${port}`, fix: PORT_FIX };
  }
  const outside = hostPort === '' ? NO_PORTS : portRange(hostPort);
  if (outside === undefined) {
    return { what: `Invalid hostPort: ${hostPort}`, fix: PORT_FIX, docker: 'P18' };
  }
  const more = inside.last - inside.first;
  if (hostPort !== '' && more > 0 && outside.last - outside.first !== more) {
    const what = `Invalid ranges specified for container and host Ports: ${port} and ${hostPort}`;
    return { what, fix: 'write ranges of the same length', docker: 'P22' };
  }
  const protocol = spec.protocol.toLowerCase();
  if (protocol === 'sctp') {
    const what = `port ${port}/sctp cannot be published: etherloom translates tcp and udp only`;
    return { what, fix: 'publish a port of tcp or udp, or leave this one out' };
  }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    return { what: `Invalid proto: ${spec.protocol}`, fix: 'write tcp or udp', docker: 'P23' };
  }
  return {
    ...(address && { ip: addressText(address.family, address.value) }),
    ...outside,
    containerFirst: inside.first,
    count: more + 1,
    protocol,
  };
}

/** Docker chooses. */
const NO_PORTS = { first: 0, last: 0 };

const PORT_FIX = 'write a port from 0 to 65535, or two with "-" between, the lower one first';

interface PortSpec {
  readonly ip: string;
  readonly hostPort: string;
  readonly port: string;
  readonly protocol: string;
  readonly text: string;
}

/** `[IP:][HOST-PORT:]PORT[/PROTOCOL]`, split as Docker splits it: from the right, so that IPv6 addresses pass. */
function splitSpec(text: string): PortSpec {
  const parts = text.split(':');
  const [port = '', protocol = ''] = (parts.pop() ?? '').split('/');
  const hostPort = parts.pop() ?? '';
  const ip = parts.join(':').replace(/^\[(.*)\]$/, '$1');
  return { ip, hostPort, port, protocol: protocol || 'tcp', text };
}

function specOf({ host_ip, published, target, protocol }: PublishedPortShape): PortSpec {
  const port = String(target);
  return {
    ip: host_ip ?? '',
    hostPort: String(published ?? ''),
    port,
    protocol: protocol ?? 'tcp',
    text: port,
  };
}

function portRange(text: string): { first: number; last: number } | undefined {
  const parts = text.split('-');
  if (parts.length > 2 || !parts.every(isPort)) return undefined;
  const [first = 0, last = first] = parts.map(Number);
  return first <= last ? { first, last } : undefined;
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= 65_535;
}

/** `expose` says nothing about frames, and is checked all the same. */
export function checkExposed({ value, at }: Written<string | number>, findings: Findings): void {
  const text = String(value);
  const [port = '', protocol = 'tcp'] = text.split('/');
  const bad = port.split('-').find((part) => !isPort(part));
  if (bad !== undefined) {
    const reason = /^\d+$/.test(bad) ? 'value out of range' : 'invalid syntax';
    const what = `invalid range format for --expose: ${text}, error: strconv.ParseUint: parsing "${bad}": ${reason}`;
    findings.refuse(at, what, PORT_FIX, reason === 'invalid syntax' ? 'P58' : 'P59');
  } else if (portRange(port) === undefined) {
    const what = `invalid range format for --expose: ${text}, error: Invalid range specified for the Port: ${port}`;
    findings.refuse(at, what, PORT_FIX);
  } else if (!['tcp', 'udp', 'sctp'].includes(protocol)) {
    findings.refuse(at, `Invalid proto: ${protocol}`, 'write tcp, udp or sctp', 'P23');
  }
}
