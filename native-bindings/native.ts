/**
 * What the addon offers: Linux devices as places that give and take bursts of frames, in the memory of the pool.
 *
 * One call moves one burst in one direction, makes no object, and never throws; calls that open or configure throw NativeError. A handle
 * is a small number that belongs to the thread that opened it; whatever is still open when that thread ends is closed for it. File
 * descriptors (of TAPs, of wake-ups) belong to the process: one thread may make one and another use it.
 */

/** Version of this contract. A binary that was built for another one is not loaded. */
export const CONTRACT = 2;

/**
 * The columns of the pool that native code fills when a frame arrives and reads when it leaves (dataplane/frame). Native code keeps them alive
 * and knows their addresses: their memory must not be transferred to another thread.
 */
export interface PoolColumns {
  readonly bytes: Uint8Array;
  readonly start: Int32Array;
  readonly length: Int32Array;
  readonly wireLength: Uint32Array;
  readonly inPort: Uint16Array;
  readonly serial: Uint32Array;
  readonly tick: Float64Array;
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
  readonly flags: Uint8Array;
  readonly gsoType: Uint8Array;
  readonly gsoSize: Uint16Array;
  readonly checksumStart: Uint16Array;
  readonly checksumOffset: Uint16Array;
}

/** What became of a frame that was to leave. */
export const enum Outcome {
  Sent,
  /** The queue of the device is full: ENOBUFS, EAGAIN, ENOMEM. */
  QueueFull,
  /** Longer than the device can send: EMSGSIZE. */
  TooLong,
  /** The device is down: ENETDOWN, EIO. */
  Down,
  /** The device is no longer there: ENXIO, ENODEV, EBADFD, ENOENT. */
  Gone,
  /** The kernel did not like its virtio_net_hdr: EINVAL. */
  Invalid,
}

/** Columns of what `status` writes. */
export const enum Status {
  /** Frames that the kernel dropped before we could receive them, since the device was opened. */
  Missed,
  /** 1 when somebody at the other end would hear us. */
  Carrier,
  /** 1 when administratively up. */
  Up,
  /** Bytes of the largest packet. */
  Mtu,
  /** 0 when the device is gone. */
  Present,
  Count,
}

/** Where a port stands and how its frames are numbered. */
export interface PortPlace {
  /** Number of the port, written into `inPort`. */
  readonly port: number;
  /** The serial of its last frame so far; the next one gets one more. */
  readonly serial: number;
}

export interface TapOptions {
  /** Name of the interface, at most 15 bytes. */
  readonly name: string;
  /** Path of the network namespace it appears in (`/run/netns/x`); default: this one. */
  readonly namespace?: string;
  /** Outlives the descriptor. */
  readonly persistent?: boolean;
  /** User id that may open it besides root. */
  readonly owner?: number;
  /** Several descriptors share the load (IFF_MULTI_QUEUE). */
  readonly multiQueue?: boolean;
}

export interface DeviceOptions extends PortPlace {
  readonly interface: string;
  readonly namespace?: string;
}

export interface Native {
  /** The CONTRACT for which it was built. */
  readonly contract: number;
  /** The numbers it was built with, by the names they have here and in dataplane/frame; a test compares them. */
  readonly constants: Readonly<Record<string, number>>;
  /** True when the addon was built with libpcap: `openCapture` and `compileFilter` work. */
  readonly hasCapture: boolean;

  /** Makes or attaches to a TAP with vnet_hdr and offloads, and gives its descriptor, non-blocking. @throws NativeError */
  createTap(options: TapOptions): number;
  /**
   * Closes the descriptor of a TAP for good: the TAP goes with its last descriptor, also a persistent one. (To close it and leave a
   * persistent TAP to others, `closeSync` of node:fs.) @throws NativeError when it is not the descriptor of a TAP
   */
  closeDescriptor(descriptor: number): void;

  /**
   * Where this thread's frames live, and the zero of its ticks.
   * @param room bytes a frame may take from its start
   * @param base_ns CLOCK_MONOTONIC at tick 0
   */
  attachPool(columns: PoolColumns, room: number, base_ns: number): void;
  /** CLOCK_MONOTONIC in nanoseconds (exact below 104 days of uptime). */
  now(): number;

  /** A port over a TAP's descriptor, of which it keeps a duplicate. @throws NativeError */
  openTap(descriptor: number, place: PortPlace): number;
  /** A port over an existing interface, AF_PACKET with PACKET_VNET_HDR, promiscuous, only what comes in. @throws NativeError */
  openPacket(options: DeviceOptions): number;
  /** The same through libpcap. @throws NativeError */
  openCapture(options: DeviceOptions): number;
  close(handle: number): void;

  /**
   * Receives into the claimed slots `slots[0]`, `slots[1]`, ... at most `count`; fills their columns. Consecutive segments of one TCP flow
   * come as one frame (rule 8); for that the order of `slots` may change, the filled ones come first. Returns how many slots were filled; a negative errno when the device cannot be read any more.
   */
  receive(handle: number, slots: Int32Array, count: number): number;
  /**
   * Sends `count` frames from `slots[at]` on; writes an Outcome for each into `outcomes`, from index 0. Returns how many were not sent;
   * `outcomes` is untouched when that is 0.
   */
  send(handle: number, slots: Int32Array, at: number, count: number, outcomes: Uint8Array): number;
  /** Writes Status.Count values. */
  status(handle: number, into: Float64Array): void;

  /**
   * Waits until handles have frames, somebody wakes this thread, or `most_us` microseconds have passed (0: only looks). Writes the ready
   * handles and returns their number.
   */
  wait(ready: Int32Array, most_us: number): number;
  /** The descriptor by which another thread wakes this one. */
  waker(): number;
  /** Wakes the thread whose waker this is. Any thread may call it. */
  wake(waker: number): void;

  /** Makes a pipe hold 1 MiB, where Linux gives 64 KiB, if this process may (fcntl F_SETPIPE_SZ); otherwise it stays as it is. */
  widenPipe(descriptor: number): void;

  /** Compiles a filter in tcpdump's language for Ethernet frames. @throws NativeError with libpcap's words */
  compileFilter(expression: string): number;
  /** Does the frame in this slot pass? */
  matches(filter: number, slot: number): boolean;
  freeFilter(filter: number): void;
}

/** What the addon throws: `code` is the name of the errno (`EPERM`), `syscall` what was tried. */
export interface NativeError extends Error {
  readonly code: string;
  readonly syscall: string;
}
