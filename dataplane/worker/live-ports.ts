/**
 * The ports that a live Worker serves: opened at the start, looked at in turn, opened again when their device has come back; and what stands
 * around them at present, recordings and watches.
 */
import { performance } from 'node:perf_hooks';
import type { Native } from '../../native-bindings/native.js';
import type { Plane } from '../forward/plane.js';
import { QUEUE } from '../forward/plane.js';
import { FrameFlag } from '../frame/frames.js';
import { Device } from '../port/device.js';
import type { DeviceState, Opening } from '../port/device.js';
import { CaptureReader } from '../port/file/reader.js';
import { Player } from '../port/player.js';
import type { Clock } from '../port/player.js';
import type { Receiver, Sink } from '../port/port.js';
import { Recorded } from '../port/recorded.js';
import { nowhere, unplugged } from '../port/recorder.js';
import type { Recording } from '../port/recording.js';
import { Segmenting } from '../port/segmenting.js';
import { Watched } from '../port/watched.js';
import { NONE } from '../program/layout.js';
import type { Program } from '../program/program.js';
import type { Arrivals } from './arrivals.js';
import type { LiveNotice, LivePort } from './live-job.js';

/** In so many looks every device is looked at once. */
const LOOKS = 20;
const REOPEN_MS = 1000;

type LiveDevice = Extract<LivePort, { kind: 'tap' | 'packet' | 'capture' }>;
type LivePlay = Extract<LivePort, { kind: 'play' }>;

/** Whose frames are to be traced, and what to do about it (port/watched). */
export interface Watch {
  readonly wants: (frame: number) => boolean;
  readonly traced: () => void;
}

/** A port as it was opened, and what stands around it. */
interface Standing {
  readonly name: string;
  readonly receiver: Receiver;
  readonly sink: Sink;
  recorded?: Recorded | undefined;
  watch?: Watch | undefined;
}

export class LivePorts {
  /** By port: where frames go; those of other Workers are not plugged in here. */
  readonly sinks: Sink[];

  private readonly standings: (Standing | undefined)[] = [];
  private readonly devices: Device[] = [];
  private readonly told: DeviceState[] = [];
  private players: Player[] = [];
  private next = 0;
  private reopenedAt = 0;

  constructor(
    private readonly native: Native,
    private readonly plane: Plane,
    private readonly arrivals: Arrivals,
    private readonly clock: Clock,
    private readonly tell: (notice: LiveNotice) => void,
  ) {
    const none = unplugged(QUEUE);
    this.sinks = Array.from({ length: plane.program.ports.rows }, () => none);
  }

  /** @throws Error that names the port, when it cannot be opened */
  async open(live: LivePort): Promise<void> {
    try {
      if (live.kind === 'play') await this.openPlayer(live);
      else if (live.kind === 'none') this.openNone(live);
      else this.openDevice(live);
    } catch (cause) {
      throw new Error(`port ${live.name}: ${messageOf(cause)}`, { cause });
    }
  }

  /** What the port is called, or undefined when this Worker does not serve it. */
  nameOf(port: number): string | undefined {
    return this.standings[port]?.name;
  }

  /** From now on this recording is shown what passes the port. */
  record(port: number, recording: Recording): void {
    const standing = this.standings[port];
    if (standing === undefined) return;
    const { receiver, sink } = standing;
    standing.recorded ??= new Recorded(this.plane.frames, receiver, sink, QUEUE);
    standing.recorded.add(recording);
    this.compose(port, standing);
  }

  unrecord(port: number, recording: Recording): void {
    const standing = this.standings[port];
    standing?.recorded?.remove(recording);
    if (standing?.recorded?.count !== 0) return;
    standing.recorded = undefined;
    this.compose(port, standing);
  }

  /** Frames that come in by this port are watched; undefined ends it. */
  watch(port: number, watch: Watch | undefined): void {
    const standing = this.standings[port];
    if (standing === undefined) return;
    standing.watch = watch;
    this.compose(port, standing);
  }

  /** True while a player waits for the event loop. */
  get isWaiting(): boolean {
    for (const player of this.players) if (player.isBusy) return true;
    return false;
  }

