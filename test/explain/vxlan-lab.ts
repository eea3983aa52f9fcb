/** Three hosts whose bridges VXLAN joins, on a wire that leads out of the lab. Line numbers count: sentences quote them. */
import type { Compiled } from '../../control/compile/compile.js';
import { labOf } from '../dataplane/lab.js';

export const LAB = `x-wires:
  lan: { ports: { out: } }
x-hosts:
  node-1: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:01", addresses: [192.168.99.1/24] } } }
  node-2: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:02", addresses: [192.168.99.2/24] } } }
  node-3: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:03", addresses: [192.168.99.3/24] } } }
networks:
  blue:
    x-host: node-1
    x-vxlan:
      vxlan42:
        vni: 42
        remotes: [192.168.99.2, 192.168.99.3]
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.1 }] }
  red:
    x-host: node-2
    x-vxlan:
      vxlan42:
        vni: 42
        remotes: [192.168.99.1, 192.168.99.3]
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.254 }] }
  green:
    x-host: node-3
    x-vxlan:
      vxlan42: { vni: 42, remotes: [192.168.99.1, 192.168.99.2] }
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.253 }] }
services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { red: { ipv4_address: 10.0.0.3 } } }
  c3: { networks: { green: { ipv4_address: 10.0.0.4 } } }
`;

export const lab: Compiled = labOf(LAB);
