import {
  ETHERNET_MTU,
  refuseWithoutDataPlane,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';
import { checkParent } from './parent.js';

const MODES = ['bridge', 'private', 'vepa', 'passthru'];

/** Children of a NIC of the host, each with a MAC of its own. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  refuseWithoutDataPlane('macvlan', scope, options.findings);
  const refusal = (mode: string) =>
    `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`;
  options.oneOf('macvlan_mode', MODES, refusal, 'D03');
  options.noteOthers('macvlan', ['parent', 'macvlan_mode'], scope.network);
  const parent = checkParent('macvlan', options, scope);
  return { mtu: options.mtu(ETHERNET_MTU), icc: { value: true }, ...(parent && { parent }) };
}
