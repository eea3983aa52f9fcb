/**
 * A lab under load and bad luck for minutes. The load comes from talkers in its sandboxes (talker.ts), the bad luck from here: links
 * that go down and up, Workers that are killed, recorders that begin and end. Afterwards the books must balance.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { startLive } from '../../control/supervisor/live.js';
import { sumOfCounters } from '../../control/supervisor/running.js';
import type { RunningLab } from '../../control/supervisor/running.js';
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { randomOf } from '../random.js';

export interface Soak {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const NETWORKS = ['red', 'blue'];
const MEMBERS = 3;
/** What a process may use more at the end than when it had warmed up: the garbage collector's leeway. */
const GROWTH_MAX_MB = 64;
const SAMPLE_MS = 5000;
/** Memory before this share of the time has passed is warm-up. */
const WARM = 0.3;

const run = promisify(execFile);
const talkerFile = fileURLToPath(new URL('./talker.js', import.meta.url));

/** Soaks a lab. Gives what went wrong, one sentence each; nothing is left behind in either case. */
export async function soak({ minutes, seed, say }: Soak): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'etherloom-soak-'));
  const start = (): Promise<RunningLab> =>
    startLive(compile(parseLab(topology(), join(folder, 'soak.yaml'))), {
      workers: NETWORKS.length,
    });
  await (await start()).stop(); // what Node opens once and keeps is open now
  const before = leftovers();
  const running = await start();
  const failures: string[] = [];
  const talkers = startTalkers(running, seed);
  const luck = new BadLuck(running, folder, seed);
  const memory: number[] = [];
  try {
    say(`seed ${seed}: ${running.services.length} sandboxes on ${running.workers.length} workers`);
    const end = performance.now() + minutes * 60_000;
    for (let sampled = 0; performance.now() < end;) {
      await luck.strike();
      if (performance.now() < sampled + SAMPLE_MS) continue;
      sampled = performance.now();
      memory.push(process.memoryUsage.rss() / 2 ** 20);
      say(progress(running, luck, memory));
    }
    failures.push(...(await endTalkers(talkers)), ...growth(memory));
  } finally {
    for (const { child } of talkers) child.kill('SIGKILL');
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  failures.push(...unbalanced(running), ...left(before, leftovers()));
  say(summary(running, luck));
  for (const failure of failures) say(`FAILED: ${failure}`);
  return failures;
}

const NAME = `soak-${process.pid}`;

function topology(): string {
  const members = NETWORKS.flatMap((network) =>
    Array.from({ length: MEMBERS }, (_, i) => `  ${network}${i}: { networks: [${network}] }`),
  );
  const networks = NETWORKS.map(
    (network, i) => `  ${network}: { ipam: { config: [{ subnet: 10.77.${i}.0/24 }] } }`,
  );
  return [`name: ${NAME}`, 'services:', ...members, 'networks:', ...networks, ''].join('\n');
}

interface Talker {
  readonly child: ChildProcess;
  readonly name: string;
}

