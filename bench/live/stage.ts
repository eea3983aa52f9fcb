/**
 * The stage of one measurement: three network namespaces, between whose outer two (`left`, `right`) frames go through a forwarder in the
 * third (`middle`), so that nothing of the machine's own network takes part. What is made on it is undone in reverse order when it
 * closes, also after a failure; what a killed run left behind is removed by the next one.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, endProgram, startProgram, wordsInside } from './command.js';

const PREFIX = 'elbench';

/** One of the two ends between which is measured. Its interface is always `eth0`. */
export interface End {
  readonly namespace: string;
  readonly address: string;
  readonly mac: string;
}

export type Side = 'left' | 'right';

/** Addresses of 198.18.0.0/15, which RFC 2544 keeps for benchmarks, with the MACs that Docker's rule gives them. */
export const PLACES: Readonly<Record<Side, { address: string; mac: string }>> = {
  left: { address: '198.18.0.2', mac: '02:42:c6:12:00:02' },
  right: { address: '198.18.0.3', mac: '02:42:c6:12:00:03' },
};

export class Stage {
  private readonly undoing: (() => Promise<void>)[] = [];
  private closing = Promise.resolve();
  private readonly name = `${PREFIX}-${process.pid}`;
  readonly middle = `${this.name}-middle`;
  readonly left: End = { namespace: `${this.name}-left`, ...PLACES.left };
  readonly right: End = { namespace: `${this.name}-right`, ...PLACES.right };

  /** Makes the namespaces. @throws CommandError */
  static async open(): Promise<Stage> {
    const stage = new Stage();
    try {
      for (const name of [stage.middle, stage.left.namespace, stage.right.namespace]) {
        await command('ip', 'netns', 'add', name);
        stage.atEnd(async () => {
          await command('ip', 'netns', 'delete', name);
        });
        await command('ip', '-n', name, 'link', 'set', 'lo', 'up');
      }
      return stage;
    } catch (cause) {
      await stage.close();
      throw cause;
    }
  }

  /** Has something done when the stage closes, before all that was registered earlier. */
  atEnd(undo: () => Promise<void>): void {
    this.undoing.push(undo);
  }

  /** Undoes everything, whatever fails. May be called again, for what was made in the meantime. */
  async close(): Promise<void> {
    this.closing = this.closing.then(async () => {
      for (let undo = this.undoing.pop(); undo !== undefined; undo = this.undoing.pop())
        await undo().catch(() => undefined);
    });
    await this.closing;
  }

  /** A folder of its own for as long as the stage is open. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), `${this.name}-`));
    this.atEnd(() => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    });
    return folder;
  }

  /** Starts a program in `middle`, to be ended with the stage. */
  start(words: readonly string[], more: NodeJS.ProcessEnv = {}): Program {
    const child = startProgram(wordsInside(this.middle, words), ['pipe', 'pipe', 'pipe'], more);
    this.atEnd(() => endProgram(child));
    return new Program(words[0] ?? '', child);
  }

  /** `ip` in `middle`. */
  async ip(...words: readonly string[]): Promise<string> {
    return command('ip', '-n', this.middle, ...words);
  }

  /** A pair of interfaces: `eth0` of a side, and its other end in `middle`, which bears the name of the side and is up. */
  async addVeth(side: Side): Promise<void> {
    const { namespace } = this[side];
    const far = ['peer', 'name', 'eth0', 'netns', namespace];
    await this.ip('link', 'add', side, 'type', 'veth', ...far);
    await this.ip('link', 'set', side, 'up');
    await this.settle(side);
  }

  /** Makes an interface of `middle` the `eth0` of a side. */
  async giveTo(side: Side, name: string): Promise<void> {
    await this.ip('link', 'set', name, 'netns', this[side].namespace, 'name', 'eth0');
    await this.settle(side);
  }

  private async settle(side: Side): Promise<void> {
    const { namespace, address, mac } = this[side];
    await command('ip', '-n', namespace, 'link', 'set', 'eth0', 'address', mac, 'up');
    await command('ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  }
}

/** A program that runs beside us, and what it said. */
export class Program {
  private said = '';

  constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on(
        'data',
        (piece: Buffer) => (this.said = (this.said + piece.toString()).slice(-4000)),
      );
    child.on('error', (cause) => (this.said += cause.message));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Waits until `isReady` says so. @throws Error when the program ends before that, or it takes too long */
  async until(
    isReady: (said: string) => boolean | Promise<boolean>,
    most_ms = 15_000,
  ): Promise<void> {
    for (const start = performance.now(); performance.now() - start < most_ms;) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) break;
      if (await isReady(this.said)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${this.name} did not start: ${this.said.trim()}`);
  }
}

/** Does an interface exist in a namespace? */
export async function hasInterface(namespace: string, name: string): Promise<boolean> {
  return command('ip', '-n', namespace, 'link', 'show', name).then(
    () => true,
    () => false,
  );
}

/** Removes the namespaces and folders of runs that were killed. */
export async function removeStale(): Promise<void> {
  const list = await command('ip', 'netns', 'list');
  for (const name of list.split('\n').map((line) => line.split(' ')[0] ?? ''))
    if (isStale(name)) await command('ip', 'netns', 'delete', name);
  for (const name of readdirSync(tmpdir()))
    if (isStale(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

/** Does this name belong to a run whose process is no more? */
function isStale(name: string): boolean {
  const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-\\w+$`).exec(name) ?? [];
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}