  /** Looks at the devices whose turn it is, and tells what has changed with them and with the players. */
  look(): void {
    const turns = Math.ceil(this.devices.length / LOOKS);
    for (let i = 0; i < turns; i++) {
      this.next = (this.next + 1) % this.devices.length;
      this.devices[this.next].look();
    }
    this.tellChanges();
    this.tellEnds();
    const now = performance.now();
    if (now - this.reopenedAt < REOPEN_MS) return;
    this.reopenedAt = now;
    for (const device of this.devices) if (device.handle < 0) this.reopen(device);
  }

  /** What the kernel dropped up to now is booked, and everything is closed. */
  async close(): Promise<void> {
    for (const device of this.devices) {
      device.look();
      device.close();
    }
    for (const player of this.players) await player.close();
  }

  private openDevice(live: LiveDevice): void {
    const { native, plane, arrivals } = this;
    const { frames, counters, program } = plane;
    const { port, name } = live;
    const packetMax = packetMaxOf(program, live);
    const surroundings = { native, frames, counters, most: QUEUE };
    const device = new Device(surroundings, port, packetMax, openingOf(native, live));
    device.open();
    this.devices.push(device);
    this.told.push('up');
    arrivals.setHandle(port, device.handle);
    const untaken = live.kind === 'capture' ? FrameFlag.Offloaded : FrameFlag.Tunneled;
    const sink = new Segmenting(frames, device, QUEUE, untaken);
    this.stand(port, { name, receiver: device, sink });
  }

  private async openPlayer({ port, name, path, speed }: LivePlay): Promise<void> {
    const { frames, counters } = this.plane;
    const reader = await CaptureReader.open(path);
    const player = new Player(frames, counters, port, reader, speed, this.clock);
    this.players.push(player);
    this.arrivals.addTimed(player);
    this.stand(port, { name, receiver: player, sink: nowhere });
  }

  private openNone({ port, name, record }: LivePort): void {
    const sink = record === undefined ? unplugged(QUEUE) : nowhere;
    this.stand(port, { name, receiver: { receive: () => 0 }, sink });
  }

  private stand(port: number, standing: Standing): void {
    this.standings[port] = standing;
    this.compose(port, standing);
  }

  private compose(port: number, { receiver, sink, recorded, watch }: Standing): void {
    this.sinks[port] = recorded ?? sink;
    const heard = recorded ?? receiver;
    const { frames } = this.plane;
    this.arrivals.set(port, watch ? new Watched(frames, heard, watch.wants, watch.traced) : heard);
  }

  private reopen(device: Device): void {
    try {
      device.open();
    } catch {
      return; // it is still gone; the next try comes in a second
    }
    this.arrivals.setHandle(device.port, device.handle);
    this.tellChanges();
  }

  private tellChanges(): void {
    for (let i = 0; i < this.devices.length; i++) {
      const { port, state } = this.devices[i];
      if (state === this.told[i]) continue;
      this.told[i] = state;
      this.tell({ tells: 'port', port, state, why: WHY[state] });
    }
  }

  private tellEnds(): void {
    const ended = this.players.filter((player) => player.ended);
    if (ended.length === 0) return;
    this.players = this.players.filter((player) => !player.ended);
    for (const { port, given, damage } of ended)
      this.tell({ tells: 'played', port, frames: given, ...(damage !== undefined && { damage }) });
  }
}

const WHY: Readonly<Record<DeviceState, string>> = {
  up: 'its interface is up and connected',
  down: 'its interface is down, or nobody is connected to it',
  gone: 'its interface no longer exists; it is tried again every second',
};

/** Bytes of the largest packet that can come to a port. What a macvlan or ipvlan child gets, its NIC takes whatever its MTU (Linux). */
function packetMaxOf({ networks, ports, links }: Program, { port, kind }: LivePort): number {
  if (ports.network[port] !== NONE) return networks.mtu[ports.network[port]];
  return kind === 'tap' ? 0 : links.mtu[ports.link[port]];
}

function openingOf(native: Native, live: LiveDevice): Opening {
  const { port } = live;
  switch (live.kind) {
    case 'tap':
      return (serial) => native.openTap(live.descriptor, { port, serial });
    case 'packet':
      return (serial) => native.openPacket({ interface: live.interface, port, serial });
    case 'capture':
      return (serial) => native.openCapture({ interface: live.interface, port, serial });
  }
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
