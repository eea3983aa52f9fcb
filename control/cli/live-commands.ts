/** The commands of labs that run: up, down, exec, ps, logs. */
import type { Command } from 'commander';
import type { LogsOptions } from './logs.js';
import type { PsOptions } from './ps.js';
import type { UpOptions } from './up.js';

const LAB = '--lab <name>';
const LAB_HELP = 'which lab; default: the only one that is up';

export function addLive(program: Command, example: (call: string) => string): void {
  program
    .command('up')
    .description('bring a lab up on this machine: a namespace and TAPs for each service')
    .argument('<topology>', 'Compose file that describes the lab')
    .option('-d, --detach', 'return when the lab is ready, and leave it in the background')
    .option('--workers <number>', 'how many networks are served at the same time, each by a worker')
    .option('--busy-poll', 'never sleep: lowest latency, and a busy core for each worker')
    .addHelpText('after', `${example('up lab.yaml -d')}\n  etherloom exec c1 -- ping -c 3 c2`)
    .action(async (topology: string, options: UpOptions) => {
      await (await import('./up.js')).up(topology, options);
    });
  program
    .command('down')
    .description('end a lab and remove everything that was made for it, or what a dead one left')
    .argument('[lab]', 'topology or name of the lab; default: the only one there is')
    .addHelpText('after', example('down lab.yaml'))
    .action(async (lab?: string) => {
      await (await import('./down.js')).down(lab);
    });
  program
    .command('exec')
    .description('run a program in the sandbox of a service; its exit status is passed on')
    .option(LAB, LAB_HELP)
    .argument('<service>', 'the service')
    .argument('<words...>', 'the program and its words')
    .passThroughOptions()
    .addHelpText('after', example('exec c1 -- ping -c 3 10.0.0.3'))
    .action(async (service: string, command: string[], options: { lab?: string }) => {
      const words = command[0] === '--' ? command.slice(1) : command;
      await (await import('./exec.js')).exec(service, words, options);
    });
  program
    .command('ps')
    .description('show the services of a lab and their programs')
    .option(LAB, LAB_HELP)
    .option('--json', 'print them as JSON')
    .addHelpText('after', example('ps'))
    .action(async (options: PsOptions) => {
      (await import('./ps.js')).ps(options);
    });
  program
    .command('logs')
    .description("print what the program of a service's `command:` has printed")
    .argument('<service>', 'the service')
    .option('-f, --follow', 'go on until the lab ends')
    .option(LAB, LAB_HELP)
    .addHelpText('after', example('logs c1 -f'))
    .action(async (service: string, options: LogsOptions) => {
      await (await import('./logs.js')).logs(service, options);
    });
}
