/** A home router without Docker, and who speaks through it. */
import { at, station } from './routed-lab.js';

/** Line 9 begins what is told about translating, line 11 has the rule. */
export const home = (
  settings: string,
  rule: string,
): string => `x-wires: { in: { ports: { p: } }, out: { ports: { p: } } }
x-hosts:
  gw:
    nics:
      eth0: { wire: out, mac: "08:00:27:00:00:01", addresses: [192.0.2.1/24] }
      eth1: { wire: in, mac: "08:00:27:00:00:02", addresses: [10.0.0.1/24] }
x-nat:
  gw:
    ${settings}
    rules:
      - { snat: 10.0.0.0/24, out: eth0, ${rule} }
`;

export const pc = station('02:00:00:00:01:05', '10.0.0.5');
export const one = station('02:00:00:00:02:08', '192.0.2.8');
export const other = station('02:00:00:00:02:09', '192.0.2.9');
/** The router at either side. */
export const outer = station('08:00:27:00:00:01', '192.0.2.1');
export const inner = station('08:00:27:00:00:02', '10.0.0.1');
export const toOne = at('192.0.2.8', inner);
