import type { Value } from '../model/position.js';
import { VNI_MAX } from '../model/vtep.js';
import {
  ETHERNET_MTU,
  type DriverOptions,
  type DriverScope,
  type DriverSettings,
  type OverlayOptions,
} from './options.js';

const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';
const ENCRYPTED = 'encrypted';
/** The headers of a frame in VXLAN: outer IPv4, UDP and VXLAN, inner Ethernet. Docker counts them so over IPv6, too. */
export const VXLAN_BYTES = 50;
/** What IPsec makes of a packet is longer by that, and a multiple of IPSEC_UNIT. */
export const IPSEC_BYTES = 26;
const IPSEC_UNIT = 4;
const MTU_MIN = 68;

/** One Ethernet segment over several hosts, in VXLAN. */
export function checkOptions(options: DriverOptions, scope: DriverScope): DriverSettings {
  const vnis = readVnis(options);
  const isEncrypted = options.text(ENCRYPTED) !== undefined;
  options.noteOthers('overlay', [VNIS, ENCRYPTED], scope.network);
  return {
    mtu: readMtu(options, scope, isEncrypted),
    icc: { value: true },
    overlay: { ...(vnis && { vnis }), isEncrypted },
  };
}

/** Bytes of the largest packet that IPsec makes no longer than so many. */
export function withoutIpsec(bytes: number): number {
  const left = bytes - IPSEC_BYTES;
  return left - (left % IPSEC_UNIT);
}

function readVnis(options: DriverOptions): OverlayOptions['vnis'] {
  const list = options.text(VNIS);
  if (list === undefined) return undefined;
  const texts = list.value.split(',');
  const wrong = texts.find((text) => !/^\d+$/.test(text) || Number(text) > VNI_MAX);
  if (wrong === undefined) return { value: texts.map(Number), at: list.at };
  const fix = `write numbers from 0 to ${VNI_MAX}, with commas between`;
  options.findings.refuse(list.at, `invalid vxlan id value "${wrong}" passed`, fix);
  return undefined;
}

/** The option names what the hosts carry between each other, and containers get what is left of it (libnetwork, overlay maxMTU). */
function readMtu(
  options: DriverOptions,
  { network }: DriverScope,
  isEncrypted: boolean,
): Value<number> {
  const outer = options.mtu(ETHERNET_MTU);
  let bytes = outer.value - VXLAN_BYTES;
  if (isEncrypted) {
    options.findings.note(
      `network ${network}: nothing is encrypted here, but its MTU is that of IPsec`,
    );
    bytes = withoutIpsec(bytes);
  }
  if (outer.at !== undefined && bytes < MTU_MIN) {
    const what = `${outer.value} bytes between the hosts leave ${bytes} for packets in VXLAN`;
    options.findings.refuse(
      outer.at,
      what,
      `write the MTU of the network of the hosts, such as "${ETHERNET_MTU}"`,
    );
  }
  return { value: bytes, ...(outer.at && { at: outer.at }) };
}
