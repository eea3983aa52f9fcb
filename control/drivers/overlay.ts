import {
  refuseWithoutDataPlane,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
} from './options.js';

const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';
/** The VXLAN network identifier has 24 bits (RFC 7348 §5). */
const VNI_MAX = 0xff_ffff;
/** An Ethernet MTU less the 50 bytes of outer Ethernet, IPv4, UDP and VXLAN headers. */
const OVERLAY_MTU = 1450;

/** One Ethernet segment over several hosts, in VXLAN. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  refuseWithoutDataPlane('overlay', scope, options.findings);
  const list = options.text(VNIS);
  for (const vni of list?.value.split(',') ?? []) {
    if (list === undefined || (/^\d+$/.test(vni) && Number(vni) <= VNI_MAX)) continue;
    const what = `invalid vxlan id value "${vni}" passed`;
    options.findings.refuse(
      list.at,
      what,
      `write numbers from 0 to ${VNI_MAX}, with commas between`,
    );
  }
  options.noteOthers('overlay', [VNIS, 'encrypted'], scope.network);
  return { mtu: options.mtu(OVERLAY_MTU), icc: { value: true } };
}
