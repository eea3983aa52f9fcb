import { ping, question, reply } from '../../control/explain/speech.js';
import { tagged } from '../../pcaps/build/ethernet.js';
import { says, speaker } from './hops.js';

const i1 = speaker('10.70.0.2');
const i2 = speaker('10.70.0.3');
const p1 = speaker('10.71.0.2');
const p2 = speaker('10.71.0.3');
const v1 = speaker('10.80.0.2');
const v2 = speaker('10.80.0.3');
const v3 = speaker('10.80.0.4');
const f1 = speaker('10.93.0.2');
const outside = speaker('10.50.0.9', '02:00:00:00:00:77');

says(
  'ipvlan L2: a question goes to the siblings and out',
  [['p1', question(p1, p2.ip)]],
  `
Frame 1 of p1, 0 s after the first: 42 bytes, ARP who has 10.71.0.3? tell 10.71.0.2.
  1. It came from p1 (lab.yaml:30), a child of node-2.eth0.70 (ipvlan, mode l2, flag private).
  2. It is for everybody, so it left by p2 (lab.yaml:31), all other children of node-2.eth0.70; and it went out by the parent (ipvlan_mode, default).
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 70 (lab.yaml:16) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 08:00:27:00:00:02 was learned: it lives behind node-2.eth0.
  5. Its destination is everybody.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5).
       It was dropped because it is tagged with a VLAN for which the NIC has no sub-interface; node-1.eth0 has eth0.50 (lab.yaml:5). [vlan-unknown]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 08:00:27:00:00:02 was not learned.
       It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17). [vlan-not-admitted]
`,
);

says(
  'ipvlan private: the flag and its line are told',
  [['p1', ping(p1, p2)]],
  `
Frame 1 of p1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.71.0.2 → 10.71.0.3.
  1. It came from p1 (lab.yaml:30), a child of node-2.eth0.70 (ipvlan, mode l2, flag private).
  2. It was dropped because the children of a private ipvlan parent never reach each other; ipvlan_flag is private (lab.yaml:16). [ipvlan-private]
`,
);

says(
  'ipvlan L2: another MAC than the shared one is outside',
  [['p1', ping(p1, speaker('10.71.0.99'))]],
  `
Frame 1 of p1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.71.0.2 → 10.71.0.99.
  1. It came from p1 (lab.yaml:30), a child of node-2.eth0.70 (ipvlan, mode l2, flag private).
  2. Its destination 02:00:00:00:00:99 is not the MAC that the children of node-2.eth0.70 share: it went out by the parent (ipvlan_mode, default).
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 70 (lab.yaml:16) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 08:00:27:00:00:02 was learned: it lives behind node-2.eth0.
  5. Nobody knows where its destination 02:00:00:00:00:99 lives: no frame from it was seen, or the last one is older than the ageing time.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5).
       It was dropped because it is tagged with a VLAN for which the NIC has no sub-interface; node-1.eth0 has eth0.50 (lab.yaml:5). [vlan-unknown]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 08:00:27:00:00:02 was not learned.
       It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17). [vlan-not-admitted]
`,
);

says(
  'ipvlan L2: what comes in goes to the owner of the address',
  [['lan.uplink', tagged(70, ping(speaker('10.71.0.99'), p2))]],
  `
Frame 1 of lan.uplink, 0 s after the first: 102 bytes, VLAN 70 priority 3, ICMP echo request id 1 seq 1, 10.71.0.99 → 10.71.0.3.
  1. It came in at lan.uplink (lab.yaml:2), a port of the wire lan, a learning switch (lab.yaml:2).
  2. Its source 02:00:00:00:00:99 was learned: it lives behind lan.uplink.
  3. Nobody knows where its destination 08:00:27:00:00:02 lives: no frame from it was seen, or the last one is older than the ageing time.
  4. It was flooded and went on to node-1.eth0 (lab.yaml:5), node-2.eth0 (lab.yaml:8), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5).
       It was dropped because it is tagged with a VLAN for which the NIC has no sub-interface; node-1.eth0 has eth0.50 (lab.yaml:5). [vlan-unknown]
     - node-2 got it by eth0 (lab.yaml:8) and took the tag of VLAN 70 off: it is on eth0.70 (lab.yaml:16).
       10.71.0.3 (lab.yaml:31) is the address of p2, a child of node-2.eth0.70 (ipvlan, mode l2, flag private): it left by p2 (lab.yaml:31).
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:00:00:00:00:99 was not learned.
       It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17). [vlan-not-admitted]
`,
);

