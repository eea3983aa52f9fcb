/** What a test runs in another thread: opens what it is told, says that it is ready, and waits in the kernel. */
import { parentPort, workerData } from 'node:worker_threads';
import { Frames } from '../../dataplane/frame/frames.js';
import { loadNative } from '../../native-bindings/load.js';

export interface WorkerTask {
  readonly descriptor: number;
  readonly namespace: string;
  readonly interface: string;
}

const task = workerData as WorkerTask;
const native = loadNative();
const frames = new Frames(64, 1500);
native.attachPool(frames, frames.room, native.now());
const place = { port: 0, serial: 0 };
const handles = [
  native.openTap(task.descriptor, place),
  native.openPacket({ ...place, interface: task.interface, namespace: task.namespace }),
];
if (native.hasCapture) {
  handles.push(
    native.openCapture({ ...place, interface: task.interface, namespace: task.namespace }),
  );
  native.compileFilter('arp');
}
parentPort?.postMessage(native.waker());
const ready = new Int32Array(handles.length);
const began = native.now();
const count = native.wait(ready, 10e6);
parentPort?.postMessage({ count, waited_ns: native.now() - began });
// Until it is terminated.
setInterval(() => undefined, 1000);
