import {
  cannotParse,
  ETHERNET_MTU,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';

const PREFIX = 'com.docker.network.bridge';
const NAME = `${PREFIX}.name`;
const ICC = `${PREFIX}.enable_icc`;
const SWITCHES = [
  `${PREFIX}.enable_ip_masquerade`,
  `${PREFIX}.inhibit_ipv4`,
  `${PREFIX}.default_bridge`,
];
const GATEWAY_MODES = [`${PREFIX}.gateway_mode_ipv4`, `${PREFIX}.gateway_mode_ipv6`];
const MODES = ['nat', 'nat-unprotected', 'routed', 'isolated'] as const;
const HOST_BINDING = `${PREFIX}.host_binding_ipv4`;
const TRUSTED = `${PREFIX}.trusted_host_interfaces`;

/** A learning bridge in the host, with a gateway address of its own. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  checkName(options);
  for (const key of SWITCHES) options.flag(key, false);
  for (const key of GATEWAY_MODES) {
    options.oneOf(key, MODES, (mode) => cannotParse(key, mode, `unknown gateway mode ${mode}`));
  }
  options.address(HOST_BINDING);
  const known = [NAME, ICC, ...SWITCHES, ...GATEWAY_MODES, HOST_BINDING, TRUSTED];
  options.noteOthers('bridge', known, scope.network);
  return { mtu: options.mtu(ETHERNET_MTU), icc: options.flag(ICC, true) };
}

/** The name of the bridge in the host is a name of a Linux interface: IFNAMSIZ is 16 with the closing zero. */
function checkName(options: DriverOptions): void {
  const name = options.text(NAME);
  if (name === undefined) return;
  if (name.value === 'docker0') {
    const what = 'docker0 is the bridge of the predefined network "bridge"';
    options.findings.refuse(name.at, what, 'choose another name: Docker would break that network');
  } else if (name.value.length > 15) {
    const what = 'failed to check bridge interface existence: numerical result out of range';
    options.findings.refuse(name.at, what, 'write a name of at most 15 characters', 'D18');
  } else if (/[\s/:]/.test(name.value) || name.value === '.' || name.value === '..') {
    const what = `"${name.value}" is not a name for an interface`;
    options.findings.refuse(name.at, what, 'leave out spaces, slashes and colons');
  }
}
