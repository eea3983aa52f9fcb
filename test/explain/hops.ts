/** A lab of three hosts on a wire, and a host without one, for frames that pass several hops. Line numbers count: sentences quote them. */
import test from 'ava';
import { parseAddress } from '../../control/address.js';
import { told } from '../../control/cli/told.js';
import type { Compiled } from '../../control/compile/compile.js';
import type { Speaker } from '../../control/explain/speech.js';
import { labOf } from '../dataplane/lab.js';
import { explainedFrames } from './told.js';

export const lab: Compiled = labOf(`x-wires:
  lan: { ports: { uplink: } }
x-hosts:
  node-1:
    nics: { eth0: { wire: lan, mac: "08:00:27:00:00:01", addresses: [192.168.99.1/24] } }
    gateway: 192.168.99.2
  node-2:
    nics: { eth0: { wire: lan, mac: "08:00:27:00:00:02", addresses: [192.168.99.2/24] } }
  node-3:
    nics: { eth0: { wire: lan }, eth1: , eth2: , eth3: }
networks:
  priv: { x-host: node-1, driver: macvlan, driver_opts: { parent: eth0.50, macvlan_mode: private }, ipam: { config: [{ subnet: 10.50.0.0/24 }] } }
  brid: { x-host: node-2, driver: macvlan, driver_opts: { parent: eth0.50 }, ipam: { config: [{ subnet: 10.50.1.0/24 }] } }
  vepa: { x-host: node-2, driver: macvlan, driver_opts: { parent: eth0.60, macvlan_mode: vepa }, ipam: { config: [{ subnet: 10.60.0.0/24 }] } }
  l3: { x-host: node-1, driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [{ subnet: 10.70.0.0/24 }] } }
  l2: { x-host: node-2, driver: ipvlan, driver_opts: { parent: eth0.70, ipvlan_flag: private }, ipam: { config: [{ subnet: 10.71.0.0/24 }] } }
  vlans: { x-host: node-3, x-bridge: { vlan_filtering: true, uplink: { nic: eth0, trunks: [10, 50] } }, ipam: { config: [{ subnet: 10.80.0.0/24 }] } }
  pass: { x-host: node-3, driver: macvlan, driver_opts: { parent: eth1, macvlan_mode: passthru }, ipam: { config: [{ subnet: 10.90.0.0/24 }] } }
  src: { x-host: node-3, driver: macvlan, driver_opts: { parent: eth2.5, macvlan_mode: source }, ipam: { config: [{ subnet: 10.91.0.0/24 }] } }
  alone: { x-host: node-3, driver: macvlan, ipam: { config: [{ subnet: 10.92.0.0/24 }] } }
  far: { x-host: node-3, driver: ipvlan, driver_opts: { parent: eth3, ipvlan_mode: l3s, ipvlan_flag: vepa }, ipam: { config: [{ subnet: 10.93.0.0/24 }] } }
services:
  c1: { networks: { priv: { ipv4_address: 10.50.0.2 } } }
  c2: { networks: { priv: { ipv4_address: 10.50.0.3 } } }
  c3: { networks: { brid: { ipv4_address: 10.50.1.2 } } }
  c4: { networks: { brid: { ipv4_address: 10.50.1.3 } } }
  c5: { networks: { vepa: { ipv4_address: 10.60.0.2 } } }
  i1: { networks: { l3: { ipv4_address: 10.70.0.2 } } }
  i2: { networks: { l3: { ipv4_address: 10.70.0.3 } } }
  p1: { networks: { l2: { ipv4_address: 10.71.0.2 } } }
  p2: { networks: { l2: { ipv4_address: 10.71.0.3 } } }
  v1: { networks: { vlans: { ipv4_address: 10.80.0.2 } }, x-port: { tag: 50 } }
  v2: { networks: { vlans: { ipv4_address: 10.80.0.3 } }, x-port: { tag: 10 } }
  v3: { networks: { vlans: { ipv4_address: 10.80.0.4 } } }
  a1: { networks: { pass: { ipv4_address: 10.90.0.2 } } }
  s1: { networks: { src: { ipv4_address: 10.91.0.2, x-port: { sources: ["02:00:00:00:00:77"] } } } }
  d1: { networks: { alone: { ipv4_address: 10.92.0.2 } } }
  f1: { networks: { far: { ipv4_address: 10.93.0.2 } } }
`);

/** Who speaks with an address: the container that has it, or somebody outside with a MAC of its own. */
export function speaker(ip: string, mac?: string): Speaker {
  const port = lab.ports.find(({ endpoint }) => endpoint?.ipv4?.value === ip);
  const address = parseAddress(ip);
  if (address === undefined) throw new Error(`${ip} is no address`);
  return { mac: mac ?? port?.endpoint?.mac.value ?? '02:00:00:00:00:99', ip: address };
}

/** Declares a test whose title is a claim, and whose proof is what is said about the last of these frames. */
export function says(
  claim: string,
  frames: readonly (readonly [port: string, frame: Uint8Array])[],
  text: string,
): void {
  test(claim, (t) => {
    t.is(told(explainedFrames(lab, frames)), text.slice(1, -1));
  });
}
