/** What is told of frames that go through tunnels: to which other end and why, what is learned there, and what ends. */
import test from 'ava';
import { told } from '../../control/cli/told.js';
import { commentOf, sentencesOf } from '../../control/explain/sentences.js';
import { ping, question, reply } from '../../control/explain/speech.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { labOf } from '../dataplane/lab.js';
import { frame } from '../wire/frames.js';
import { explainedFrames } from './told.js';
import { atTunnels, c1, c2, c3, ending, lab, LAB, labWith } from './vxlan-lab.js';
import type { Came } from './vxlan-lab.js';

const asks: Came = ['c1', question(c1, c2.ip)];
const answers: Came = ['c2', reply(c2, c1)];
const pings: Came = ['c1', ping(c1, c2)];
const BOTH = 'vni: 42, remotes: [192.168.99.1, 192.168.99.2]';

/** The line that says so ends with the name of a Reason. */
function because(reason: Reason, rules: string, verdict = 'It was dropped'): string {
  const { name, says } = reasonText(reason);
  return `${verdict} because ${says}${rules}. [${name}]`;
}

test('a frame for one station is told into the tunnel, by route and next hop to the other end, and out again', (t) => {
  t.is(
    told(explainedFrames(lab, [asks, answers, pings])),
    `Frame 3 of c1, 2 ms after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.0.0.2 → 10.0.0.3.
  1. It came in at c1 (lab.yaml:28), a port of the network blue, a learning bridge (lab.yaml:8).
  2. Its source 02:42:0a:00:00:02 was known behind c1, learned from frame 1 of c1 2 ms before; it was heard again.
  3. Its destination 02:42:0a:00:00:03 lives behind blue.vxlan42, learned from frame 2 of c2 1 ms before.
  4. It went on to blue.vxlan42 (lab.yaml:11).
  5. It came to the tunnel end blue.vxlan42 (lab.yaml:11): VNI 42 (lab.yaml:12).
  6. Its destination 02:42:0a:00:00:03 is behind 192.168.99.2, learned from frame 2 of c2 1 ms before.
  7. In UDP to 192.168.99.2:4789 it goes by the route 192.168.99.0/24 dev eth1 (lab.yaml:4).
  8. The next hop has the MAC 08:00:27:00:00:02.
  9. It left node-1 by eth1 (lab.yaml:4) onto the wire lan (lab.yaml:2).
  10. At the wire lan (lab.yaml:2) its source 08:00:27:00:00:01 was known behind node-1.eth1, learned from frame 1 of c1 2 ms before; it was heard again.
  11. Its destination 08:00:27:00:00:02 lives behind node-2.eth1, learned from frame 1 of c1 2 ms before, last heard 1 ms before.
  12. It went on to node-2.eth1 (lab.yaml:5).
  13. node-2 got it by eth1 (lab.yaml:5).
  14. It came out of the tunnel at red.vxlan42 (lab.yaml:18): VNI 42 (lab.yaml:19), from 192.168.99.1.
  15. Its source 02:42:0a:00:00:02 was known to be behind 192.168.99.1, learned from frame 1 of c1 2 ms before; it was heard again.
  16. At the bridge of the network red (lab.yaml:15) its source 02:42:0a:00:00:02 was known behind red.vxlan42, learned from frame 1 of c1 2 ms before; it was heard again.
  17. Its destination 02:42:0a:00:00:03 lives behind c2, learned from frame 2 of c2 1 ms before.
  18. It left by c2 (lab.yaml:29).`,
  );
});

test('VX-10: of a frame for everybody each copy is told by itself, with the line that lists its end', (t) => {
  const [into, ...copies] = atTunnels(lab, asks);
  t.deepEqual(into, [
    'It came to the tunnel end blue.vxlan42 (lab.yaml:11): VNI 42 (lab.yaml:12).',
    'It is for everybody, so a copy goes to each of the 2 ends that are listed (lab.yaml:13).',
  ]);
  const way = (n: number): string[] => [
    `In UDP to 192.168.99.${n}:4789 (lab.yaml:13) it goes by the route 192.168.99.0/24 dev eth1 (lab.yaml:4); the MAC of the next hop 192.168.99.${n} is not known, so node-1 asks for it by eth1.`,
    'The answer came at once, and it went on.',
    `The next hop has the MAC 08:00:27:00:00:0${n}.`,
  ];
  const learned = 'Its source 02:42:0a:00:00:02 was learned there: it is behind 192.168.99.1.';
  t.deepEqual(copies, [
    way(2),
    [
      'It came out of the tunnel at red.vxlan42 (lab.yaml:18): VNI 42 (lab.yaml:19), from 192.168.99.1.',
      learned,
    ],
    way(3),
    [
      'It came out of the tunnel at green.vxlan42 (lab.yaml:25): VNI 42, from 192.168.99.1.',
      learned,
    ],
  ]);
  const { hops, left } = explainedFrames(lab, [asks]);
  t.deepEqual(
    left.map(({ port }) => port),
    ['c2', 'c3'],
  );
  const tunnel = hops.findIndex(({ stage }) => stage === 'tunnel');
  t.is(hops.filter(({ after }) => after === tunnel).length, 2);
});