says(
  'ipvlan L3: a sibling comes before any route',
  [['i1', ping(i1, { mac: i1.mac, ip: i2.ip })]],
  `
Frame 1 of i1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.70.0.2 → 10.70.0.3.
  1. It came from i1 (lab.yaml:28), a child of node-1.eth0 (ipvlan, mode l3, flag bridge, lab.yaml:15).
  2. 10.70.0.3 (lab.yaml:29) is the address of i2, another child of node-1.eth0: it left by i2 (lab.yaml:29), before any route (lab.yaml:15, ipvlan_mode).
`,
);

says(
  'ipvlan L3: the route, the next hop and its MAC are told, and the frame has that MAC from there on',
  [['i1', ping(i1, { mac: i1.mac, ip: speaker('8.8.8.8').ip })]],
  `
Frame 1 of i1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.70.0.2 → 8.8.8.8.
  1. It came from i1 (lab.yaml:28), a child of node-1.eth0 (ipvlan, mode l3, flag bridge, lab.yaml:15).
  2. In mode l3 the routes of node-1 decide (lab.yaml:15, ipvlan_mode): no child of node-1.eth0 has the address 8.8.8.8.
  3. It goes by the route 0.0.0.0/0 via 192.168.99.2 (lab.yaml:6); the MAC of the next hop 192.168.99.2 is not known, so node-1 asks for it by eth0.
  4. The answer came at once, and it went on.
  5. The next hop has the MAC 08:00:27:00:00:02.
  6. It left node-1 by eth0 (lab.yaml:5) onto the wire lan (lab.yaml:2).
  7. At the wire lan (lab.yaml:2) its source 08:00:27:00:00:01 was known behind node-1.eth0, learned from frame 1 of i1 0 s before; it was heard again.
  8. Its destination 08:00:27:00:00:02 lives behind node-2.eth0, learned from frame 1 of i1 0 s before.
  9. It went on to node-2.eth0 (lab.yaml:8).
  10. node-2 got it by eth0 (lab.yaml:8).
  11. It was dropped because the host has no route by which it could go to its destination; node-2 has no route to 8.8.8.8, and no gateway (lab.yaml:7). [no-route]
`,
);

says(
  'ipvlan L3: a packet that waits for its next hop says so',
  [['i1', ping(i1, { mac: i1.mac, ip: speaker('192.168.99.77').ip })]],
  `
Frame 1 of i1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.70.0.2 → 192.168.99.77.
  1. It came from i1 (lab.yaml:28), a child of node-1.eth0 (ipvlan, mode l3, flag bridge, lab.yaml:15).
  2. In mode l3 the routes of node-1 decide (lab.yaml:15, ipvlan_mode): no child of node-1.eth0 has the address 192.168.99.77.
  3. It goes by the route 192.168.99.0/24 dev eth0 (lab.yaml:5); the MAC of the next hop 192.168.99.77 is not known, so node-1 asks for it by eth0.
  4. It waits for the answer: up to three questions, a second apart.
`,
);

says(
  'the answer to a question of the host tells which frame had waited for it',
  [
    ['i1', ping(i1, { mac: i1.mac, ip: speaker('192.168.99.77').ip })],
    [
      'lan.uplink',
      reply(speaker('192.168.99.77', '02:00:00:00:00:77'), {
        mac: '08:00:27:00:00:01',
        ip: speaker('192.168.99.1').ip,
      }),
    ],
  ],
  `
Frame 2 of lan.uplink, 1 ms after the first: 42 bytes, ARP 192.168.99.77 is at 02:00:00:00:00:77.
  1. It came in at lan.uplink (lab.yaml:2), a port of the wire lan, a learning switch (lab.yaml:2).
  2. Its source 02:00:00:00:00:77 was learned: it lives behind lan.uplink.
  3. Its destination 08:00:27:00:00:01 lives behind node-1.eth0, learned from frame 1 of i1 1 ms before.
  4. It went on to node-1.eth0 (lab.yaml:5).
  5. node-1 got it by eth0 (lab.yaml:5).
  6. It told the MAC for which frame 1 of i1 had waited.
  7. It went no further because it is for the stack of the host itself. [host-stack]
`,
);

says(
  'ipvlan L3: the host of the parent answers its children',
  [['i1', ping(i1, { mac: i1.mac, ip: speaker('192.168.99.1').ip })]],
  `
Frame 1 of i1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.70.0.2 → 192.168.99.1.
  1. It came from i1 (lab.yaml:28), a child of node-1.eth0 (ipvlan, mode l3, flag bridge, lab.yaml:15).
  2. The host answered it: 192.168.99.1 is an address of its own (lab.yaml:5).
  3. It went no further because it is for the stack of the host itself. [host-stack]
`,
);

