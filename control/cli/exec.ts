import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { wordsInside } from '../sandbox/names.js';
import { requireCapabilities } from '../supervisor/privileges.js';
import { CallError, Refused } from './errors.js';
import { runningLab, serviceOf } from './labs.js';

/** As a shell counts it: 128 and the number of the signal. */
const BY_SIGNAL = 128;
/** They come from the terminal to the program as well, and it decides what they mean. */
const FOR_THE_PROGRAM = ['SIGINT', 'SIGQUIT'] as const;

/**
 * `etherloom exec`: runs a program in the sandbox of a service; its exit status becomes ours.
 * @throws CallError, Refused
 */
export async function exec(
  service: string,
  command: readonly string[],
  { lab }: { readonly lab?: string },
): Promise<void> {
  const state = runningLab(lab);
  const { place, namespace } = serviceOf(state, service);
  if (place === 'elsewhere')
    throw new CallError(
      `${service} stands behind a port of this machine: nothing can be run there`,
    );
  if (namespace !== null) requireCapabilities();
  const words = namespace === null ? command : wordsInside(namespace, command);
  process.exitCode = await statusOf(words);
}

function statusOf(words: readonly string[]): Promise<number> {
  const ignore = (): void => undefined;
  for (const signal of FOR_THE_PROGRAM) process.on(signal, ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(words[0] ?? '', words.slice(1), { stdio: 'inherit' });
    const pass = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.once('SIGTERM', pass);
    process.once('SIGHUP', pass);
    child.on('error', (cause) => {
      reject(new Refused(`${words[0] ?? ''} cannot be started: ${cause.message}`));
    });
    child.on('exit', (status, signal) => {
      process.off('SIGTERM', pass);
      process.off('SIGHUP', pass);
      resolve(status ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal]));
    });
  }).finally(() => {
    for (const signal of FOR_THE_PROGRAM) process.off(signal, ignore);
  });
}
