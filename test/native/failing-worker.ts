/** What a test runs in another thread: a call of the addon that fails, again and again, until it is terminated. */
import { parentPort } from 'node:worker_threads';
import { loadNative } from '../../native-bindings/load.js';

const native = loadNative();
parentPort?.postMessage('begun');
for (;;) {
  try {
    native.openPacket({ port: 0, serial: 0, interface: 'nowhere' });
  } catch {
    // It is terminated between the failure and this line, or not.
  }
}
