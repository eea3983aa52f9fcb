import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { CaptureFormat } from '../../dataplane/worker/replay.js';
import { compile } from '../compile/compile.js';
import { loadLab } from '../model/load.js';
import { inputsFrom } from '../replay/inputs.js';
import { startReplay } from '../replay/replay.js';
import type { Running } from '../replay/replay.js';
import type { ByReason, PortSummary, Summary } from '../replay/summary.js';
import { CallError, Refused } from './errors.js';
import { workersOf } from './number.js';
import { showProgress } from './progress.js';
import { grouped, keptBackText, tableOf } from './table.js';

export interface ReplayOptions {
  readonly in?: readonly string[];
  readonly out: string;
  readonly format: string;
  readonly workers?: string;
  readonly tolerateTruncation?: true;
  readonly json?: true;
}

const INTERRUPTED = 130;
const PATIENCE_MS = 500;

/**
 * `etherloom replay`.
 * @throws CallError, TopologyErrors, CaptureError; Refused when a capture was damaged
 */
export async function replay(topology: string, options: ReplayOptions): Promise<void> {
  const format = formatOf(options.format);
  if (options.in === undefined) throw new CallError('replay needs a capture: --in c1=a.pcap');
  const workers = workersOf(options.workers);
  const compiled = compile(await loadLab(topology));
  const inputs = inputsFrom(options.in, compiled);
  const running = startReplay({
    compiled,
    inputs,
    out: options.out,
    format,
    ...(workers !== undefined && { workers }),
  });
  for (const note of running.notes) process.stderr.write(`etherloom: note: ${note}\n`);
  const summary = await untilDone(
    running,
    inputs.reduce((sum, { path }) => sum + sizeOf(path), 0),
  );
  print(options.json ? JSON.stringify(summary, null, 2) : reportOf(summary, options));
  if (summary.interrupted) endAsInterrupted();
  const damaged = summary.inputs.filter(({ damage }) => damage !== undefined);
  for (const { file, damage, frames } of damaged)
    process.stderr.write(
      `${file}: damaged at byte ${damage?.offset ?? 0}, after ${grouped(frames)} ${frames === 1 ? 'frame' : 'frames'}: ${damage?.what ?? ''}\n`,
    );
  if (damaged.length > 0 && options.tolerateTruncation !== true)
    throw new Refused(
      '    fix: capture it again, or accept what was read with --tolerate-truncation',
    );
}

function formatOf(word: string): CaptureFormat {
  if (word === 'pcap' || word === 'pcapng') return word;
  throw new CallError(`--format ${word}: choose pcap or pcapng`);
}

/** Waits for the end, or for Ctrl-C, which ends it in good order; a second Ctrl-C ends it at once. */
async function untilDone(running: Running, bytes: number): Promise<Summary> {
  const stop = (): void => {
    running.stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const hide = showProgress(running, bytes);
  try {
    return await running.finished;
  } finally {
    hide();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** The exit status that a shell expects after Ctrl-C; a worker that still waits for a silent pipe is left behind. */
function endAsInterrupted(): void {
  process.exitCode = INTERRUPTED;
  setTimeout(() => process.kill(process.pid, 'SIGINT'), PATIENCE_MS).unref();
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function reportOf(summary: Summary, { out, format }: ReplayOptions): string {
  const head = ['port', 'frames in', 'bytes in', 'frames out', 'bytes out', 'ended here'];
  const rows = summary.ports.map((port) => [
    port.port,
    port.framesIn,
    port.bytesIn,
    port.framesOut,
    port.bytesOut,
    endedOf(port),
  ]);
  const { received, originated, copied, sent, dropped, consumed } = summary.frames;
  const law = `${grouped(received)} received + ${grouped(originated)} originated + ${grouped(copied)} copied = ${grouped(sent)} sent + ${grouped(dropped)} dropped + ${grouped(consumed)} consumed`;
  const notes = [
    ...summary.inputs.flatMap(({ file, notes }) => notes.map((note) => `note: ${file}: ${note}`)),
    ...summary.notes.map((note) => `note: ${note}`),
    ...(summary.interrupted ? ['interrupted: the outputs hold what was sent until then'] : []),
  ];
  return [
    tableOf(head, rows),
    '',
    law,
    ...keptBackText(summary.icmpErrorsKeptBack),
    ...notes,
    `outputs: ${join(out, `<port>.${format}`)}, ${join(out, 'summary.json')}`,
  ].join('\n');
}

function endedOf({ dropped, consumed }: PortSummary): string {
  const words = (counts: ByReason): string[] =>
    Object.entries(counts).map(([reason, count]) => `${grouped(count)} ${reason}`);
  return [...words(dropped), ...words(consumed)].join('\n') || '-';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
