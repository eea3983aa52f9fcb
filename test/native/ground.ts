/**
 * Ground for tests with real devices: network namespaces of their own, a pool, and the addon. Where the machine does not allow it, the tests
 * say why and pass.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Frames } from '../../dataplane/frame/frames.js';
import { loadNative } from '../../native-bindings/load.js';
import { Status } from '../../native-bindings/native.js';
import type { Native } from '../../native-bindings/native.js';

const SLOTS = 1024;
const MTU_MAX = 65535;

function reasonNotTo(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  try {
    loadNative();
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  const { status, error, stderr } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr);
}

const whyNot = reasonNotTo();
let namespacesMade = 0;

/** Runs a program to its end; what it printed. @throws Error with what it said when it fails */
export function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export class Namespace {
  readonly name = `eltest-${process.pid}-${namespacesMade++}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    run('ip', 'netns', 'add', this.name);
    // Without IPv6 of its own the kernel says nothing that was not asked for.
    const quiet = ['all', 'default'].map((which) => `net.ipv6.conf.${which}.disable_ipv6=1`);
    this.exec('sysctl', '-q', '-w', ...quiet);
  }

  ip(...args: readonly string[]): string {
    return run('ip', '-n', this.name, ...args);
  }

  exec(program: string, ...args: readonly string[]): string {
    return run('ip', 'netns', 'exec', this.name, program, ...args);
  }

  remove(): void {
    run('ip', 'netns', 'delete', this.name);
  }
}

export class Ground {
  readonly native: Native = loadNative();
  readonly frames = new Frames(SLOTS, MTU_MAX);
  readonly ready = new Int32Array(16);
  readonly outcomes = new Uint8Array(SLOTS);
  private readonly undo: (() => void)[] = [];

  constructor() {
    this.native.attachPool(this.frames, this.frames.room, this.native.now());
  }

  /** Does something when the test is over; the last one first. */
  finally(undo: () => void): void {
    this.undo.unshift(undo);
  }

  leave(): void {
    for (const undo of this.undo) undo();
  }

  namespace(): Namespace {
    const made = new Namespace();
    this.finally(() => {
      made.remove();
    });
    return made;
  }

  /** Claims slots: the burst of a caller that receives. */
  claim(count: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.frames.claim());
  }

  /** A TAP with its interface up, and the port over it. */
  tap(where: Namespace, name = 'tap0', port = 0): { descriptor: number; handle: number } {
    const descriptor = this.native.createTap({ name, namespace: where.path });
    this.finally(() => {
      this.native.closeDescriptor(descriptor);
    });
    where.ip('link', 'set', name, 'up');
    return {
      descriptor,
      handle: this.opened(this.native.openTap(descriptor, { port, serial: 0 })),
    };
  }

  packet(where: Namespace, name: string, port = 0): number {
    const options = { interface: name, namespace: where.path, port, serial: 0 };
    return this.opened(this.native.openPacket(options));
  }

  capture(where: Namespace, name: string, port = 0): number {
    const options = { interface: name, namespace: where.path, port, serial: 0 };
    return this.opened(this.native.openCapture(options));
  }

  /** Two ends of a cable, both up, in this namespace. */
  veth(where: Namespace): void {
    where.ip('link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there');
    where.ip('link', 'set', 'here', 'up');
    where.ip('link', 'set', 'there', 'up');
  }

  private opened(handle: number): number {
    this.finally(() => {
      this.native.close(handle);
    });
    return handle;
  }

  /** Puts bytes into a slot, as a frame that is to leave. */
  load(slot: number, bytes: Uint8Array): void {
    const { frames } = this;
    frames.bytes.set(bytes, frames.start[slot]);
    frames.length[slot] = frames.wireLength[slot] = bytes.length;
    frames.flags[slot] = 0;
  }

  /** A copy of the frame in this slot. */
  bytesOf(slot: number): Uint8Array {
    const start = this.frames.start[slot] ?? 0;
    return this.frames.bytes.slice(start, start + (this.frames.length[slot] ?? 0));
  }

  /** Sends frames in one call. Returns how many were refused. */
  send(handle: number, frames: readonly Uint8Array[]): number {
    const slots = this.claim(frames.length);
    frames.forEach((bytes, i) => {
      this.load(slots[i] ?? 0, bytes);
    });
    const refused = this.native.send(handle, slots, 0, slots.length, this.outcomes);
    for (const slot of slots) this.frames.release(slot);
    return refused;
  }

  /** Everything that is at hand; the caller releases the slots. */
  receive(handle: number, most = 256): Int32Array {
    const slots = this.claim(most);
    const count = this.native.receive(handle, slots, most);
    for (const slot of slots.subarray(Math.max(0, count))) this.frames.release(slot);
    if (count < 0) throw new Error(`receive: errno ${-count}`);
    return slots.subarray(0, count);
  }

  /** What is received, as bytes. */
  take(handle: number): Uint8Array[] {
    const slots = [...this.receive(handle)];
    const taken = slots.map((slot) => this.bytesOf(slot));
    for (const slot of slots) this.frames.release(slot);
    return taken;
  }

  status(handle: number): Record<'missed' | 'carrier' | 'up' | 'mtu' | 'present', number> {
    const into = new Float64Array(Status.Count);
    this.native.status(handle, into);
    const [missed = NaN, carrier = NaN, up = NaN, mtu = NaN, present = NaN] = into;
    return { missed, carrier, up, mtu, present };
  }

  /** Handles that are ready within `most_us`. */
  wait(most_us: number): number[] {
    return [...this.ready.subarray(0, this.native.wait(this.ready, most_us))].sort();
  }

  /**
   * Hands each frame that comes in at one of two ports to the other one, until `over`; `look` sees them.
   */
  async join(
    [one, other]: readonly [number, number],
    over: Promise<unknown>,
    look: (slot: number) => void = () => undefined,
  ): Promise<void> {
    const running = new Set([over]);
    const ended = over.finally(() => {
      running.clear();
    });
    const slots = this.claim(256);
    while (running.size > 0) {
      for (const from of this.wait(1000)) {
        const count = this.native.receive(from, slots, slots.length);
        slots.subarray(0, Math.max(0, count)).forEach(look);
        this.native.send(from === one ? other : one, slots, 0, count, this.outcomes);
      }
      await setImmediate();
    }
    for (const slot of slots) this.frames.release(slot);
    await ended;
  }
}

/** A test on ground of its own. Tests of a file follow one another: they share the addon's waiter. */
export function groundTest(
  title: string,
  body: (t: ExecutionContext, ground: Ground) => Promise<void> | void,
): void {
  test.serial(title, async (t) => {
    if (whyNot !== undefined) {
      t.log(`not checked: ${whyNot}`);
      t.pass();
      return;
    }
    const ground = new Ground();
    try {
      await body(t, ground);
    } finally {
      ground.leave();
    }
  });
}
