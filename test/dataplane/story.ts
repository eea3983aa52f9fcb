/** The lines of a story (see scenario.ts) as frames. */
import type { Compiled } from '../../control/compile/compile.js';

/** One frame of a story. */
export interface Scripted {
  /** The line as it was written, without superfluous blanks ... */
  readonly line: string;
  /** ... and what of it stands before the outcome. */
  readonly said: string;
  readonly port: number;
  readonly tick: number;
  readonly frame: Uint8Array;
  /** Bytes on the wire. */
  readonly size: number;
}

const LINE =
  /^(?:at (?<time>[\d.]+)s )?(?<port>\S+): (?<from>\S+)>(?<to>\S+)(?<options>(?: \S+)*)$/;
const TYPES: Readonly<Record<string, string>> = {
  ip: '0800',
  ipv6: '86dd',
  arp: '0806',
  pause: '8808',
  experimental: '88b5',
};

/** Reads a story. A line that cannot be read, or names no port of the lab, throws. */
export function readStory(story: string, lab: Compiled): Scripted[] {
  let tick = 0;
  const lines = story.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  return lines.filter(Boolean).map((line) => {
    const [said = ''] = line.split(' =>');
    const words = LINE.exec(said)?.groups;
    const port = lab.ports.findIndex((endpoint) => endpoint.port === words?.['port']);
    if (words === undefined || port < 0) throw new Error(`cannot be read: ${line}`);
    tick = words['time'] === undefined ? tick : nanosecondsOf(words['time']);
    const { frame, size } = frameOf(words, macOfGateway(lab, port));
    return { line, said, port, tick, frame, size };
  });
}

function nanosecondsOf(seconds: string): number {
  const [whole = '', fraction = ''] = seconds.split('.');
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'));
}

function macOfGateway({ program, networks }: Compiled, port: number): string {
  return networks[program.ports.network[port] ?? 0]?.bridge.mac.value ?? '';
}

/**
 * The options: `type=` a name of TYPES or hexadecimal, `tags=8100,88a8` (each with VLAN 100), `size=` bytes on the wire, `kept=` bytes in the
 * capture. Unless `size` says otherwise a frame has 60 bytes and its tags. What it carries counts: 1, 2, 3, ...
 */
function frameOf(words: Record<string, string | undefined>, gateway: string) {
  const options = new URLSearchParams((words['options'] ?? '').trim().replaceAll(' ', '&'));
  const tags = options.get('tags')?.split(',') ?? [];
  const type = options.get('type') ?? 'experimental';
  const header = [
    macOf(words['to'] ?? '', gateway),
    macOf(words['from'] ?? '', gateway),
    ...tags.map((tag) => `${tag}0064`),
    TYPES[type] ?? type,
  ];
  const head = Buffer.from(header.join('').replaceAll(':', ''), 'hex');
  const size = Number(options.get('size') ?? 60 + 4 * tags.length);
  const kept = Number(options.get('kept') ?? size);
  const bytes = Uint8Array.from({ length: Math.max(kept, head.length) }, (_, i) => i & 0xff);
  bytes.set(head);
  return { frame: bytes.slice(0, kept), size };
}

/** `A` to `Z` are stations, `*` is everybody, `gateway` the bridge itself; anything else is an address as it stands. */
export function macOf(name: string, gateway = ''): string {
  if (name === '*') return 'ff:ff:ff:ff:ff:ff';
  if (name === 'gateway') return gateway;
  if (!/^[A-Z]$/.test(name)) return name;
  return `02:00:00:00:00:${name.charCodeAt(0).toString(16)}`;
}