test('where nobody knows a station, its frame goes to all; in the comment of a capture as well', (t) => {
  const explanation = explainedFrames(lab, [pings]);
  const says =
    'Nobody knows behind which end its destination 02:42:0a:00:00:03 is, so a copy goes to each of the 2 ends that are listed (lab.yaml:13).';
  t.true(sentencesOf(explanation).includes(says));
  t.true(commentOf(explanation).includes(says));
});

test('VX-9: a station that has moved is told with the end where it was, and the frame that had said so', (t) => {
  const elsewhere: Came = ['c2', question({ mac: c1.mac, ip: c2.ip }, c3.ip)];
  t.deepEqual(atTunnels(lab, ['c1', question(c1, c3.ip)], elsewhere).at(-1), [
    'It came out of the tunnel at green.vxlan42 (lab.yaml:25): VNI 42, from 192.168.99.2.',
    'Its source 02:42:0a:00:00:02 moved behind 192.168.99.2; until now it was behind 192.168.99.1, learned from frame 1 of c1 1 ms before.',
  ]);
});

test('a stale entry is told by its line, on the way in and where it does not let pass', (t) => {
  const stale = labWith(`${BOTH}, stations: [{ mac: "02:42:0a:00:00:02", remote: 192.168.99.2 }]`);
  t.deepEqual(atTunnels(stale, ['c3', ping(c3, c1)])[0], [
    'It came to the tunnel end green.vxlan42 (lab.yaml:25): VNI 42.',
    'Its destination 02:42:0a:00:00:02 is behind 192.168.99.2, as a declared entry says (lab.yaml:25).',
  ]);
  const rule = '; 02:42:0a:00:00:02 is declared to be behind 192.168.99.2 (lab.yaml:25)';
  t.is(ending(stale, ['c1', question(c1, c3.ip)]), because(Reason.VxlanStationElsewhere, rule));
});

test('VX-16: what is too long is told with the MTU behind it and the one that its sender hears', (t) => {
  t.deepEqual(atTunnels(lab, asks, answers, ['c1', ping(c1, c2, 1430)]).at(-1), [
    'In UDP to 192.168.99.2:4789 it would go by the route 192.168.99.0/24 dev eth1 (lab.yaml:4).',
    'Its sender was told so by ICMP, in the name of its destination: packet too big, MTU 1450.',
    because(Reason.VxlanMtu, '; the MTU of node-1.eth1 is 1500 (lab.yaml:4)'),
  ]);
});

const endings: readonly (readonly [claim: string, green: string, says: string])[] = [
  [
    'a question that the tunnel end answers itself, with the line that says the answer',
    `${BOTH}, neighbors: suppress, stations: [{ mac: "02:42:0a:00:00:02", remote: 192.168.99.1, addresses: [10.0.0.2] }]`,
    because(
      Reason.VxlanNeighborKnown,
      '; 02:42:0a:00:00:02, which has 10.0.0.2, is declared to be behind 192.168.99.1 (lab.yaml:25)',
      'It went no further',
    ),
  ],
  [
    'a question that goes through no tunnel',
    `${BOTH}, neighbors: proxy`,
    because(Reason.VxlanNeighborUnknown, '; neighbors of green.vxlan42 is proxy (lab.yaml:25)'),
  ],
  [
    'a tunnel that leads to nobody',
    'vni: 42',
    because(Reason.VxlanWithoutRemote, '; green.vxlan42 lists no remotes (lab.yaml:25)'),
  ],
  [
    'an end without a route',
    'vni: 42, remotes: [10.9.9.9]',
    because(Reason.NoRoute, '; node-3 has no route to 10.9.9.9, and no gateway (lab.yaml:6)'),
  ],
  [
    'an end that does not answer',
    'vni: 42, remotes: [192.168.99.77]',
    'It waits for the answer: up to three questions, a second apart.',
  ],
];

