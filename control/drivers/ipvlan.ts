import type { DriverOptions, DriverScope, DriverSettings } from './options.js';
import { checkParent } from './parent.js';

const MODES = ['l2', 'l3', 'l3s'] as const;
const FLAGS = ['bridge', 'private', 'vepa'] as const;

/** Children of a NIC of the host that all share its MAC. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  const refusal = (mode: string) =>
    `requested ipvlan mode '${mode}' is not valid, 'l2' mode is the ipvlan driver default`;
  const mode = options.oneOf('ipvlan_mode', MODES, refusal, 'D04');
  const flagRefusal = (flag: string) =>
    `requested ipvlan flag '${flag}' is not valid, 'bridge' is the ipvlan driver default`;
  const flag = options.oneOf('ipvlan_flag', FLAGS, flagRefusal);
  options.noteOthers('ipvlan', ['parent', 'ipvlan_mode', 'ipvlan_flag'], scope.network);
  const { parent, mtu } = checkParent('ipvlan', options, scope);
  return { mtu, icc: { value: true }, ipvlan: { mode, flag, ...(parent && { parent }) } };
}
