import type { GatewayMode, GatewayOptions } from '../model/network.js';
import type { Value } from '../model/position.js';
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
const MASQUERADE = `${PREFIX}.enable_ip_masquerade`;
const SWITCHES = [`${PREFIX}.inhibit_ipv4`, `${PREFIX}.default_bridge`];
const GATEWAY_MODE_IPV4 = `${PREFIX}.gateway_mode_ipv4`;
const GATEWAY_MODE_IPV6 = `${PREFIX}.gateway_mode_ipv6`;
const MODES = ['nat', 'nat-unprotected', 'routed', 'isolated'] as const;
const HOST_BINDING = `${PREFIX}.host_binding_ipv4`;
const TRUSTED = `${PREFIX}.trusted_host_interfaces`;

/** A learning bridge in the host, with a gateway address of its own. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  checkName(options);
  for (const key of SWITCHES) options.flag(key, false);
  const gateway = {
    masquerade: options.flag(MASQUERADE, GATEWAY_DEFAULTS.masquerade.value),
    gatewayModeIpv4: gatewayMode(GATEWAY_MODE_IPV4, options, scope),
    gatewayModeIpv6: gatewayMode(GATEWAY_MODE_IPV6, options, scope),
    hostBindingIpv4: options.address(HOST_BINDING, GATEWAY_DEFAULTS.hostBindingIpv4.value),
  };
  const modes = [GATEWAY_MODE_IPV4, GATEWAY_MODE_IPV6];
  const known = [NAME, ICC, MASQUERADE, ...SWITCHES, ...modes, HOST_BINDING, TRUSTED];
  options.noteOthers('bridge', known, scope.network);
  return { mtu: options.mtu(ETHERNET_MTU), icc: options.flag(ICC, true), gateway };
}

/** Of a network that is told nothing. */
export const GATEWAY_DEFAULTS: GatewayOptions = {
  masquerade: { value: true },
  gatewayModeIpv4: { value: 'nat' },
  gatewayModeIpv6: { value: 'nat' },
  hostBindingIpv4: { value: '0.0.0.0' },
};

function gatewayMode(
  key: string,
  options: DriverOptions,
  { internal }: DriverScope,
): Value<GatewayMode> {
  const unknown = (mode: string) => cannotParse(key, mode, `unknown gateway mode ${mode}`);
  const mode = options.oneOf(key, MODES, unknown);
  if (mode.value === 'isolated' && mode.at !== undefined && !internal) {
    const what = "gateway mode 'isolated' can only be used for an internal network";
    options.findings.refuse(mode.at, what, 'write "internal: true" at the network');
  }
  return mode;
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
