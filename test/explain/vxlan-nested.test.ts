/** A tunnel whose outer packets go through another one: each copy is told where it belongs. */
import test from 'ava';
import { question } from '../../control/explain/speech.js';
import { labOf } from '../dataplane/lab.js';
import { explainedFrames } from './told.js';
import { atTunnels, c1, c2 } from './vxlan-lab.js';

const nested = labOf(`x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:01", addresses: [192.168.99.1/24] } } }
  node-2: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:02", addresses: [192.168.99.2/24] } } }
networks:
  under-1:
    x-host: node-1
    x-vxlan: { vxlan1: { vni: 1, remotes: [192.168.99.2, 192.168.99.3] } }
    ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.1 }] }
  under-2:
    x-host: node-2
    x-vxlan: { vxlan1: { vni: 1, remotes: [192.168.99.1] } }
    ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.2 }] }
  blue:
    x-host: node-1
    x-vxlan: { vxlan42: { vni: 42, local: 10.1.0.1, remotes: [10.1.0.2, 10.1.0.3] } }
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.254 }] }
  red:
    x-host: node-2
    x-vxlan: { vxlan42: { vni: 42, local: 10.1.0.2, remotes: [10.1.0.1] } }
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.253 }] }
services:
  c1: { networks: [blue] }
  c2: { networks: [red] }
`);

test('a tunnel in a tunnel is told from the inside out and back, and its other copies after that', (t) => {
  const asks = ['c1', question(c1, c2.ip)] as const;
  const asked = (n: number): string =>
    `In UDP to 10.1.0.${n}:4789 (lab.yaml:16) it goes by the route 10.1.0.0/24 dev under-1 (lab.yaml:9); the MAC of the next hop 10.1.0.${n} is not known, so node-1 asks for it by under-1.`;
  t.deepEqual(
    atTunnels(nested, asks).map(([first]) => first),
    [
      'It came to the tunnel end blue.vxlan42 (lab.yaml:16): VNI 42.',
      asked(2),
      'It came to the tunnel end under-1.vxlan1 (lab.yaml:8): VNI 1.',
      'In UDP to 192.168.99.2:4789 it goes by the route 192.168.99.0/24 dev eth1 (lab.yaml:3).',
      'It came out of the tunnel at under-2.vxlan1 (lab.yaml:12): VNI 1, from 192.168.99.1.',
      'It came out of the tunnel at red.vxlan42 (lab.yaml:20): VNI 42, from 10.1.0.1.',
      asked(3),
    ],
  );
  const { hops } = explainedFrames(nested, [asks]);
  const outermost = hops.findIndex(({ stage }) => stage === 'tunnel');
  const copies = hops.filter(({ stage }) => stage === 'encapsulated');
  t.deepEqual(
    copies.map(({ after }) => after === outermost),
    [true, false, true],
  );
});