function startTalkers(running: RunningLab, seed: number): Talker[] {
  return running.compiled.networks.flatMap(({ endpoints }, network) =>
    endpoints.map(({ sandbox, ipv4 }, member) => {
      const peers = endpoints.flatMap((peer) => peer.ipv4?.value ?? []);
      const others = peers.filter((address) => address !== ipv4?.value);
      const words = [
        process.execPath,
        talkerFile,
        String(seed + network * 100 + member),
        ...others,
      ];
      const child = spawn('ip', ['netns', 'exec', namespaceOf(running, sandbox), ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return { child, name: sandbox };
    }),
  );
}

function namespaceOf(running: RunningLab, service: string): string {
  const { namespace } = running.services.find(({ name }) => name === service) ?? {};
  if (namespace === undefined) throw new Error(`${service} has no sandbox`);
  return namespace;
}

/** Ends the talkers; complains about those that got nothing through, or died. */
async function endTalkers(talkers: readonly Talker[]): Promise<string[]> {
  const ends = talkers.map(async ({ child, name }) => {
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
    if (child.exitCode !== null) return [`the talker of ${name} died (${child.exitCode})`];
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    const { transfers, heard } = JSON.parse(printed || '{}') as Record<string, number>;
    if ((transfers ?? 0) > 0 && (heard ?? 0) > 0) return [];
    return [`${name} said ${transfers ?? 0} things and heard ${heard ?? 0} bytes`];
  });
  return (await Promise.all(ends)).flat();
}

/** What goes wrong in a lab, at random. */
class BadLuck {
  flaps = 0;
  kills = 0;
  recordings = 0;

  private readonly dice;

  constructor(
    private readonly running: RunningLab,
    private readonly folder: string,
    seed: number,
  ) {
    this.dice = randomOf(seed + 1);
  }

  /** Something happens, or nothing for a while. */
  async strike(): Promise<void> {
    switch (this.dice(6)) {
      case 0:
        return this.flap();
      case 1:
        return this.record();
      case 2:
        if (this.dice(3) === 0) return this.kill();
        return pause(500);
      default:
        return pause(this.dice(1000));
    }
  }

  private async flap(): Promise<void> {
    const { services } = this.running;
    const namespace = services[this.dice(services.length)]?.namespace ?? '';
    const set = (state: string): Promise<unknown> =>
      run('ip', ['-n', namespace, 'link', 'set', 'eth0', state]);
    await set('down');
    await pause(this.dice(300));
    await set('up');
    this.flaps++;
  }

  private async kill(): Promise<void> {
    await this.running.kill(this.dice(this.running.workers.length));
    this.kills++;
    await pause(3000); // five crashes within ten seconds would be too many
  }

  private async record(): Promise<void> {
    const { running } = this;
    const worker = this.dice(running.workers.length);
    const port = running.workers[worker]?.ports[0]?.port ?? 0;
    const id = running.nextId();
    const path = join(this.folder, `${id}.pcapng`);
    running.ask(worker, { ask: 'record', id, port, path });
    await pause(500 + this.dice(1000));
    running.ask(worker, { ask: 'end', id });
    await pause(200);
    rmSync(path, { force: true });
    this.recordings++;
  }
}

const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);

function unbalanced({ compiled, workers }: RunningLab): string[] {
  return workers.flatMap(({ number, counters }) => {
    const lost = new Counters(compiled.ports.length, counters).unaccounted();
    return lost === 0 ? [] : [`${lost} frames of worker ${number} are unaccounted for`];
  });
}

function progress(running: RunningLab, luck: BadLuck, memory: readonly number[]): string {
  const frames = total(sumOfCounters(running).framesOut);
  const used = memory.at(-1)?.toFixed(0) ?? '';
  const { flaps, kills, recordings } = luck;
  return `${frames} frames sent, ${flaps} flaps, ${kills} kills, ${recordings} recordings, ${used} MB`;
}

/** Compares the end with the time after the warm-up: medians, so that one sample decides nothing. */
function growth(memory: readonly number[]): string[] {
  const warm = memory.slice(Math.floor(memory.length * WARM));
  const third = Math.floor(warm.length / 3);
  if (third === 0) return [];
  const grown = median(warm.slice(-third)) - median(warm.slice(0, third));
  if (grown <= GROWTH_MAX_MB) return [];
  return [`memory grew by ${grown.toFixed(0)} MB`];
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
}

/** What a lab could leave behind: file descriptors, namespaces, files. */
function leftovers(): Readonly<Record<string, readonly string[]>> {
  const list = (folder: string): string[] => {
    try {
      return readdirSync(folder).filter((entry) => entry.includes(NAME));
    } catch {
      return [];
    }
  };
  return {
    descriptors: readdirSync('/proc/self/fd'),
    namespaces: list('/run/netns'),
    'folders under /etc/netns': list('/etc/netns'),
    'folders under /run/etherloom': list('/run/etherloom'),
    TAPs: readFileSync('/proc/net/dev', 'utf8')
      .split('\n')
      .filter((line) => line.includes('tap')),
  };
}

/** Descriptors are numbers that others may have got meanwhile, so they are counted; of all else there must be nothing. */
function left(before: ReturnType<typeof leftovers>, after: ReturnType<typeof leftovers>): string[] {
  return Object.entries(after).flatMap(([kind, entries]) => {
    const more = entries.length - (before[kind]?.length ?? 0);
    return more <= 0 ? [] : [`${more} ${kind} are left: ${entries.join(' ')}`];
  });
}

function summary(running: RunningLab, luck: BadLuck): string {
  const sum = sumOfCounters(running);
  const { framesIn, originated, copied, framesOut, dropped, consumed } = sum;
  const reasons = Array.from({ length: Reason.Count }, (_, reason) => {
    const ended = (column: Float64Array): number =>
      total(column.filter((_count, i) => i % Reason.Count === reason));
    return { name: reasonText(reason).name, count: ended(dropped) + ended(consumed) };
  });
  const { flaps, kills, recordings } = luck;
  const restarts = running.workers.reduce((all, worker) => all + worker.restarts, 0);
  const outage_ms = running.workers.reduce((all, worker) => all + worker.outage_ms, 0);
  return [
    `${total(framesIn)} received + ${total(originated)} originated + ${total(copied)} copied`,
    `= ${total(framesOut)} sent + ${total(dropped)} dropped + ${total(consumed)} consumed`,
    `ended here: ${reasons.flatMap(({ name, count }) => (count > 0 ? [`${count} ${name}`] : [])).join(', ')}`,
    `${flaps} flaps, ${kills} kills, ${restarts} restarts (${outage_ms.toFixed(0)} ms without), ${recordings} recordings`,
  ].join('\n');
}
