import { existsSync } from 'node:fs';
import { missingOnThisMachine } from '../../control/supervisor/privileges.js';
import { loadNative } from '../../native-bindings/load.js';

/** Why live labs cannot run here; undefined when they can. */
export function whyNotLive(): string | undefined {
  const missing = missingOnThisMachine();
  if (missing.length > 0) return `this process has no ${missing.join(', ')}`;
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  try {
    loadNative();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
