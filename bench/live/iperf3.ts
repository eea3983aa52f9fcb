/**
 * The stream of iperf3, where it is installed: the figure that everybody knows. It is lighter on the forwarder than ours: where our sender
 * finds the kernel bridge's limit, iperf3 finds its own first (docs/decisions.md).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { command, endProgram, hasProgram, startProgram, wordsInside } from './command.js';
import type { Path } from './forwarder.js';
import type { Measure, Sample } from './measure.js';
import type { Stage } from './stage.js';

const WARM_UP_S = 0.5;
const CONNECT_MS = 2000;
/** How often the client is tried while the server starts. */
const TRIES = 20;
const RETRY_MS = 50;
/** What a stream that stands still may take longer than it should. */
const PATIENCE_S = 5;

export const tcpIperf3: Measure = {
  name: 'tcp-iperf3',
  title: 'TCP, by iperf3',
  unit: 'bit/s',
  better: 'more',
  unavailable: () => (hasProgram('iperf3') ? undefined : 'iperf3 is not installed'),
  run: stream,
};

async function stream(_: Stage, { left, right }: Path, seconds: number): Promise<Sample> {
  const server = startProgram(wordsInside(right.namespace, ['iperf3', '-s']), 'ignore');
  try {
    for (let tries = 1; ; tries++) {
      const answer = await ask(left.namespace, right.address, seconds);
      const refused = answer.error?.includes('Connection refused') ?? false;
      if (!refused || tries === TRIES) return sampleOf(answer);
      await sleep(RETRY_MS);
    }
  } finally {
    await endProgram(server);
  }
}

/** What `iperf3 --json` prints, as far as it is of interest. */
export interface Iperf3Answer {
  readonly error?: string;
  readonly end?: {
    readonly sum_received?: { readonly bits_per_second?: number };
    readonly sum_sent?: { readonly retransmits?: number };
  };
}

async function ask(namespace: string, address: string, seconds: number): Promise<Iperf3Answer> {
  const timing = ['--time', String(seconds), '--omit', String(WARM_UP_S)];
  const words = ['iperf3', '--json', '--client', address, ...timing];
  const most = ['timeout', '--signal=KILL', String(seconds + WARM_UP_S + PATIENCE_S)];
  const client = [...most, ...words, '--connect-timeout', String(CONNECT_MS)];
  const [program = '', ...rest] = wordsInside(namespace, client);
  // It ends with status 1 where its answer holds an error.
  const text = await command('sh', '-c', '"$@" || true', 'sh', program, ...rest);
  return text.trim() === '' ? { error: 'stalls' } : (JSON.parse(text) as Iperf3Answer);
}

export function sampleOf({ error, end }: Iperf3Answer): Sample {
  const value = end?.sum_received?.bits_per_second ?? 0;
  if (error !== undefined) return { value: 0, broken: error };
  return { value, more: { retransmits: end?.sum_sent?.retransmits ?? 0 } };
}
