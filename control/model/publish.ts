import { digestOf, parseAddress, parseBlock } from '../address.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { Position } from './position.js';
import type { PublishedPortShape, ServiceShape } from './schema.js';
import { items, type Written } from './written.js';

/**
 * `ports` and `expose`: checked as Docker does, and checked against each other, because two services cannot have one port of
 * their host. No frame is translated yet, so nothing of it reaches the Lab.
 */
export class PublishedPorts {
  /** Per host and protocol: who has which port on which address. */
  private readonly taken = new Map<string, Taken>();

  constructor(
    private readonly hosts: readonly Host[],
    private readonly findings: Findings,
  ) {}

  /** `occupies`: the service has a bridge endpoint, so that publishing takes ports of its host. */
  check(
    service: string,
    written: Written<ServiceShape>,
    hostName: string,
    occupies: boolean,
  ): void {
    for (const exposed of items(written.get('expose'))) this.checkExposed(exposed);
    for (const item of items(written.get('ports'))) {
      const published = readPublished(item.value);
      if ('what' in published) {
        this.findings.refuse(item.at, published.what, published.fix, published.docker);
      }
      if ('what' in published || !occupies) continue;
      this.findings.note('published ports are checked, but no frame is translated yet');
      this.occupy(published, service, hostName, item.at);
    }
  }

  /** Takes the ports one by one; a range for a single container port means the first that is free. */
  private occupy(published: Published, service: string, hostName: string, at: Position): void {
    const { ip, first, last, count, protocol } = published;
    if (first === 0) return; // Docker chooses
    const place = `${hostName} ${protocol}`;
    const taken = this.taken.get(place) ?? new Map<number, string[]>();
    this.taken.set(place, taken);
    const conflict = this.foreignAddress(ip, first, hostName) ?? firstConflict(published, taken);
    if (conflict === undefined) {
      const start = count === 1 ? firstFree(published, taken) : first;
      for (let port = start; port < start + count; port++) {
        taken.set(port, [...(taken.get(port) ?? []), ip]);
      }
      return;
    }
    const id = digestOf(`${hostName} ${service}`);
    const why = count === 1 && last > first ? 'all ports are allocated' : conflict.why;
    const what = `driver failed programming external connectivity on endpoint ${service} (${id}): ${why}`;
    this.findings.refuse(at, what, conflict.fix, conflict.docker);
  }

  /** Where the host says which addresses it has, others cannot be published on. */
  private foreignAddress(ip: string, port: number, hostName: string): Conflict | undefined {
    const nics = this.hosts.find(({ name }) => name === hostName)?.nics ?? [];
    const own = nics
      .flatMap(({ addresses }) => addresses)
      .flatMap(({ value }) => parseBlock(value) ?? []);
    const wanted = parseAddress(ip);
    const isLocal = /^(127\.|0\.0\.0\.0$|::)/.test(ip) || own.length === 0;
    if (isLocal || own.some(({ address }) => address.value === wanted?.value)) return undefined;
    return {
      why: `Error starting userland proxy: ${listen(ip, port)}: bind: cannot assign requested address`,
      fix: `publish on an address of a NIC of ${hostName}`,
      docker: 'P25',
    };
  }

  private checkExposed({ value, at }: Written<string | number>): void {
    const text = String(value);
    const [port = '', protocol = 'tcp'] = text.split('/');
    const bad = port.split('-').find((part) => !isPort(part));
    if (bad !== undefined) {
      const reason = /^\d+$/.test(bad) ? 'value out of range' : 'invalid syntax';
      const what = `invalid range format for --expose: ${text}, error: strconv.ParseUint: parsing "${bad}": ${reason}`;
      this.findings.refuse(at, what, PORT_FIX, reason === 'invalid syntax' ? 'P58' : 'P59');
    } else if (portRange(port) === undefined) {
      const what = `invalid range format for --expose: ${text}, error: Invalid range specified for the Port: ${port}`;
      this.findings.refuse(at, what, PORT_FIX);
    } else if (!PROTOCOLS.includes(protocol)) {
      this.findings.refuse(at, `Invalid proto: ${protocol}`, PROTOCOL_FIX, 'P23');
    }
  }
}

/** The addresses a port is taken on. */
type Taken = Map<number, string[]>;

interface Published {
  readonly ip: string;
  /** First and last port on the host; 0: Docker chooses. */
  readonly first: number;
  readonly last: number;
  /** How many ports of the container. */
  readonly count: number;
  readonly protocol: string;
}

interface Conflict {
  readonly why: string;
  readonly fix: string;
  readonly docker: string;
}

interface Refusal {
  readonly what: string;
  readonly fix: string;
  readonly docker?: string;
}

function readPublished(value: string | number | PublishedPortShape): Published | Refusal {
  const spec = typeof value === 'object' ? specOf(value) : splitSpec(String(value));
  const { ip, hostPort, port, text } = spec;
  const protocol = spec.protocol.toLowerCase();
  if (ip !== '' && parseAddress(ip) === undefined) {
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
  if (!PROTOCOLS.includes(protocol)) {
    return { what: `Invalid proto: ${spec.protocol}`, fix: PROTOCOL_FIX, docker: 'P23' };
  }
  return { ip: ip || '0.0.0.0', ...outside, count: more + 1, protocol };
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const PROTOCOL_FIX = 'write tcp, udp or sctp';
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

function listen(ip: string, port: number): string {
  return ip.includes(':') ? `listen tcp6 [${ip}]:${port}` : `listen tcp4 ${ip}:${port}`;
}

function firstFree(published: Published, taken: Taken): number {
  for (let port = published.first; port <= published.last; port++) {
    if (conflictAt(published.ip, port, taken) === undefined) return port;
  }
  return 0;
}

/** What stands in the way of taking all the ports that are needed, if anything does. */
function firstConflict(published: Published, taken: Taken): Conflict | undefined {
  const { ip, first, last, count } = published;
  if (count === 1 && firstFree(published, taken) !== 0) return undefined;
  for (let port = first; port <= last; port++) {
    const conflict = conflictAt(ip, port, taken);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

function conflictAt(ip: string, port: number, taken: Taken): Conflict | undefined {
  const isAny = (address: string) => address === '0.0.0.0';
  const others = taken.get(port) ?? [];
  const fix = 'publish another port of the host';
  if (others.includes(ip)) {
    return { why: `Bind for ${ip}:${port} failed: port is already allocated`, fix, docker: 'P15' };
  }
  if (others.length === 0 || !(isAny(ip) || others.some(isAny))) return undefined;
  const why = `Error starting userland proxy: ${listen(ip, port)}: bind: address already in use`;
  return { why, fix, docker: 'P16' };
}
