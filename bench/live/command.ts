/**
 * Programs of the system: run to their end, or started beside us.
 *
 * Whatever is started gets SIGTERM when this process ends, however it ends (setpriv of util-linux asks the kernel for it), and runs in a
 * session of its own, so that Ctrl-C reaches only us and things end in order.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 20_000;
const FAREWELL_MS = 3000;
/** Where Debian keeps what only root needs; it is missing from the PATH of some shells. */
const ROOTS_FOLDERS = ['/usr/sbin', '/sbin'];

/** A program of the system did not do what it was asked to. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Is there such a program? */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .concat(ROOTS_FOLDERS)
    .some((folder) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [process.env['PATH'], ...ROOTS_FOLDERS].join(delimiter),
});

/** Runs a program to its end and gives what it printed. @throws CommandError with what it complained about */
export async function command(program: string, ...words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, words, {
      env: environment(),
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim();
    throw new CommandError(
      `${[program, ...words].join(' ')}: ${said === undefined || said === '' ? String(cause) : said}`,
    );
  }
}

/** The words that run others in a network namespace. */
export function wordsInside(namespace: string, words: readonly string[]): string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, '--', ...words];
}

/** Starts a program that stays. */
export function startProgram(
  words: readonly string[],
  stdio: StdioOptions,
  more: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'TERM', ...words], {
    detached: true,
    stdio,
    env: { ...environment(), ...more },
  });
}

/** Asks a program to end and waits until it has; one that does not listen is killed. */
export async function endProgram(child: ChildProcess, patience_ms = FAREWELL_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patience_ms);
  await ended;
  clearTimeout(timer);
}
