import {
  ETHERNET_MTU,
  refuseWithoutDataPlane,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';
import { checkParent } from './parent.js';

const MODES = ['l2', 'l3', 'l3s'];
const FLAGS = ['bridge', 'private', 'vepa'];

/** Children of a NIC of the host that all share its MAC. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  refuseWithoutDataPlane('ipvlan', scope, options.findings);
  const refusal = (mode: string) =>
    `requested ipvlan mode '${mode}' is not valid, 'l2' mode is the ipvlan driver default`;
  options.oneOf('ipvlan_mode', MODES, refusal, 'D04');
  const flagRefusal = (flag: string) =>
    `requested ipvlan flag '${flag}' is not valid, 'bridge' is the ipvlan driver default`;
  options.oneOf('ipvlan_flag', FLAGS, flagRefusal);
  options.noteOthers('ipvlan', ['parent', 'ipvlan_mode', 'ipvlan_flag'], scope.network);
  const parent = checkParent('ipvlan', options, scope);
  return { mtu: options.mtu(ETHERNET_MTU), icc: { value: true }, ...(parent && { parent }) };
}
