/**
 * The command line. Each command loads only what it needs, so that `check` answers at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { BenchLiveOptions, BenchMemoryOptions, BenchOptions } from './bench.js';
import type { CaptureOptions } from './capture.js';
import { CallError, Refused } from './errors.js';
import type { ExplainOptions } from './explain.js';
import type { ExplainLiveOptions } from './explain-live.js';
import { addLive } from './live-commands.js';
import type { ReplayOptions } from './replay.js';
import type { ShowOptions } from './show.js';
import { AT_HELP, HISTORY_HELP, KEYS_HELP, MAC_HELP, WHAT_HELP } from './show-words.js';

const collect = (word: string, words: string[] = []): string[] => [...words, word];
const IN = '--in <port=file>';
const IN_HELP =
  'capture (pcap or pcapng, also gzip) whose frames come in at a port: that of a container (c1, or c1.net where it has several networks), of a wire (wire.port), or a NIC without a wire (host.nic); give it once for each port';
const LAB = '--lab <name>';
const LAB_HELP = 'name of the running lab (default: the only one)';
const FILTER_HELP = "only frames that match an expression in tcpdump's language (pcap-filter(7))";
const TOPOLOGY = 'Compose file that describes the lab';
const STATUS = 'Exit status: 0 done, 1 the input is wrong, 2 the call is wrong.';

/** Status for a defect of this program, EX_SOFTWARE of sysexits(3). */
const DEFECT = 70;

/**
 * Runs a command line: the words behind `etherloom`. Nothing is thrown; what went wrong is said on standard error.
 * @returns the exit status, unless `process.exitCode` says another
 */
export async function run(words: readonly string[]): Promise<number> {
  try {
    await commandLine().parseAsync(words, { from: 'user' });
    return 0;
  } catch (cause) {
    return statusOf(cause);
  }
}

function commandLine(): Command {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const program = new Command('etherloom')
    .description('Emulates the Linux and Docker network data planes, frame by frame.')
    .version(version)
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'etherloom: '));
      },
    })
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride();
  addReplay(program);
  addExplain(program);
  addLive(program, example);
  addCheck(program);
  addBench(program);
  addShow(program);
  addCapture(program);
  program.addHelpText('after', `${example('check lab.yaml')}\n\n${STATUS}`);
  return program;
}

function example(call: string): string {
  return `\nExample:\n  etherloom ${call}`;
}

function addCheck(program: Command): void {
  program
    .command('check')
    .description('say in words what a topology means, or every mistake in it')
    .argument('<topology>', TOPOLOGY)
    .addHelpText('after', example('check lab.yaml'))
    .action(async (topology: string) => {
      await (await import('./check.js')).check(topology);
    });
  program
    .command('mtu')
    .description('tell the MTU that fits what carries each network, and which MTU does not')
    .argument('<topology>', TOPOLOGY)
    .option('--json', 'print it as JSON')
    .addHelpText('after', example('mtu lab.yaml'))
    .action(async (topology: string, options: { readonly json?: true }) => {
      await (await import('./mtu.js')).mtu(topology, options);
    });
}

function addReplay(program: Command): void {
  program
    .command('replay')
    .description('send captures through a topology and record what leaves by each port')
    .argument('<topology>', TOPOLOGY)
    .option(IN, IN_HELP, collect)
    .requiredOption('--out <folder>', 'folder for a capture of every port, and for summary.json')
    .option('--format <format>', 'pcap, or pcapng with an explanation beside every packet', 'pcap')
    .option(
      '--workers <number>',
      'among how many workers the hosts and wires are shared out; the outputs are the same',
    )
    .option(
      '--tolerate-truncation',
      'end with status 0, not 1, when a capture could be read only up to a damage',
    )
    .option('--json', 'print the summary as JSON instead of a table')
    .addHelpText('after', example('replay lab.yaml --in c1=a.pcap --in c2=b.pcapng --out out/'))
    .action(async (topology: string, options: ReplayOptions) => {
      await (await import('./replay.js')).replay(topology, options);
    });
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('tell the way of one frame: what it taught, what decided, where it went')
    .argument('[topology]', `${TOPOLOGY}; not with --live`)
    .option(IN, IN_HELP, collect)
    .option(
      '--frame <number>',
      'number of a frame as Wireshark counts; PORT:NUMBER where there are several captures',
    )
    .option('--hex <digits>', 'a frame of your own, which comes in after those of the captures')
    .option(
      '--port <port>',
      'where the frame of --hex comes in (default: where its source MAC belongs)',
    )
    .option(
      '--why-not <containers...>',
      'FROM TO: whether a frame of one container reaches another, or a host, with the proof; if not, the smallest change of the topology with which it does, as a line to edit (the exit status is 0 either way)',
    )
    .option('--live <port>', 'the next frames that come in by a port of a running lab')
    .option('--filter <expression>', `with --live: ${FILTER_HELP}`)
    .option('-n, --count <number>', 'with --live: how many frames (default: 5)')
    .option(LAB, `with --live: ${LAB_HELP}`)
    .option('--json', 'print the explanation as JSON; with --live, a line for each frame')
    .addHelpText(
      'after',
      `${example('explain lab.yaml --in c1=a.pcap --frame 17')}\n  etherloom explain lab.yaml --port c1 --hex "ffffffffffff 0242ac120002 0806"\n  etherloom explain lab.yaml --why-not c1 c2\n  etherloom explain --live c1 --filter arp -n 1`,
    )
    .action(async (topology: string | undefined, options: ExplainOptions & ExplainLiveOptions) => {
      if (options.live === undefined) {
        const { explain } = await import('./explain.js');
        await explain(topology, options);
      } else {
        const { explainLive } = await import('./explain-live.js');
        await explainLive(options.live, topology, options);
      }
    });
}

