import type { DriverOptions, DriverScope, DriverSettings } from './options.js';
import { checkParent } from './parent.js';

/** Docker's four, and `source`, which Linux has besides. */
const MODES = ['bridge', 'private', 'vepa', 'passthru', 'source'] as const;

/** Children of a NIC of the host, each with a MAC of its own. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  const refusal = (mode: string) =>
    `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`;
  const mode = options.oneOf('macvlan_mode', MODES, refusal, 'D03');
  options.noteOthers('macvlan', ['parent', 'macvlan_mode'], scope.network);
  const { parent, mtu } = checkParent('macvlan', options, scope);
  return { mtu, icc: { value: true }, macvlan: { mode, ...(parent && { parent }) } };
}
