/**
 * Labs on the real machine: namespaces, TAPs, real pings. Each has a name that no other test and no user has, and is gone after its test
 * whatever happens in it.
 */
import { randomBytes } from 'node:crypto';
import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { compile } from '../../control/compile/compile.js';
import type { Compiled } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { endLab } from '../../control/supervisor/clear.js';
import { startLive } from '../../control/supervisor/live.js';
import type { LiveOptions } from '../../control/supervisor/live.js';
import type { RunningLab } from '../../control/supervisor/running.js';
import { readState } from '../../control/supervisor/state.js';
import type { State } from '../../control/supervisor/state.js';
import { whyNotLive } from './why-not-live.js';
import { MAIN, outcomeOf } from '../cli/run.js';
import type { Outcome } from '../cli/run.js';

let count = 0;

const why = whyNotLive();
if (why !== undefined) process.stderr.write(`live tests are left out: ${why}\n`);

type Body = (t: ExecutionContext, lab: TestLab) => Promise<void>;

/** A test that needs a machine on which networks can be made; elsewhere it says why it proves nothing. */
export function liveTest(title: string, body: Body): void {
  test(title, proof(body));
}

/** The same for what keeps a machine busy: one after the other. */
export function busyTest(title: string, body: Body): void {
  test.serial(title, proof(body));
}

function proof(body: Body): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    if (why !== undefined) {
      t.log(`left out: ${why}`);
      t.pass();
      return;
    }
    await body(t, new TestLab(t));
  };
}

/** A lab of its own for a test. */
export class TestLab {
  readonly name = `eltest-${process.pid}-${String(++count).padStart(3, '0')}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'eltest-'));

  constructor(private readonly t: ExecutionContext) {
    t.teardown(async () => {
      await endLab(this.name);
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Writes lab.yaml; the name of the lab stands before the text. */
  write(text: string): string {
    const path = join(this.folder, 'lab.yaml');
    writeFileSync(path, `name: ${this.name}\n${text}`);
    return path;
  }

  /** Runs the command to its end. */
  etherloom(...args: readonly string[]): Promise<Outcome> {
    return outcomeOf(this.start(...args));
  }

  /** Starts the command; it is ended after the test. */
  start(...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.t.teardown(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await sleep(0);
    });
    return child;
  }

  /** `up -d` of a topology. */
  async up(text: string): Promise<void> {
    const { status, stderr, stdout } = await this.etherloom('up', '-d', this.write(text));
    this.t.is(status, 0, stderr + stdout);
  }

  exec(service: string, ...words: readonly string[]): Promise<Outcome> {
    return this.etherloom('exec', '--lab', this.name, service, '--', ...words);
  }

  /** The lab in this process. */
  async startLive(text: string, options: LiveOptions = {}): Promise<RunningLab> {
    const running = await startLive(this.compile(text), options);
    this.t.teardown(() => running.stop());
    return running;
  }

  compile(text: string): Compiled {
    return compile(parseLab(`name: ${this.name}\n${text}`, join(this.folder, 'lab.yaml')));
  }

  /** Runs a program in the sandbox of a service, without our command. */
  inside(service: string, ...words: readonly string[]): Promise<Outcome> {
    return runProgram('ip', 'netns', 'exec', this.namespace(service), ...words);
  }

  namespace(service: string): string {
    return `etherloom-${this.name}-${service}`;
  }

  state(): State | undefined {
    return readState(this.name);
  }

  /** Everything on this machine that bears the name of this lab. */
  leftovers(): string[] {
    const namespaces = execFileSync('ip', ['netns', 'list'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = namespaces.split('\n').filter((line) => line.includes(this.name));
    const files = execFileSync('sh', ['-c', 'ls /etc/netns /run/etherloom 2>/dev/null || true'], {
      encoding: 'utf8',
    });
    return [...found, ...files.split('\n').filter((line) => line.includes(this.name))];
  }
}

export function runProgram(...words: readonly string[]): Promise<Outcome> {
  const [program = '', ...rest] = words;
  return outcomeOf(spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** `ip` as a test uses it for what is not the lab's. */
export function ip(...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ip', words, (cause, stdout) => {
      if (cause === null) resolve(stdout);
      else reject(new Error(cause.message));
    });
  });
}

/** Waits until something is so; fails the test after half a minute. */
export async function until(
  t: ExecutionContext,
  what: string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > end) {
      t.fail(`it never came true that ${what}`);
      return;
    }
    await sleep(5);
  }
}

/** Two services on one network with both families. */
export const PAIR = `networks:
  net: { enable_ipv6: true, ipam: { config: [ { subnet: 10.90.0.0/24 }, { subnet: "fd00:90::/64" } ] } }
services:
  c1: { networks: [net] }
  c2: { networks: { net: { aliases: [web] } } }
`;

/** A name for an interface of this machine that nobody has. */
export const nicName = (): string => `elt${randomBytes(4).toString('hex')}`;

/** A cable: one end is an interface of this machine, the other has 10.95.0.9 in a namespace. */
export async function cable(
  t: ExecutionContext,
  lab: TestLab,
): Promise<{ near: string; far: string }> {
  const near = nicName();
  const far = `eltest-far-${near}`;
  await ip('netns', 'add', far);
  t.teardown(() => ip('netns', 'delete', far));
  await plug(near, far);
  t.log(lab.name, near);
  return { near, far };
}

export const withPort = (port: string): string => `networks:
  net: { ipam: { config: [ { subnet: 10.95.0.0/24 } ] } }
services:
  c1: { networks: { net: { ipv4_address: 10.95.0.2 } } }
  outside: { networks: { net: { ipv4_address: 10.95.0.9 } }, x-port: ${port} }
`;

/** Plugs the cable in. Its far end has the same MAC each time, as a machine that was unplugged for a while. */
export async function plug(near: string, far: string): Promise<void> {
  const peer = ['peer', 'name', 'eth0', 'address', '02:00:0a:5f:00:09', 'netns', far];
  await ip('link', 'add', near, 'type', 'veth', ...peer);
  await ip('-n', far, 'addr', 'add', '10.95.0.9/24', 'dev', 'eth0');
  await ip('-n', far, 'link', 'set', 'eth0', 'up');
  await ip('link', 'set', near, 'up');
}
