import {
  ETHERNET_MTU,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';

/** The network stack of the host itself: Docker makes one such network, and nobody makes another. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  if (!scope.external) {
    const what = 'only one instance of "host" network is allowed';
    options.findings.refuse(scope.at, what, 'write "network_mode: host" at the service', 'D40');
  }
  options.noteOthers('host', [], scope.network);
  return { mtu: { value: ETHERNET_MTU }, icc: { value: true } };
}
