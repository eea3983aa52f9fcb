/**
 * The thread that drives tagging cables: for each of them one TAP, where frames come in without a tag and leave without it, and one interface
 * where they have it. What a kernel's 802.1Q module would do between eth0.7 and eth0.
 */
import { workerData } from 'node:worker_threads';
import { FrameFlag, Frames } from '../../../dataplane/frame/frames.js';
import type { Frame } from '../../../dataplane/frame/frames.js';
import { EtherType } from '../../../dataplane/wire/ethernet.js';
import { Vlan, tagControl, vlanId } from '../../../dataplane/wire/vlan.js';
import { loadNative } from '../../../native-bindings/load.js';
import type { CableTask } from './cable.js';

const SLOTS = 128;
const BURST = 64;
const WAIT_US = 50_000;
const ADDRESSES = 12;

const { cables, vlan, stop } = workerData as CableTask;
const native = loadNative();
const frames = new Frames(SLOTS, 65_535);
native.attachPool(frames, frames.room, native.now());

/** By handle: where its frames go, and what is done to them on the way; false when they do not belong there. */
const ways: { to: number; change: (frame: Frame) => boolean }[] = [];
for (const { descriptor, namespace, name } of cables) {
  const place = { port: 0, serial: 0 };
  const untagged = native.openTap(descriptor, place);
  const tagged = native.openPacket({ interface: name, namespace, ...place });
  ways[untagged] = { to: tagged, change: push };
  ways[tagged] = { to: untagged, change: pop };
}

/** A tag moves everything behind it, also where the checksum begins. */
function push(frame: Frame): boolean {
  const { bytes, view, start } = frames;
  const at = start[frame] ?? 0;
  bytes.copyWithin(at - Vlan.TagLength, at, at + ADDRESSES);
  view.setUint16(at + ADDRESSES - Vlan.TagLength, EtherType.VlanTag);
  view.setUint16(at + ADDRESSES - Vlan.TagLength + 2, vlan);
  move(frame, -Vlan.TagLength);
  return true;
}

function pop(frame: Frame): boolean {
  const { bytes, view, start } = frames;
  const at = start[frame] ?? 0;
  if (view.getUint16(at + ADDRESSES) !== EtherType.VlanTag) return false;
  if (vlanId(tagControl(view, at + ADDRESSES)) !== vlan) return false;
  bytes.copyWithin(at + Vlan.TagLength, at, at + ADDRESSES);
  move(frame, Vlan.TagLength);
  return true;
}

/** The frame begins so many bytes later than before. */
function move(frame: Frame, by: number): void {
  const { start, length, wireLength, flags, checksumStart } = frames;
  start[frame] = (start[frame] ?? 0) + by;
  length[frame] = (length[frame] ?? 0) - by;
  wireLength[frame] = (wireLength[frame] ?? 0) - by;
  if (((flags[frame] ?? 0) & FrameFlag.Partial) !== 0)
    checksumStart[frame] = (checksumStart[frame] ?? 0) - by;
}

const ready = new Int32Array(2 * cables.length);
const outcomes = new Uint8Array(BURST);
while (Atomics.load(stop, 0) === 0) {
  const count = native.wait(ready, WAIT_US);
  for (const from of ready.subarray(0, count)) carry(from);
}

function carry(from: number): void {
  const way = ways[from];
  if (way === undefined) return;
  const slots = Int32Array.from({ length: BURST }, () => frames.claim());
  const received = slots.subarray(0, Math.max(0, native.receive(from, slots, BURST)));
  const kept = received.filter((frame) => way.change(frame));
  native.send(way.to, kept, 0, kept.length, outcomes);
  for (const frame of slots) frames.release(frame);
}
