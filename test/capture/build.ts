/** Builds captures byte by byte, right and wrong ones, without help from the code under test. */

export interface PcapOptions {
  readonly little?: boolean;
  readonly magic?: number;
  readonly version?: readonly [major: number, minor: number];
  readonly snapLength?: number;
  readonly linkType?: number;
}

export interface PacketOptions {
  readonly little?: boolean;
  readonly seconds?: number;
  readonly fraction?: number;
  readonly captured?: number;
  readonly wire?: number;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Bytes that tell their place: `first`, `first + 1`, … */
export function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
}

function fields(
  little: boolean,
  ...values: readonly (readonly [size: 1 | 2 | 4, value: number])[]
) {
  const size = values.reduce((sum, [bytes]) => sum + bytes, 0);
  const words = new DataView(new ArrayBuffer(size));
  let at = 0;
  for (const [bytes, value] of values) {
    if (bytes === 1) words.setUint8(at, value);
    else if (bytes === 2) words.setUint16(at, value, little);
    else words.setUint32(at, value, little);
    at += bytes;
  }
  return new Uint8Array(words.buffer);
}

export function pcapHeader(options: PcapOptions = {}): Uint8Array {
  const { little = true, magic = 0xa1b2c3d4, version = [2, 4] } = options;
  const { snapLength = 262_144, linkType = 1 } = options;
  return fields(
    little,
    [4, magic],
    [2, version[0]],
    [2, version[1]],
    [4, 0],
    [4, 0],
    [4, snapLength],
    [4, linkType],
  );
}

export function pcapRecord(frame: Uint8Array, options: PacketOptions = {}): Uint8Array {
  const { little = true, seconds = 0, fraction = 0 } = options;
  const { captured = frame.length, wire = frame.length } = options;
  return join(fields(little, [4, seconds], [4, fraction], [4, captured], [4, wire]), frame);
}

/** A pcapng block around its body, which is padded; `end` is the length said at the end, where it shall differ. */
export function block(type: number, body: Uint8Array, little = true, end?: number): Uint8Array {
  const size = 12 + ((body.length + 3) & ~3);
  return join(
    fields(little, [4, type], [4, size]),
    body,
    new Uint8Array(size - 12 - body.length),
    fields(little, [4, end ?? size]),
  );
}

export function option(code: number, value: Uint8Array, little = true): Uint8Array {
  const padding = new Uint8Array(-value.length & 3);
  return join(fields(little, [2, code], [2, value.length]), value, padding);
}

export function section(little = true, version = 1): Uint8Array {
  const length = fields(little, [4, 0xffffffff], [4, 0xffffffff]);
  const magic = fields(little, [4, 0x1a2b3c4d], [2, version], [2, 0]);
  return block(0x0a0d0d0a, join(magic, length), little);
}

export interface InterfaceOptions {
  readonly little?: boolean;
  readonly linkType?: number;
  readonly snapLength?: number;
  readonly options?: Uint8Array;
}

export function describedInterface(options: InterfaceOptions = {}): Uint8Array {
  const { little = true, linkType = 1, snapLength = 0 } = options;
  const fixed = fields(little, [2, linkType], [2, 0], [4, snapLength]);
  return block(1, join(fixed, options.options ?? new Uint8Array(0)), little);
}

export interface BlockPacketOptions {
  readonly little?: boolean;
  readonly interface?: number;
  /** Units since the zero of the interface. */
  readonly time?: bigint;
  readonly captured?: number;
  readonly wire?: number;
  readonly options?: Uint8Array;
}

function packetBody(start: Uint8Array, frame: Uint8Array, packet: BlockPacketOptions): Uint8Array {
  const { little = true, time = 0n, captured = frame.length, wire = frame.length } = packet;
  const high = Number(time >> 32n);
  const low = Number(time & 0xffff_ffffn);
  const rest = fields(little, [4, high], [4, low], [4, captured], [4, wire]);
  const padding = new Uint8Array(-frame.length & 3);
  return join(start, rest, frame, padding, packet.options ?? new Uint8Array(0));
}

export function enhancedPacket(frame: Uint8Array, packet: BlockPacketOptions = {}): Uint8Array {
  const little = packet.little ?? true;
  return block(6, packetBody(fields(little, [4, packet.interface ?? 0]), frame, packet), little);
}

export function obsoletePacket(frame: Uint8Array, packet: BlockPacketOptions = {}): Uint8Array {
  const little = packet.little ?? true;
  const start = fields(little, [2, packet.interface ?? 0], [2, 0xffff]);
  return block(2, packetBody(start, frame, packet), little);
}

export function simplePacket(frame: Uint8Array, wire = frame.length, little = true): Uint8Array {
  return block(3, join(fields(little, [4, wire]), frame), little);
}
