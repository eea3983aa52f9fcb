#!/usr/bin/env node
/**
 * The command line. Each command loads only what it needs, so that `check` answers at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { BenchOptions } from './bench.js';
import { CallError, Refused } from './errors.js';
import type { ExplainOptions } from './explain.js';
import type { ReplayOptions } from './replay.js';

const collect = (word: string, words: string[]): string[] => [...words, word];
const IN = '--in <port=file>';
const IN_HELP =
  'capture whose frames come in at a port, named by container (c1) or container.network (c1.net); repeatable';
const TOLERATE = 'exit with 0 also when a capture is cut or corrupt';
const TOPOLOGY = 'topology: a Compose file';

function commandLine(): Command {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const program = new Command('etherloom')
    .description('Emulates the Linux and Docker network data planes, frame by frame.')
    .version(version)
    .showHelpAfterError('(see etherloom --help)')
    .addHelpText('after', '\nExit status: 0 done, 1 the input is wrong, 2 the call is wrong.')
    .exitOverride();
  addReplay(program);
  addExplain(program);
  program
    .command('check')
    .description('say in words what a topology means, or every mistake in it')
    .argument('<topology>', TOPOLOGY)
    .action(async (topology: string) => {
      await (await import('./check.js')).check(topology);
    });
  addBench(program);
  program
    .command('show')
    .description('print a table that comes with etherloom')
    .argument('<what>', 'reasons: why a frame can end; schema: the JSON Schema of topologies')
    .option('--json', 'reasons as JSON')
    .action(async (what: string, options: { json?: true }) => {
      const { show } = await import('./show.js');
      show(what, options);
    });
  return program;
}

function addReplay(program: Command): void {
  program
    .command('replay')
    .description('send captures through a topology and record what leaves by each port')
    .argument('<topology>', TOPOLOGY)
    .option(IN, IN_HELP, collect, [])
    .requiredOption('--out <folder>', 'folder for <port>.pcap of every port and summary.json')
    .option('--format <format>', 'pcap, or pcapng with an explanation beside every packet', 'pcap')
    .option('--tolerate-truncation', TOLERATE)
    .option('--json', 'print the summary as JSON')
    .action(async (topology: string, options: ReplayOptions) => {
      await (await import('./replay.js')).replay(topology, options);
    });
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('tell the way of one frame: what it taught, what decided, where it went')
    .argument('<topology>', TOPOLOGY)
    .option(IN, IN_HELP, collect, [])
    .option('--frame <number>', 'frame as Wireshark counts them; with several captures PORT:NUMBER')
    .option('--hex <digits>', 'a frame of your own, sent after the captures')
    .option(
      '--port <port>',
      'where the --hex frame comes in; else the port that owns its source MAC',
    )
    .option('--json', 'print the explanation as JSON')
    .action(async (topology: string, options: ExplainOptions) => {
      await (await import('./explain.js')).explain(topology, options);
    });
}

function addBench(program: Command): void {
  const bench = program.command('bench').description('measure');
  bench
    .command('memory')
    .description('throughput of the data plane in memory, without devices or files')
    .option('--seconds <number>', 'how long to measure each case', '1')
    .option('--seed <number>', 'seed of the synthetic traffic', '1')
    .option('--only <text>', 'only cases whose line contains this, for example "64 1024"')
    .option('--json', 'print an array of results')
    .action(async (options: BenchOptions) => {
      await (await import('./bench.js')).benchMemory(options);
    });
}

/** Turns what was thrown into a message and an exit status. */
function statusOf(cause: unknown): number {
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2;
  if (cause instanceof CallError) {
    process.stderr.write(`etherloom: ${cause.message}\n`);
    return 2;
  }
  if (cause instanceof Error && REFUSALS.has(cause.name)) {
    if (cause.message !== '') process.stderr.write(`${cause.message}\n`);
    return 1;
  }
  throw cause;
}

/** Errors that say what is wrong with the input, by name: they may come from another thread, where classes are others. */
const REFUSALS = new Set([Refused.name, 'TopologyErrors', 'CaptureError']);

try {
  await commandLine().parseAsync();
} catch (cause) {
  process.exitCode = statusOf(cause);
}
