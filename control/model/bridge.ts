import { macOfName } from '../address.js';
import { GATEWAY_DEFAULTS } from '../drivers/bridge.js';
import { secondsOf } from './duration.js';
import type { Endpoint } from './endpoint.js';
import { checkMac } from './hosts.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { BridgeOptions, Station } from './network.js';
import type { NetworkDraft } from './networks.js';
import type { Value } from './position.js';
import type { BridgeShape } from './schema.js';
import { items, type Written } from './written.js';

/** Seconds (IEEE 802.1Q-2022 §8.8.3, table 8-6). */
const AGEING_DEFAULT_S = 300;
const AGEING_MIN_S = 10;
const AGEING_MAX_S = 1_000_000;
/** Linux without spanning tree forwards 01-80-C2-00-00-00, and of the reserved addresses only that. */
const GROUP_FORWARD_DEFAULT = 0x0001;
const STATIONS_DEFAULT = 8192;
const STATIONS_MAX = 1_048_576;

/** What Linux makes of a bridge that is told nothing. */
export const PLAIN_BRIDGE = {
  icc: { value: true },
  ...GATEWAY_DEFAULTS,
  ageing_s: { value: AGEING_DEFAULT_S },
  groupForwardMask: { value: GROUP_FORWARD_DEFAULT },
  stationsMax: { value: STATIONS_DEFAULT },
  stations: [],
  vlanFiltering: { value: false },
} as const;

/** `x-bridge`: what the learning bridge of a network is told, with the defaults of Linux. */
export function readBridge(
  network: NetworkDraft,
  endpoints: readonly Endpoint[],
  findings: Findings,
): BridgeOptions {
  const bridge = network.written?.get('x-bridge');
  const mac = checkMac(bridge?.get('mac'), findings);
  return {
    mac: mac === undefined ? { value: macOfName(network.name) } : at(bridge?.get('mac'), mac),
    icc: network.settings.icc,
    ...(network.settings.gateway ?? GATEWAY_DEFAULTS),
    ageing_s: readAgeing(bridge?.get('ageing'), findings),
    groupForwardMask: readMask(bridge?.get('group_fwd_mask'), findings),
    stationsMax: readStationsMax(bridge?.get('fdb_max_learned'), findings),
    stations: readStations(bridge, endpoints, network.key, findings),
    vlanFiltering: network.vlanFiltering,
    ...(network.uplink && { uplink: network.uplink }),
  };
}

function at<T>(written: Written | undefined, value: T): Value<T> {
  return written === undefined ? { value } : { value, at: written.at };
}

/** A Compose duration in whole seconds: `300s`, `5m`, `1h30m`, `0s`. */
export function readAgeing(
  written: Written<string | number> | undefined,
  findings: Findings,
): Value<number> {
  if (written === undefined) return { value: AGEING_DEFAULT_S };
  const seconds = secondsOf(String(written.value));
  const isInRange = seconds === 0 || (seconds >= AGEING_MIN_S && seconds <= AGEING_MAX_S);
  if (isInRange && Number.isInteger(seconds)) return { value: seconds, at: written.at };
  const what = Number.isNaN(seconds)
    ? `"${written.value}" is not a duration`
    : `stations cannot age in ${written.value}`;
  const fix = `write "0s" (forget at once), or whole seconds from "${AGEING_MIN_S}s" to "${AGEING_MAX_S}s"`;
  findings.refuse(written.at, what, fix);
  return { value: AGEING_DEFAULT_S };
}

function readMask(
  written: Written<string | number> | undefined,
  findings: Findings,
): Value<number> {
  if (written === undefined) return { value: GROUP_FORWARD_DEFAULT };
  const text = String(written.value);
  const mask = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
  if (mask <= 0xffff) return { value: mask, at: written.at };
  const what = `${text} is not a mask of the 16 addresses 01-80-C2-00-00-00 to -0F`;
  findings.refuse(written.at, what, 'write a number from 0 to 0xffff');
  return { value: GROUP_FORWARD_DEFAULT };
}

export function readStationsMax(
  written: Written<number> | undefined,
  findings: Findings,
): Value<number> {
  if (written === undefined) return { value: STATIONS_DEFAULT };
  const { value } = written;
  if (Number.isInteger(value) && value >= 1 && value <= STATIONS_MAX)
    return { value, at: written.at };
  const what = `a bridge cannot remember ${value} stations`;
  findings.refuse(written.at, what, `write a number from 1 to ${STATIONS_MAX}`);
  return { value: STATIONS_DEFAULT };
}

function readStations(
  bridge: Written<BridgeShape> | undefined,
  endpoints: readonly Endpoint[],
  network: string,
  findings: Findings,
): Station[] {
  const stations = new Map<string, Station>();
  const ports = endpoints.map(({ port }) => port);
  for (const written of items(bridge?.get('stations'))) {
    const port = written.get('port');
    const mac = checkMac(written.get('mac'), findings);
    const endpoint = endpoints.find((candidate) => candidate.port === port?.value);
    if (endpoint === undefined && port !== undefined) {
      const what = `network ${network} has no port "${port.value}"${didYouMean(port.value, ports)}`;
      findings.refuse(port.at, what, `its ports are: ${ports.join(', ') || 'none'}`);
    }
    if (mac === undefined || endpoint === undefined) continue;
    if (stations.has(mac)) {
      findings.refuse(written.at, `station ${mac} is nailed to two ports`, 'keep one of the two');
    }
    const sticky = written.get('sticky')?.value === true;
    stations.set(mac, { mac, endpoint, sticky, at: written.at });
  }
  return [...stations.values()];
}
