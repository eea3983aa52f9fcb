/** Why a frame does not get through a tunnel, and what would have to be changed. */
import test from 'ava';
import { answerText } from '../../control/cli/why-not.js';
import { asked } from './asked.js';

const HOSTS = `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth0: { wire: lan, addresses: [192.168.99.1/24] } } }
  n2: { nics: { eth0: { wire: lan, addresses: [192.168.99.2/24] } } }
  n3: { nics: { eth0: { wire: lan, addresses: [192.168.99.3/24] } } }
`;

/** Two bridges with a tunnel between them: lines 7 and 8 are their networks. */
const tunnel = (one: string, other: string): string => `${HOSTS}networks:
  blue: { x-host: n1, ipam: { config: [{ subnet: 10.0.0.0/24 }] }, x-vxlan: { v1: { remotes: [192.168.99.2], ${one} } } }
  red: { x-host: n2, ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.9 }] }, x-vxlan: { v1: { remotes: [192.168.99.1], ${other} } } }
services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { red: { ipv4_address: 10.0.0.3 } } }
`;

const overlay = (stale: string): string => `${HOSTS}networks:
  ov:
    driver: overlay
    x-overlay: { stale: [{ ${stale} }] }
services:
  c1: { networks: [ov], x-host: n1 }
  c2: { networks: [ov], x-host: n2 }
  c3: { networks: [ov], x-host: n3 }
`;

const QUESTIONS: readonly (readonly [of: string, lab: string, edit: string])[] = [
  [
    'moby#52661: a node that believes a container where it is not',
    overlay('on: n1, service: c2, at: n3'),
    'lab.yaml:9: remove what n1 believes of c2 from the stale entries of ov',
  ],
  [
    'moby#35401: a node that knows nothing of a container',
    overlay('on: n1, service: c2'),
    'lab.yaml:7: remove what n1 believes of c2 from the stale entries of ov',
  ],
  [
    'tunnel ends with different VNIs',
    tunnel('vni: 7', 'vni: 8'),
    'lab.yaml:7: write vni: 8 instead of 7',
  ],
  [
    'tunnel ends at different UDP ports',
    tunnel('vni: 7, port: 8472', 'vni: 7'),
    'lab.yaml:7: write port: 4789 instead of 8472',
  ],
  [
    'a tunnel end that answers questions and lets none through',
    tunnel('vni: 7, neighbors: proxy', 'vni: 7'),
    'lab.yaml:7: write neighbors: flood instead of proxy',
  ],
];

for (const [of, lab, edit] of QUESTIONS)
  test(`--why-not: ${of}`, (t) => {
    const lines = answerText(asked(lab, 'c1', 'c2'))
      .trimEnd()
      .split('\n');
    t.regex(lines[0] ?? '', /^No frame of c1 reaches c2\. /);
    t.is(lines[1], edit);
  });
