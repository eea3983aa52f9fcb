import { tableOf } from '../cli/table.js';
import type { NetworkMtu } from './mtu.js';

const HEAD = ['network', 'host', 'declared', 'underlay', 'overhead', 'fits', 'verdict'];

/** The table of `etherloom mtu`. */
export function mtuTable(file: string, networks: readonly NetworkMtu[]): string {
  if (networks.length === 0) return 'There is no network that has an MTU.';
  return tableOf(
    HEAD,
    networks.map(({ network, host, declared_bytes, at, underlay, verdict = '-' }) => [
      network,
      host,
      `${declared_bytes} (${at === undefined ? 'default' : `${file}:${at.line}`})`,
      underlay === undefined
        ? 'none'
        : `${underlay.interface} ${underlay.mtu_bytes}${underlay.to === undefined ? '' : ` to ${underlay.to}`}`,
      String(underlay?.overhead_bytes ?? '-'),
      String(underlay?.fits_bytes ?? '-'),
      verdict,
    ]),
  );
}
