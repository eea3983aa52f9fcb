/**
 * The one place that configures the kernel's network: every call goes through the program `ip` of iproute2, which says in words what it
 * does not like. Calls are few (a handful for each sandbox), so that a process for each costs nothing that anybody would notice.
 */
import { spawn } from 'node:child_process';

/** `ip` refused, or is not installed. The message is what it said, and at which command. */
export class IpError extends Error {
  override readonly name = 'IpError';
}

/** Where its words are longer than this, something else is wrong. */
const OUTPUT_MAX = 16 << 20;

/** Runs `ip` with these words. @throws IpError */
export function ip(...words: readonly string[]): Promise<string> {
  return run('ip', words, '', (said) => `${said} (ip ${words.join(' ')})`);
}

/**
 * Runs commands inside a network namespace, one after the other, and stops at the first that is refused.
 * @param commands as behind `ip`: `link set eth0 up`
 * @throws IpError
 */
export async function ipBatch(namespace: string, commands: readonly string[]): Promise<void> {
  const explain = (said: string): string => {
    const line = Number(/^Command failed -:(\d+)/m.exec(said)?.[1]);
    const command = commands[line - 1] ?? 'the commands';
    return `${said.replace(/^Command failed.*$/m, '').trim()} (ip -n ${namespace} ${command})`;
  };
  const input = commands.map((command) => `${command}\n`).join('');
  await run('ip', ['-n', namespace, '-batch', '-'], input, explain);
}

/** Facts as `ip -json` gives them. @throws IpError */
export async function ipFacts(...words: readonly string[]): Promise<readonly unknown[]> {
  const text = await ip('-json', ...words);
  return text.trim() === '' ? [] : (JSON.parse(text) as readonly unknown[]);
}

/** Names of the network namespaces of this machine. @throws IpError */
export async function namespaces(): Promise<string[]> {
  const facts = (await ipFacts('netns', 'list')) as readonly { readonly name: string }[];
  return facts.map(({ name }) => name);
}

/** The interface of that name in our own namespace; undefined where there is none. @throws IpError */
export async function linkNamed(name: string): Promise<LinkFacts | undefined> {
  const links = (await ipFacts('link', 'show')) as readonly LinkFacts[];
  return links.find((link) => link.ifname === name);
}

/** The columns of `ip -json link show` that are of interest here. */
export interface LinkFacts {
  readonly ifname: string;
  readonly ifalias?: string;
}

/**
 * Writes a file of /proc/sys/net as the namespace sees it. @throws IpError
 * @param settings paths below /proc/sys/net and their values
 */
export async function setInside(
  namespace: string,
  settings: readonly (readonly [path: string, value: string])[],
): Promise<void> {
  if (settings.length === 0) return;
  const script = 'while [ $# -gt 0 ]; do echo "$2" > "/proc/sys/net/$1" || exit 1; shift 2; done';
  const words = ['netns', 'exec', namespace, 'sh', '-c', script, 'sh', ...settings.flat()];
  await run('ip', words, '', (said) => said);
}

function run(
  program: string,
  words: readonly string[],
  input: string,
  explain: (said: string) => string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: 'pipe' });
    let output = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < OUTPUT_MAX) output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < OUTPUT_MAX) said += text;
    });
    child.stdin.on('error', () => undefined); // a program that ends before it has read everything says why
    child.stdin.end(input);
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT';
      reject(
        new IpError(missing ? `${program} is not installed (package iproute2)` : cause.message),
      );
    });
    child.on('close', (status) => {
      if (status === 0) resolve(output);
      else reject(new IpError(explain(said.trim() || `exit status ${String(status)}`)));
    });
  });
}
