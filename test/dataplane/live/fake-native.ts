/**
 * The addon, played in memory: devices that tests put frames into and take frames out of, and that go down, lose their carrier or vanish.
 *
 * Everything happens in one thread, so a wait cannot be ended by a frame: it looks, sleeps a moment, and looks again the next time.
 */
import { Outcome, Status } from '../../../native-bindings/native.js';
import type { Native, PoolColumns, PortPlace } from '../../../native-bindings/native.js';

/** A frame as it stands in a device. */
export interface Passing {
  readonly bytes: Uint8Array;
  readonly flags?: number;
  readonly gsoType?: number;
  readonly gsoSize?: number;
  readonly checksumStart?: number;
  readonly checksumOffset?: number;
}

export class FakeDevice {
  /** What came from the wire and waits to be received. */
  readonly arriving: Passing[] = [];
  /** What was sent. */
  readonly sent: Passing[] = [];
  /** What becomes of each frame that is sent. */
  outcome: (frame: Passing, number: number) => Outcome = () => Outcome.Sent;
  up = true;
  carrier = true;
  present = true;
  mtu = 1500;
  missed = 0;
  opened = 0;
}

interface Opened {
  readonly device: FakeDevice;
  readonly port: number;
  serial: number;
}

const NAP_MS = 1;

export class FakeNative implements Native {
  readonly contract = 1;
  readonly constants = {};
  readonly hasCapture = true;
  /** Devices by name; TAPs by `tap` and their descriptor. */
  readonly devices = new Map<string, FakeDevice>();
  /** How long everybody slept, in microseconds. */
  asked_us: number[] = [];
  woken: number[] = [];
  filters: string[] = [];

  private readonly handles: (Opened | undefined)[] = [];
  private readonly nap = new Int32Array(new SharedArrayBuffer(4));
  private columns: PoolColumns | undefined;
  private base_ns = 0;

  device(name: string): FakeDevice {
    const device = this.devices.get(name) ?? new FakeDevice();
    this.devices.set(name, device);
    return device;
  }

  /** Handles that nobody has closed. */
  get open(): number {
    return this.handles.filter((handle) => handle !== undefined).length;
  }

  createTap(): number {
    throw new Error('tests hand out descriptors themselves');
  }

  closeDescriptor(): void {
    throw new Error('tests hand out descriptors themselves');
  }

  widenPipe(): void {
    throw new Error('no Worker makes pipes');
  }

  attachPool(columns: PoolColumns, _room: number, base_ns: number): void {
    this.columns = columns;
    this.base_ns = base_ns;
  }

  now(): number {
    return Number(process.hrtime.bigint());
  }

  openTap(descriptor: number, place: PortPlace): number {
    return this.openNamed(`tap${descriptor}`, place);
  }

  openPacket(options: PortPlace & { readonly interface: string }): number {
    return this.openNamed(options.interface, options);
  }

  openCapture(options: PortPlace & { readonly interface: string }): number {
    return this.openNamed(options.interface, options);
  }

  close(handle: number): void {
    if (this.handles[handle] === undefined) throw new Error('closed twice');
    this.handles[handle] = undefined;
  }

  receive(handle: number, slots: Int32Array, count: number): number {
    const opened = this.opened(handle);
    if (!opened.device.present) return -6;
    let filled = 0;
    for (; filled < count; filled++) {
      const frame = opened.device.arriving.shift();
      if (frame === undefined) break;
      this.fill(slots[filled] ?? -1, frame, opened);
    }
    return filled;
  }

  send(handle: number, slots: Int32Array, at: number, count: number, outcomes: Uint8Array): number {
    const { device } = this.opened(handle);
    const results = Array.from(slots.slice(at, at + count), (slot) => {
      const frame = this.take(slot);
      const outcome = device.present ? device.outcome(frame, device.sent.length) : Outcome.Gone;
      if (outcome === Outcome.Sent) device.sent.push(frame);
      return outcome;
    });
    const lost = results.filter((outcome) => outcome !== Outcome.Sent).length;
    if (lost > 0) outcomes.set(results);
    return lost;
  }

  status(handle: number, into: Float64Array): void {
    const { device } = this.opened(handle);
    into[Status.Missed] = device.missed;
    into[Status.Carrier] = Number(device.carrier);
    into[Status.Up] = Number(device.up);
    into[Status.Mtu] = device.mtu;
    into[Status.Present] = Number(device.present);
  }

  wait(ready: Int32Array, most_us: number): number {
    this.asked_us.push(most_us);
    const count = this.look(ready);
    if (count > 0 || most_us === 0) return count;
    Atomics.wait(this.nap, 0, 0, Math.min(NAP_MS, most_us / 1000));
    return this.look(ready);
  }

  waker(): number {
    return 77;
  }

  wake(waker: number): void {
    this.woken.push(waker);
  }

  compileFilter(expression: string): number {
    if (expression === 'nonsense') throw new Error("can't parse filter expression: syntax error");
    return this.filters.push(expression) - 1;
  }

  /** A filter of this addon is the EtherType in hexadecimal. */
  matches(filter: number, slot: number): boolean {
    const { bytes } = this.take(slot);
    return Buffer.from(bytes.slice(12, 14)).toString('hex') === this.filters[filter];
  }

  freeFilter(): void {
    // nothing was allocated
  }

  private look(ready: Int32Array): number {
    let count = 0;
    for (const [handle, opened] of this.handles.entries())
      if (opened && (opened.device.arriving.length > 0 || !opened.device.present))
        ready[count++] = handle;
    return count;
  }

  private openNamed(name: string, { port, serial }: PortPlace): number {
    const device = this.devices.get(name);
    if (!device?.present)
      throw Object.assign(new Error(`SIOCGIFINDEX ${name}: No such device`), { code: 'ENODEV' });
    device.opened++;
    return this.handles.push({ device, port, serial }) - 1;
  }

  private opened(handle: number): Opened {
    const opened = this.handles[handle];
    if (opened === undefined) throw new Error('this handle is not open');
    return opened;
  }

  private fill(slot: number, frame: Passing, opened: Opened): void {
    const columns = this.pool;
    columns.bytes.set(frame.bytes, columns.start[slot] ?? 0);
    columns.length[slot] = frame.bytes.length;
    columns.wireLength[slot] = frame.bytes.length;
    columns.inPort[slot] = opened.port;
    columns.serial[slot] = ++opened.serial;
    columns.tick[slot] = this.now() - this.base_ns;
    columns.seconds[slot] = Math.floor(Date.now() / 1000);
    columns.nanoseconds[slot] = 0;
    columns.flags[slot] = frame.flags ?? 0;
    columns.gsoType[slot] = frame.gsoType ?? 0;
    columns.gsoSize[slot] = frame.gsoSize ?? 0;
    columns.checksumStart[slot] = frame.checksumStart ?? 0;
    columns.checksumOffset[slot] = frame.checksumOffset ?? 0;
  }

  private take(slot: number): Passing {
    const columns = this.pool;
    const start = columns.start[slot] ?? 0;
    return {
      bytes: columns.bytes.slice(start, start + (columns.length[slot] ?? 0)),
      flags: columns.flags[slot] ?? 0,
      gsoType: columns.gsoType[slot] ?? 0,
      gsoSize: columns.gsoSize[slot] ?? 0,
      checksumStart: columns.checksumStart[slot] ?? 0,
      checksumOffset: columns.checksumOffset[slot] ?? 0,
    };
  }

  private get pool(): PoolColumns {
    if (this.columns === undefined) throw new Error('no pool is attached');
    return this.columns;
  }
}
