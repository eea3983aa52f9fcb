/**
 * A claim about the data plane: which frames enter where, and, said by hand, where each of them leaves. The frames stand in the order
 * in which they are to be forwarded, so the list is at once the inputs and what is expected of every port.
 */
import { text } from '../build/bytes.js';
import { nanosecondPcap } from '../build/capture.js';
import type { Captured, Format } from '../build/capture.js';

/** The moment 0 of every case: 2 March 2026, 09:00 UTC. */
const START_S = 1_772_442_000n;

/** Stands for a port where the emulated host itself speaks. */
export const HOST = 'host';

/** A frame that enters by `from`, or is the HOST's own, and leaves by each of `to`. */
export interface Step extends Captured {
  readonly from: string;
  readonly to: readonly string[];
}

export interface Lab {
  /** The topology, without its title. */
  readonly yaml: string;
  readonly ports: readonly string[];
}

export interface Case {
  /** A sentence in kebab-case; the name of the folder. */
  readonly claim: string;
  /** Who says so: a clause of a standard, or the behaviour of Linux or Docker. */
  readonly see: string;
  readonly lab: Lab;
  readonly steps: readonly Step[];
  /** The formats of inputs that are not classic pcap with nanoseconds, by port. */
  readonly formats?: Readonly<Record<string, Format>>;
}

/** At `seconds` (to the nanosecond) `from` sends a frame, and it leaves by every port of `to`. */
export function at(
  seconds: number,
  from: string,
  bytes: Uint8Array,
  to: readonly string[],
  wireLength = bytes.length,
): Step {
  const time_ns = START_S * 1_000_000_000n + BigInt(Math.round(seconds * 1e9));
  return { time_ns, from, bytes, to, wireLength };
}

/** What is said about the network and its ports beside the containers, as YAML on one line. */
export interface Said {
  readonly network?: readonly string[];
  /** Default: 172.28.0.0/24. */
  readonly subnets?: readonly string[];
  readonly ports?: Readonly<Record<string, string>>;
}

/** Containers on one network, `lan`. */
export function lan(containers: readonly string[], said: Said = {}): Lab {
  const services = containers.map((name) => {
    const port = said.ports?.[name];
    return `  ${name}: { networks: { lan: ${port === undefined ? '{}' : `{ x-port: ${port} }`} } }`;
  });
  const pools = (said.subnets ?? ['172.28.0.0/24']).map((subnet) => `{ subnet: ${subnet} }`);
  const network = [`ipam: { config: [${pools.join(', ')}] }`, ...(said.network ?? [])];
  const lines = ['services:', ...services, 'networks:', '  lan:'];
  const yaml = [...lines, ...network.map((line) => `    ${line}`), ''].join('\n');
  return { yaml, ports: containers };
}

/** The files of a case, by their paths in its folder: the topology, what each port receives, and what each is expected to send. */
export function filesOf({ claim, see, lab, steps, formats = {} }: Case): {
  readonly inputs: ReadonlyMap<string, Uint8Array>;
  readonly expected: ReadonlyMap<string, Uint8Array>;
} {
  const sentence = claim.replaceAll('-', ' ');
  const title = `# ${sentence.charAt(0).toUpperCase()}${sentence.slice(1)} (${see}).\n`;
  const inputs = new Map<string, Uint8Array>([['lab.yaml', text(title + lab.yaml)]]);
  const expected = new Map<string, Uint8Array>();
  for (const port of lab.ports) {
    const { extension, encode } = formats[port] ?? nanosecondPcap;
    const received = steps.filter(({ from }) => from === port);
    if (received.length > 0) inputs.set(`in/${port}.${extension}`, encode(received));
    const sent = steps.filter(({ to }) => to.includes(port));
    expected.set(`out/${port}.pcap`, nanosecondPcap.encode(sent));
  }
  for (const { from, to } of steps) {
    const unknown = [from, ...to].find((port) => port !== HOST && !lab.ports.includes(port));
    if (unknown !== undefined) throw new Error(`${claim}: there is no port ${unknown}`);
  }
  return { inputs, expected };
}