for (const [claim, green, says] of endings)
  test(`where it ends is told: ${claim}`, (t) => {
    t.is(ending(labWith(green), ['c3', question(c3, c1.ip)]), says);
  });

test('VX-8: a VNI that nobody has is told with those that the host has', (t) => {
  const sentences = sentencesOf(explainedFrames(labWith('vni: 43'), [asks]));
  t.is(
    sentences.at(-1),
    because(Reason.VxlanVniUnknown, '; green.vxlan42 has VNI 43 at UDP port 4789 (lab.yaml:25)'),
  );
});

test('what a tunnel end does not learn is told with the line that says so', (t) => {
  const mute = labWith(`${BOTH}, learning: false`);
  t.is(
    ending(mute, asks),
    'Its source 02:42:0a:00:00:02 was not learned at green.vxlan42: learning is false (lab.yaml:25).',
  );
});

test('a group is told with the NIC by which it is spoken to, and who hears it', (t) => {
  const lines = LAB.replaceAll(
    /remotes: \[[^\]]*\]$/gm,
    'group: 239.1.1.1\n        dev: eth1',
  ).replace(BOTH, 'vni: 42, group: 239.1.1.1, dev: eth1');
  const [into, out, ...others] = atTunnels(labOf(lines), ['c3', question(c3, c1.ip)]);
  t.is(into?.at(-1), 'It is for everybody, so it goes to the group 239.1.1.1 (lab.yaml:27).');
  t.deepEqual(out, [
    'In UDP to the group 239.1.1.1:4789 (lab.yaml:27) it goes out by eth1 (lab.yaml:6).',
  ]);
  t.deepEqual(
    others.map(([first]) => first),
    [
      'It came out of the tunnel at blue.vxlan42 (lab.yaml:11): VNI 42 (lab.yaml:12), from 192.168.99.3.',
      'It came out of the tunnel at red.vxlan42 (lab.yaml:19): VNI 42 (lab.yaml:20), from 192.168.99.3.',
    ],
  );
});

test('the packet of an end outside the lab is told with what is in it', (t) => {
  const came = new Uint8Array(frame('vxlan').buffer);
  const explanation = explainedFrames(lab, [['lan.out', came]]);
  const [first, ...others] = sentencesOf(explanation);
  t.is(
    first,
    'Frame 1 of lan.out, 0 s after the first: 92 bytes, VXLAN 42 192.168.99.1:50000 → 192.168.99.2:4789, ARP who has 10.0.0.3? tell 10.0.0.2.',
  );
  t.true(others.includes('It was flooded and left by c2 (lab.yaml:29).'));
  t.like(
    explanation.hops.find(({ stage }) => stage === 'decapsulated'),
    {
      remote: '192.168.99.1',
      segment: { vni: 42 },
      source: { outcome: 'learned' },
    },
  );
});

test('VLANs that become VNIs are told on both sides, and over IPv6', (t) => {
  const vlans = labOf(`x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:01", addresses: ["fd99::1/64"] } } }
  node-2: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:02", addresses: ["fd99::2/64"] } } }
networks:
  blue:
    x-host: node-1
    x-bridge: { vlan_filtering: true }
    x-vxlan: { vx: { vlans: { 10: 1010, 20: 1020 }, remotes: ["fd99::2"] } }
  red:
    x-host: node-2
    x-bridge: { vlan_filtering: true }
    x-vxlan: { vx: { vlans: { 30: 1010 }, remotes: ["fd99::1"] } }
services:
  c1: { networks: [blue], x-port: { tag: 10 } }
  c2: { networks: [red], x-port: { tag: 30 } }
  c4: { networks: [blue], x-port: { tag: 40 } }
  c5: { networks: [blue], x-port: { tag: 40 } }
`);
  const [into, around, out] = atTunnels(vlans, asks);
  t.is(into?.[0], 'It came to the tunnel end blue.vx (lab.yaml:9): VNI 1010 of VLAN 10.');
  t.regex(
    around?.[0] ?? '',
    /^In UDP to \[fd99::2\]:4789 \(lab\.yaml:9\) it goes by the route fd99::/,
  );
  t.is(
    out?.[0],
    'It came out of the tunnel at red.vx (lab.yaml:13): VNI 1010 of VLAN 30, from fd99::1.',
  );
  const closed = sentencesOf(explainedFrames(vlans, [['c4', asks[1]]])).at(-1) ?? '';
  t.regex(closed, /blue\.vx[^:]*: .*blue\.vx has VNIs for the VLANs 10 and 20 \(lab\.yaml:9\)/);
});
