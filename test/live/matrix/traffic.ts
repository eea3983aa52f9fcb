/** Real conversations between namespaces, both ends compared byte by byte (traffic.py). */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** From `dist/test/live/matrix/` up. */
const TRAFFIC = fileURLToPath(new URL('../../../../test/live/matrix/traffic.py', import.meta.url));

/** Conversations that fail take long; there has to be time to say which. */
const LIMIT_S = 60;

/**
 * Echoes; datagrams; trains of datagrams for the card to cut; TCP in both directions. The first two are sent small, as long as the MTU allows,
 * and fragmented.
 */
export const PROBES = ['ping', 'udp', 'train', 'tcp'] as const;
export type Probe = (typeof PROBES)[number];

/** A stack: the path of its namespace, and its address. */
export interface End {
  readonly namespace: string;
  readonly address: string;
}

export interface Talk {
  readonly mtu: number;
  readonly one: End;
  readonly other: End;
  readonly probes: readonly Probe[];
}

/** What came of a Talk. */
export interface Heard {
  readonly ms: number;
  readonly failures: Readonly<Partial<Record<Probe, string>>>;
  /** The time was up. */
  readonly untried?: true;
}

/** Lets all of them talk. Gives the answers by number of the talk. @throws Error when the program does not end well */
export async function converse(talks: readonly Talk[], tcpBytes: number): Promise<Heard[]> {
  const child = spawn('/usr/bin/python3', [TRAFFIC], { stdio: ['pipe', 'pipe', 'inherit'] });
  const cells = talks.map((talk, id) => ({ id, ...talk }));
  child.stdin.end(JSON.stringify({ cells, tcpBytes, limit_s: LIMIT_S }));
  const lines = (await text(child.stdout)).split('\n').filter((line) => line !== '');
  if (lines.length < talks.length)
    throw new Error(`only ${lines.length} of ${talks.length} conversations were tried`);
  const heard: Heard[] = [];
  for (const line of lines) {
    const { id, ...answer } = JSON.parse(line) as Heard & { id: number };
    heard[id] = answer;
  }
  return heard;
}