function addShow(program: Command): void {
  program
    .command('show')
    .description('print what a running lab does, what hosts know, or a table of etherloom itself')
    .argument('<what>', WHAT_HELP)
    .argument('[topology]', `${TOPOLOGY}; for conntrack, routes, neighbors, nat, fdb`)
    .option('--json', 'print it as JSON; schema is JSON always')
    .option(IN, `for conntrack, neighbors, nat, fdb: ${IN_HELP}`, collect)
    .option('--at <time>', `for conntrack, neighbors, nat, fdb: ${AT_HELP}`)
    .option('--mac <address>', MAC_HELP)
    .option('--history', HISTORY_HELP)
    .option('--watch', 'print it again each second; with --json, a line each second')
    .option(LAB, LAB_HELP)
    .addHelpText(
      'after',
      `${KEYS_HELP}\n${example('show ports --watch')}\n  etherloom show conntrack lab.yaml --in c1=a.pcap --at 3.5s\n  etherloom show fdb lab.yaml --in c1=a.pcap --history\n  etherloom show reasons`,
    )
    .action(async (what: string, topology: string | undefined, options: ShowOptions) => {
      await (await import('./show.js')).show(what, topology, options);
    });
}

function addCapture(program: Command): void {
  program
    .command('capture')
    .description('write what passes a port of a running lab as pcapng, as it would be on a wire')
    .argument('<port>', 'the port, as c1, or c1.net where a container has several networks')
    .option('-w, --write <file>', 'file, or - for standard output', '-')
    .option('--filter <expression>', FILTER_HELP)
    .option('-c, --count <number>', 'end after so many frames (default: on Ctrl-C)')
    .option(LAB, LAB_HELP)
    .addHelpText(
      'after',
      `${example('capture c1 -w c1.pcapng --filter "tcp port 80"')}\n  etherloom capture c1 -w - | wireshark -k -i -`,
    )
    .action(async (port: string, options: CaptureOptions) => {
      await (await import('./capture.js')).capture(port, options);
    });
}

function addBench(program: Command): void {
  const bench = program.command('bench').description('measure how fast etherloom is here');
  bench.addHelpText('after', example('bench memory --only "64 1,024"'));
  const options = (command: Command, json: string): Command =>
    command
      .option('--seconds <number>', 'how long to measure each', '1')
      .option('--seed <number>', 'seed of what is measured with, a whole number', '1')
      .option('--json', json);
  options(
    bench
      .command('memory')
      .description('throughput of the data plane in memory, without devices or files')
      .option('--only <text>', 'only cases whose name, bytes, hosts, ports and pattern contain it')
      .option(
        '--workers <number>',
        'instead: so many hosts on a wire with one worker, and with a worker each; what a crossing costs',
      ),
    'print an array of results as JSON',
  )
    .addHelpText('after', example('bench memory --only "64 1,024 16 unicast"'))
    .action(async (given: BenchMemoryOptions) => {
      await (await import('./bench.js')).benchMemory(given);
    });
  options(
    bench
      .command('cost')
      .description('cost of single functions of the data plane')
      .option('--only <text>', 'only functions whose name contains it'),
    'print an array of results as JSON',
  )
    .addHelpText('after', example('bench cost --only Fdb'))
    .action(async (given: BenchOptions) => {
      await (await import('./bench.js')).benchCost(given);
    });
  addBenchLive(bench);
}

function addBenchLive(bench: Command): void {
  bench
    .command('live')
    .description('real frames between two namespaces: etherloom beside what this machine offers')
    .option('--seconds <number>', 'how long to measure each', '1')
    .option('--runs <number>', 'rounds, in each of which everything is measured once', '3')
    .option('--only <text>', 'only lines, as "etherloom tap: TCP, one stream", that contain it')
    .option('--json', 'print a report as JSON')
    .option('--report <file>', 'also write a picture, .svg, or a page, .html')
    .addHelpText('after', example('bench live --only "etherloom tap" --report live.html'))
    .action(async (given: BenchLiveOptions) => {
      await (await import('./bench.js')).benchLive(given);
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
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  process.stderr.write(`etherloom: this is a defect of etherloom, please report it\n${stack}\n`);
  return DEFECT;
}

/** Errors that say what is wrong with the input, by name: they may come from another thread, where classes are others. */
const REFUSALS = new Set([
  Refused.name,
  'TopologyErrors',
  'CaptureError',
  'LabTaken',
  'NativeMissing',
  'Unavailable',
]);
