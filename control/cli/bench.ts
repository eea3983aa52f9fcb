import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Cost } from '../../bench/cost/run.js';
import type { Result } from '../../bench/memory/run.js';
import { CallError } from './errors.js';
import { workersOf } from './number.js';
import { grouped, tableOf } from './table.js';

/** Exit status that a shell expects after Ctrl-C. */
const INTERRUPTED = 130;

export interface BenchOptions {
  readonly seconds: string;
  readonly seed: string;
  readonly only?: string;
  readonly json?: true;
}

export interface BenchMemoryOptions extends BenchOptions {
  readonly workers?: string;
}

export interface BenchLiveOptions {
  readonly seconds: string;
  readonly runs: string;
  readonly only?: string;
  readonly json?: true;
  readonly report?: string;
}

interface Measuring {
  readonly seconds: number;
  readonly seed: number;
}

/** `etherloom bench memory`. @throws CallError when a number is none, or nothing is left to measure */
export async function benchMemory(options: BenchMemoryOptions): Promise<void> {
  const { seconds, seed } = measuringOf(options);
  const workers = workersOf(options.workers) ?? 1;
  const { casesOf, sharedCasesOf } = await import('../../bench/memory/case.js');
  const { growthNotes, measureCase, sourcePortNotes } = await import('../../bench/memory/run.js');
  const cases = chosen(
    workers === 1 ? casesOf(seed, seconds) : sharedCasesOf(seed, seconds, workers),
    ({ name, frameBytes, children, traffic: { hosts, ports, pattern } }) =>
      `${name} ${frameBytes} ${grouped(Math.max(hosts, children))} ${ports} ${pattern}`,
    options.only,
  );
  const results: Result[] = [];
  for (const what of cases) results.push(...(await measureCase(what)));
  const text = [memoryTable(results), ...growthNotes(results), ...sourcePortNotes(results)].join(
    '\n',
  );
  print(options, results, { seconds, seed }, text);
}

/** `etherloom bench cost`. @throws CallError when a number is none, or nothing is left to measure */
export async function benchCost(options: BenchOptions): Promise<void> {
  const { seconds, seed } = measuringOf(options);
  const { functionsOf } = await import('../../bench/cost/functions.js');
  const { measureCost } = await import('../../bench/cost/run.js');
  const functions = chosen(await functionsOf(seed), ({ name }) => name, options.only);
  const costs = functions.map((what) => measureCost(what, seconds));
  print(options, costs, { seconds, seed }, costTable(costs));
}

/**
 * `etherloom bench live`.
 * @throws CallError when a number is none, or nothing is left to measure; Unavailable, NativeMissing
 */
export async function benchLive(options: BenchLiveOptions): Promise<void> {
  const seconds = secondsOf(options.seconds);
  const runs = Number(options.runs);
  if (!(Number.isInteger(runs) && runs > 0))
    throw new CallError(`--runs ${options.runs}: give a whole number above 0`);
  const format = reportFormatOf(options.report);
  const { casesOf, measureLive } = await import('../../bench/live/run.js');
  const cases = chosen(
    casesOf(),
    ({ forwarder, measure }) => `${forwarder.name}: ${measure.title}`,
    options.only,
  );
  (await import('../../bench/live/requirements.js')).requireLive();
  const report = await unlessInterrupted((signal) =>
    measureLive(cases, { seconds, runs, signal, onProgress: showLine }),
  );
  if (report === undefined) return;
  const { cellsOf, COLUMNS, factsOf, notesOf } = await import('../../bench/live/words.js');
  const table = tableOf(COLUMNS, report.results.map(cellsOf));
  process.stdout.write(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${factsOf(report)}\n\n${table}\n\n${notesOf(report).join('\n')}\n`,
  );
  if (options.report === undefined || format === undefined) return;
  const { renderReport } = await import('../../bench/live/report.js');
  writeFileSync(options.report, renderReport(report, format, new Date().toISOString()));
}

function reportFormatOf(path: string | undefined): 'svg' | 'html' | undefined {
  if (path === undefined) return undefined;
  const [, format] = /\.(svg|html)$/.exec(path) ?? [];
  if (format === 'svg' || format === 'html') return format;
  throw new CallError(`--report ${path}: name a file that ends in .svg or .html`);
}

/** Does something to its end, or until Ctrl-C: then it cleans up, and nothing comes of it. */
async function unlessInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const abort = new AbortController();
  const interrupt = (): void => {
    abort.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  try {
    return await work(abort.signal);
  } catch (cause) {
    if (!abort.signal.aborted) throw cause;
    process.exitCode = INTERRUPTED;
    return undefined;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    showLine('');
  }
}

/** What is measured now, on a terminal, in place of what was. */
function showLine(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Those whose line contains `only`; a thousands separator more or less makes no difference. */
function chosen<Case>(
  cases: readonly Case[],
  lineOf: (what: Case) => string,
  only = '',
): readonly Case[] {
  const plain = (line: string): string => line.replace(/(?<=\d),(?=\d)/g, '').toLowerCase();
  const left = cases.filter((what) => plain(lineOf(what)).includes(plain(only)));
  if (left.length > 0) return left;
  throw new CallError(
    `--only ${only}: nothing to measure has this in its line; the lines are\n  ${cases.map(lineOf).join('\n  ')}`,
  );
}

function print(
  { json }: BenchOptions,
  results: readonly object[],
  { seconds, seed }: Measuring,
  table: string,
): void {
  const [cpu] = cpus();
  const machine = `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`;
  process.stdout.write(
    json
      ? `${JSON.stringify(results, null, 2)}\n`
      : `${machine}, seed ${seed}, ${seconds} s each\n\n${table}\n`,
  );
}

function memoryTable(results: readonly Result[]): string {
  const isShared = results.some(({ workers }) => workers > 1);
  const head = ['function', 'bytes', 'hosts', 'ports', 'pattern', 'Mpps', 'ns/frame', 'spread'];
  if (isShared) head.push('workers', 'ns/crossing');
  return tableOf(
    [...head, 'pauses', 'longest', 'growth'],
    results.map((result) => [
      result.name,
      String(result.frameBytes),
      result.hosts,
      result.ports,
      result.pattern,
      result.mpps.toFixed(2),
      result.nsPerFrame.toFixed(1),
      `±${(result.spread * 100).toFixed(1)} %`,
      ...(isShared ? [result.workers, result.nsPerCrossing?.toFixed(1) ?? '-'] : []),
      result.gcPauses,
      `${result.gcPauseMax_ms.toFixed(2)} ms`,
      `${grouped(Math.round(result.memoryGrowth_bytes / 1024))} KiB`,
    ]),
  );
}

function costTable(costs: readonly Cost[]): string {
  return tableOf(
    ['function', 'ops/s', 'rme', 'ns/op'],
    costs.map(({ name, opsPerSecond, rme, nsPerOp }) => [
      name,
      opsPerSecond,
      `±${rme.toFixed(1)} %`,
      nsPerOp.toFixed(2),
    ]),
  );
}

function measuringOf(options: BenchOptions): Measuring {
  const seconds = secondsOf(options.seconds);
  const seed = Number(options.seed);
  if (!(Number.isInteger(seed) && seed > 0 && seed <= 0x7fff_ffff))
    throw new CallError(`--seed ${options.seed}: give a whole number from 1 to 2147483647`);
  return { seconds, seed };
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new CallError(`--seconds ${text}: give a number above 0`);
}
