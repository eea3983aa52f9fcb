/**
 * Somebody else's eyes: prints one line for each frame that an interface shows to libpcap, through the package `cap`, which shares no code
 * with us. `node observer.js INTERFACE SECONDS [FILTER]`, inside the namespace of the interface; `ready` comes first.
 */
import { describeFrame } from '../../control/explain/dissect.js';

/** The part of `cap` (0.2) that is used here; it brings no types. */
interface CapModule {
  readonly Cap: new () => {
    open(device: string, filter: string, bufferBytes: number, frame: Buffer): string;
    on(event: 'packet', heard: (bytes: number) => void): void;
    close(): void;
  };
}

const FRAME_BYTES = 65_535;

const [device = '', seconds = '1', filter = ''] = process.argv.slice(2);
/** An optional dependency: absent where it could not be built, and no name that the compiler looks up. */
const name = ['cap'].join();
const { Cap } = await load();
const frame = Buffer.alloc(FRAME_BYTES);
const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
const cap = new Cap();
cap.open(device, filter, 1 << 20, frame);
cap.on('packet', (bytes) => {
  process.stdout.write(`${describeFrame(view, 0, bytes, bytes).summary}\n`);
});
process.stdout.write('ready\n');
setTimeout(
  () => {
    cap.close();
  },
  Number(seconds) * 1000,
);

async function load(): Promise<CapModule> {
  try {
    return ((await import(name)) as { readonly default: CapModule }).default;
  } catch {
    process.stdout.write('there is no package cap here: npm could not build it\n');
    process.exit();
  }
}
