/**
 * Explaining one frame: the replay up to it, in this thread, with nothing recorded and only this frame traced.
 */
import { forwardOn } from '../../dataplane/forward/forward.js';
import type { Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { CallError, Refused } from '../cli/errors.js';
import type { Compiled } from '../compile/compile.js';
import type { InputFile } from '../replay/inputs.js';
import { watchReplay } from '../replay/watched.js';
import { explanationOf } from './explanation.js';
import type { Explanation } from './explanation.js';
import { macText } from './text.js';

const ADDRESSES = 12;

/**
 * Explains frame `serial` of a port.
 * @throws Refused when its capture ends before; CaptureError
 */
export async function explainFrame(
  compiled: Compiled,
  inputs: readonly InputFile[],
  frame: { readonly port: number; readonly serial: number },
): Promise<Explanation> {
  let explanation: Explanation | undefined;
  const report = await watchReplay(compiled, inputs, {
    tracing: frame,
    finished: (plane) => {
      if (plane.trace.written > 0)
        explanation = explanationOf(compiled, plane, plane.trace.since(0));
    },
  });
  if (explanation !== undefined) return explanation;
  const read = report.inputs.find((_, i) => inputs[i]?.port === frame.port);
  const { path = '', frames = 0, damage } = read ?? {};
  const counted = `${frames} ${frames === 1 ? 'frame' : 'frames'}`;
  throw new Refused(
    damage === undefined
      ? `${path} has only ${counted}; there is no frame ${frame.serial}`
      : `${path} is damaged at byte ${damage.offset}, after ${counted}: ${damage.what}; frame ${frame.serial} cannot be read`,
  );
}

/**
 * Explains a frame that comes in by `port` after the last frame of the captures; without `port`, by the port whose own MAC is its source.
 * @throws CallError when the port is neither given nor evident, or the frame is longer than the pool's slots
 */
export async function explainHex(
  compiled: Compiled,
  inputs: readonly InputFile[],
  bytes: Uint8Array,
  port: number | undefined,
): Promise<Explanation> {
  let explanation: Explanation | undefined;
  const inPort = port ?? portOwning(compiled, bytes);
  await watchReplay(compiled, inputs, {
    tracing: 'none',
    until: () => Infinity,
    finished: (plane, tick) => {
      inject(plane, bytes, inPort, tick);
      explanation = explanationOf(compiled, plane, plane.trace.since(0));
    },
  });
  if (explanation === undefined) throw new Error('the frame left no trace');
  return explanation;
}

function portOwning({ ports }: Compiled, bytes: Uint8Array): number {
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mac = bytes.length < ADDRESSES ? '' : macText(source.getUint16(6), source.getUint32(8));
  const owners = ports.flatMap(({ endpoint }, port) => (endpoint?.mac.value === mac ? [port] : []));
  const [owner] = owners;
  if (owner !== undefined && owners.length === 1) return owner;
  const why =
    owners.length > 1
      ? `its source MAC ${mac} is that of ${owners.map((port) => ports[port]?.port).join(', ')}: children of ipvlan share the MAC of their parent`
      : `its source MAC ${mac} is not that of one container`;
  throw new CallError(`--hex: say where the frame comes in, with --port; ${why}`);
}

function inject(plane: Plane, bytes: Uint8Array, port: number, tick: number): void {
  const { frames, counters } = plane;
  if (bytes.length > frames.room)
    throw new CallError(
      `--hex: ${bytes.length} bytes are more than any frame of this topology may have (${frames.room})`,
    );
  const frame = frames.claim();
  frames.bytes.set(bytes, frames.start[frame]);
  frames.length[frame] = bytes.length;
  frames.wireLength[frame] = bytes.length;
  frames.inPort[frame] = port;
  frames.serial[frame] = (counters.framesIn[port] ?? 0) + 1;
  frames.tick[frame] = tick;
  frames.flags[frame] = FrameFlag.Traced;
  forwardOn(plane)(Int32Array.of(frame), 0, 1);
}