says(
  'ipvlan L3: a question to everybody is dropped, with the line of the mode',
  [['i1', question(i1, speaker('10.70.0.77').ip)]],
  `
Frame 1 of i1, 0 s after the first: 42 bytes, ARP who has 10.70.0.77? tell 10.70.0.2.
  1. It came from i1 (lab.yaml:28), a child of node-1.eth0 (ipvlan, mode l3, flag bridge, lab.yaml:15).
  2. It was dropped because ipvlan in an L3 mode sends nothing to groups; ipvlan_mode is l3 (lab.yaml:15). [ipvlan-l3-group]
`,
);

says(
  'ipvlan L3S: the flag vepa, and a host without a route',
  [['f1', ping(f1, { mac: f1.mac, ip: outside.ip })]],
  `
Frame 1 of f1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.93.0.2 → 10.50.0.9.
  1. It came from f1 (lab.yaml:38), a child of node-3.eth3 (ipvlan, mode l3s, flag vepa, lab.yaml:21).
  2. In mode l3s the routes of node-3 decide (lab.yaml:21, ipvlan_mode): with the flag vepa siblings are not looked for (lab.yaml:21, ipvlan_flag).
  3. It was dropped because the host has no route by which it could go to its destination; no route of node-3 leaves by eth3 (lab.yaml:9). [no-route]
`,
);

says(
  'a bridge that keeps VLANs apart tells the VLAN, the port that says so, and what becomes of the tag',
  [['v1', question(v1, v2.ip)]],
  `
Frame 1 of v1, 0 s after the first: 42 bytes, ARP who has 10.80.0.3? tell 10.80.0.2.
  1. It came in at v1 (lab.yaml:32), a port of the network vlans, a learning bridge (lab.yaml:17).
  2. Its source 02:42:0a:50:00:02 was learned: it lives behind v1.
  3. It is in VLAN 50: v1 is an access port of VLAN 50 (lab.yaml:32).
  4. Its destination is everybody.
  5. It was flooded and left by v3 (lab.yaml:34) with the tag of VLAN 50 and went on to vlans.uplink (lab.yaml:17) with the tag of VLAN 50, but not by v2: v2 is an access port of VLAN 10 (lab.yaml:33).
  6. It left node-3 by eth0 (lab.yaml:10) onto the wire lan (lab.yaml:2).
  7. At the wire lan (lab.yaml:2) its source 02:42:0a:50:00:02 was learned: it lives behind node-3.eth0.
  8. Its destination is everybody.
  9. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-2.eth0 (lab.yaml:8).
     - node-1 got it by eth0 (lab.yaml:5) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:12).
       It is for everybody, so all children of node-1.eth0.50 hear it: it left by c1 (lab.yaml:23), c2 (lab.yaml:24).
       The stack of node-1 heard it, too.
     - node-2 got it by eth0 (lab.yaml:8) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:13).
       It is for everybody, so all children of node-2.eth0.50 hear it: it left by c3 (lab.yaml:25), c4 (lab.yaml:26).
       The stack of node-2 heard it, too.
`,
);

says(
  'a port that does not take a tag is told with its line',
  [['v1', tagged(10, ping(v1, v2))]],
  `
Frame 1 of v1, 0 s after the first: 102 bytes, VLAN 10 priority 3, ICMP echo request id 1 seq 1, 10.80.0.2 → 10.80.0.3.
  1. It came in at v1 (lab.yaml:32), a port of the network vlans, a learning bridge (lab.yaml:17).
  2. Its source 02:42:0a:50:00:02 was not learned.
  3. It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; v1 is an access port of VLAN 50 (lab.yaml:32). [vlan-not-admitted]
`,
);

says(
  'a station is known within its VLAN',
  [
    ['v2', question(v2, v3.ip)],
    ['v3', tagged(10, ping(v3, v2))],
  ],
  `
Frame 2 of v3, 1 ms after the first: 102 bytes, VLAN 10 priority 3, ICMP echo request id 1 seq 1, 10.80.0.4 → 10.80.0.3.
  1. It came in at v3 (lab.yaml:34), a port of the network vlans, a learning bridge (lab.yaml:17).
  2. Its source 02:42:0a:50:00:04 was learned: it lives behind v3.
  3. It is in VLAN 10: v3 is a trunk of all VLANs (default).
  4. Its destination 02:42:0a:50:00:03 lives behind v2, learned from frame 1 of v2 1 ms before.
  5. It left by v2 (lab.yaml:33) without a tag.
`,
);
