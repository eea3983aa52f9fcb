/** Three hosts whose bridges VXLAN joins, on a wire that leads out of the lab. Line numbers count: sentences quote them. */
import { parseAddress } from '../../control/address.js';
import type { Compiled } from '../../control/compile/compile.js';
import type { Speaker } from '../../control/explain/speech.js';
import { sentencesAt } from '../../control/explain/sentences.js';
import { labOf } from '../dataplane/lab.js';
import { explainedFrames } from './told.js';

/** What a test changes about the tunnel end of the third host, whose bridge is green. */
const GREEN = 'vni: 42, remotes: [192.168.99.1, 192.168.99.2]';

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
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.254 }] }
  red:
    x-host: node-2
    x-vxlan:
      vxlan42:
        vni: 42
        remotes: [192.168.99.1, 192.168.99.3]
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.253 }] }
  green:
    x-host: node-3
    x-vxlan:
      vxlan42: { ${GREEN} }
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.252 }] }
services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { red: { ipv4_address: 10.0.0.3 } } }
  c3: { networks: { green: { ipv4_address: 10.0.0.4 } } }
`;

export const lab: Compiled = labOf(LAB);

/** The lab with another tunnel end at green, `vni: 43`. */
export function labWith(green: string): Compiled {
  return labOf(LAB.replace(GREEN, green));
}

/** A container. */
function speaker(port: string): Speaker {
  const { endpoint } = lab.ports.find((one) => one.port === port) ?? {};
  const ip = parseAddress(endpoint?.ipv4?.value ?? '');
  if (endpoint === undefined || ip === undefined) throw new Error(`${port} is nobody`);
  return { mac: endpoint.mac.value, ip };
}

export const c1 = speaker('c1');
export const c2 = speaker('c2');
export const c3 = speaker('c3');

/** A frame, and the port by which it comes in. */
export type Came = readonly [port: string, frame: Uint8Array];

/** What is said of the last of these frames at tunnel ends, hop by hop. */
export function atTunnels(compiled: Compiled, ...frames: readonly Came[]): string[][] {
  const explanation = explainedFrames(compiled, frames);
  return explanation.hops.flatMap((hop, index) => {
    const isAtTunnel = ['tunnel', 'encapsulated', 'decapsulated'].includes(hop.stage);
    return isAtTunnel ? [sentencesAt(explanation, hop, index)] : [];
  });
}

/** What is said last. */
export function ending(compiled: Compiled, ...frames: readonly Came[]): string {
  return (
    atTunnels(compiled, ...frames)
      .at(-1)
      ?.at(-1) ?? ''
  );
}
