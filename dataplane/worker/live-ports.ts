/**
 * The ports that a live Worker serves: opened at the start, looked at in turn, opened again when their device has come back.
 */
import { performance } from 'node:perf_hooks';
import type { Native } from '../../native-bindings/native.js';
import type { Plane } from '../forward/plane.js';
import { BURST } from '../forward/plane.js';
import { Device } from '../port/device.js';
import type { DeviceState, Opening } from '../port/device.js';
import type { Sink } from '../port/port.js';
import { nowhere } from '../port/recorder.js';
import type { Arrivals } from './arrivals.js';
import type { LiveNotice, LivePort } from './live-job.js';

/** In so many looks every device is looked at once. */
const LOOKS = 20;
const REOPEN_MS = 1000;

type DevicePort = Extract<LivePort, { kind: 'tap' | 'packet' | 'capture' }>;

export class LivePorts {
  /** By port: where frames go; those of other Workers lead nowhere. */
  readonly sinks: Sink[];

  private readonly devices: Device[] = [];
  private readonly told: DeviceState[] = [];
  private next = 0;
  private reopenedAt = 0;

  constructor(
    private readonly native: Native,
    private readonly plane: Plane,
    private readonly arrivals: Arrivals,
    private readonly tell: (notice: LiveNotice) => void,
  ) {
    this.sinks = Array.from({ length: plane.program.ports.rows }, () => nowhere);
  }

  /** @throws Error that names the port, when its device cannot be opened */
  open(live: DevicePort): void {
    const { native, plane } = this;
    const { frames, counters, program } = plane;
    const mtu = program.networks.mtu[program.ports.network[live.port]];
    const surroundings = { native, frames, counters, most: BURST };
    const device = new Device(surroundings, live.port, mtu, openingOf(native, live));
    try {
      device.open();
    } catch (cause) {
      throw new Error(`port ${live.name}: ${messageOf(cause)}`, { cause });
    }
    this.devices.push(device);
    this.told.push('up');
    this.sinks[live.port] = device;
    this.arrivals.set(live.port, device);
    this.arrivals.setHandle(live.port, device.handle);
  }

  /** Looks at the devices whose turn it is, and tells what has changed with them. */
  look(): void {
    const turns = Math.ceil(this.devices.length / LOOKS);
    for (let i = 0; i < turns; i++) {
      this.next = (this.next + 1) % this.devices.length;
      this.devices[this.next].look();
    }
    this.tellChanges();
    const now = performance.now();
    if (now - this.reopenedAt < REOPEN_MS) return;
    this.reopenedAt = now;
    for (const device of this.devices) if (device.handle < 0) this.reopen(device);
  }

  /** What the kernel dropped up to now is booked, and every handle is closed. */
  close(): void {
    for (const device of this.devices) {
      device.look();
      device.close();
    }
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
    for (const [i, { port, state }] of this.devices.entries()) {
      if (state === this.told[i]) continue;
      this.told[i] = state;
      this.tell({ tells: 'port', port, state, why: WHY[state] });
    }
  }
}

const WHY: Readonly<Record<DeviceState, string>> = {
  up: 'its interface is up and connected',
  down: 'its interface is down, or nobody is connected to it',
  gone: 'its interface no longer exists; it is tried again every second',
};

function openingOf(native: Native, live: DevicePort): Opening {
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
