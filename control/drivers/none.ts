import {
  ETHERNET_MTU,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';

/** No network at all (Docker calls this driver `null`): Docker makes one such network, and nobody makes another. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  if (!scope.external) {
    const what = 'only one instance of "null" network is allowed';
    options.findings.refuse(scope.at, what, 'write "network_mode: none" at the service', 'D39');
  }
  options.noteOthers('none', [], scope.network);
  return { mtu: { value: ETHERNET_MTU }, icc: { value: true } };
}
