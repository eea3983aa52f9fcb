import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import type { Compiled } from '../compile/compile.js';
import { CallError } from '../cli/errors.js';

/** A capture and the port where its frames come in. */
export interface InputFile {
  readonly port: number;
  readonly name: string;
  readonly path: string;
}

/**
 * Reads `--in PORT=FILE` words.
 * @throws CallError when a word has another form, names no port, or names a port twice
 */
export function inputsFrom(words: readonly string[], compiled: Compiled): InputFile[] {
  const inputs: InputFile[] = [];
  for (const word of words) {
    const cut = word.indexOf('=');
    if (cut < 1 || cut === word.length - 1)
      throw new CallError(`--in ${word}: write it as PORT=FILE, for example --in c1=a.pcap`);
    const name = word.slice(0, cut);
    const port = portNamed(name, compiled);
    if (inputs.some((input) => input.port === port))
      throw new CallError(
        `--in ${word}: ${name} has a capture already; join the two with mergecap -w both.pcap first`,
      );
    inputs.push({ port, name, path: word.slice(cut + 1) });
  }
  return inputs;
}

/**
 * The number of a port.
 * @throws CallError when there is none of that name
 */
export function portNamed(name: string, { ports, lab }: Compiled): number {
  const open = ports.filter(({ isOpen }) => isOpen);
  const port = ports.findIndex((endpoint) => endpoint.isOpen && endpoint.port === name);
  if (port >= 0) return port;
  const names = open.map((endpoint) => endpoint.port);
  const several = names.filter((other) => other.startsWith(`${name}.`));
  if (several.length > 0)
    throw new CallError(`${name} has several ports; name one of them: ${several.join(', ')}`);
  const known =
    names.length === 0
      ? `${lab.file} has no ports`
      : `the ports of ${lab.file} are ${names.join(', ')}`;
  const isInside = ports.some(({ port }) => port === name);
  const what = isInside
    ? `${name} is inside the lab: no frame enters or leaves there`
    : `there is no port ${name}`;
  throw new CallError(`${what}; ${known}`);
}

/** Do both paths lead to the same file? A path that leads nowhere is the same as none. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(statOf);
  return a !== undefined && a.dev === b?.dev && a.ino === b.ino;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
