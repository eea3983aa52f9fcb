/** Finds and loads the addon that install.mjs has built. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CONTRACT } from './native.js';
import type { Native } from './native.js';

/** The addon is not there, or cannot be loaded. The message is one line and says what to do. */
export class NativeMissing extends Error {
  override readonly name = 'NativeMissing';
}

/** From `dist/native-bindings/`. A test of memory errors names the build with sanitizers, `Debug`. */
const build = process.env['ETHERLOOM_NATIVE_BUILD'] ?? 'Release';
const path = fileURLToPath(
  new URL(`../../native-bindings/build/${build}/etherloom.node`, import.meta.url),
);

const REMEDY = 'apt install g++ make python3 libpcap-dev, then npm run install';

/**
 * The addon, for the thread that asks: each has its own handles and its own pool.
 * @throws NativeMissing
 */
export function loadNative(): Native {
  if (!existsSync(path))
    throw new NativeMissing(`live ports need the native addon, and it is not built: ${REMEDY}`);
  const native = required();
  if (native.contract !== CONTRACT)
    throw new NativeMissing('the native addon is of another version of etherloom: npm run install');
  return native;
}

function required(): Native {
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NativeMissing(`the native addon cannot be loaded: ${why}: ${REMEDY}`, { cause });
  }
}
