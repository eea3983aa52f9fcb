/**
 * More frames than anybody can take: `node flood.js INTERFACE SECONDS`, inside the namespace of the interface. Smallest frames to everybody,
 * as fast as AF_PACKET sends them.
 */
import { Frames } from '../../dataplane/frame/frames.js';
import { loadNative } from '../../native-bindings/load.js';

const BURST = 64;
const FRAME_BYTES = 60;

const [name = '', seconds = '1'] = process.argv.slice(2);
const native = loadNative();
const frames = new Frames(BURST, 1500);
native.attachPool(frames, frames.room, native.now());
const handle = native.openPacket({ interface: name, port: 0, serial: 0 });
const slots = new Int32Array(BURST);
for (let i = 0; i < BURST; i++) {
  const slot = frames.claim();
  const at = frames.start[slot] ?? 0;
  frames.length[slot] = FRAME_BYTES;
  frames.wireLength[slot] = FRAME_BYTES;
  frames.view.setUint32(at, 0xffffffff);
  frames.view.setUint32(at + 4, 0xffff0200);
  frames.view.setUint32(at + 8, i);
  frames.view.setUint16(at + 12, 0x88b5);
  slots[i] = slot;
}
const outcomes = new Uint8Array(BURST);
const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end) native.send(handle, slots, 0, BURST, outcomes);
native.close(handle);
