/** Network namespaces with a TAP each, for tests that need the real thing. They vanish with the test, its TAPs with the process. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { loadNative } from '../../../native-bindings/load.js';

/** Why nothing real can be tested here; undefined when it can. */
export function whyNotReal(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    loadNative();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

let made = 0;

export class Namespace {
  readonly name = `eltest-${process.pid}-${++made}`;
  /** Of the TAP that is its eth0. */
  readonly descriptor: number;
  private readonly children: ChildProcess[] = [];

  constructor(readonly address: string) {
    ip('netns', 'add', this.name);
    const namespace = `/run/netns/${this.name}`;
    this.descriptor = loadNative().createTap({ name: 'eth0', namespace });
    ip('-n', this.name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', this.name, 'link', 'set', 'lo', 'up');
    ip('-n', this.name, 'link', 'set', 'eth0', 'up');
  }

  /** Runs a program in the namespace and gives what it printed, whatever its exit status. */
  run(...words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(words);
      let printed = '';
      child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      child.on('error', reject);
      child.on('close', () => {
        resolve(printed);
      });
    });
  }

  /** Starts a program of Node in the namespace; resolves with it when it has printed `ready`. */
  async serve(program: string): Promise<void> {
    const child = this.spawn([process.execPath, '-e', program]);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => {
        resolve();
      });
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error('the server ended'));
      });
    });
  }

  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    loadNative().closeDescriptor(this.descriptor);
    ip('netns', 'delete', this.name);
  }

  private spawn(words: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, ...words]);
    this.children.push(child);
    return child;
  }
}

export function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
