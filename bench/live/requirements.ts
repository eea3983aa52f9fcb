import { loadNative } from '../../native-bindings/load.js';
import { hasProgram } from './command.js';

/** What it takes to measure is not here. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** @throws Unavailable, NativeMissing */
export function requireLive(): void {
  if (process.platform !== 'linux') throw new Unavailable('bench live needs Linux');
  if (process.getuid?.() !== 0)
    throw new Unavailable(
      'bench live makes network namespaces, and only root may: sudo etherloom bench live',
    );
  const missing = ['ip', 'nsenter', 'setpriv'].filter((program) => !hasProgram(program));
  if (missing.length > 0)
    throw new Unavailable(
      `bench live needs ${missing.join(', ')}: apt install iproute2 util-linux`,
    );
  loadNative();
}
