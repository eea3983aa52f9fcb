import test from 'ava';
import { ping, question, reply } from '../../control/explain/speech.js';
import { hex } from '../../pcaps/build/bytes.js';
import { pause, station, tagged } from '../../pcaps/build/ethernet.js';
import { lab, says, speaker } from './hops.js';
import { explainedFrames } from './told.js';

const c1 = speaker('10.50.0.2');
const c2 = speaker('10.50.0.3');
const c3 = speaker('10.50.1.2');
const c4 = speaker('10.50.1.3');
const c5 = speaker('10.60.0.2');
const a1 = speaker('10.90.0.2');
const s1 = speaker('10.91.0.2');
const d1 = speaker('10.92.0.2');
const outside = speaker('10.50.0.9', '02:00:00:00:00:77');

says(
  'macvlan private: a child is heard by the wire alone, and a flood that branches tells each branch',
  [['c1', question(c1, c2.ip)]],
  `
Frame 1 of c1, 0 s after the first: 42 bytes, ARP who has 10.50.0.3? tell 10.50.0.2.
  1. It came from c1 (lab.yaml:23), a child of node-1.eth0.50 (macvlan, mode private, lab.yaml:12).
  2. Private children never hear each other: it went out by the parent only (lab.yaml:12, macvlan_mode).
  3. It left node-1 by eth0 (lab.yaml:5) with the tag of VLAN 50 (lab.yaml:12) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:32:00:02 was learned: it lives behind node-1.eth0.
  5. Its destination is everybody.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-2.eth0 (lab.yaml:8), node-3.eth0 (lab.yaml:10).
     - node-2 got it by eth0 (lab.yaml:8) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:13).
       It is for everybody, so all children of node-2.eth0.50 hear it: it left by c3 (lab.yaml:25), c4 (lab.yaml:26).
       The stack of node-2 heard it, too.
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:42:0a:32:00:02 was learned: it lives behind vlans.uplink.
       It is in VLAN 50: vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17).
       Its destination is everybody.
       It was flooded and left by v1 (lab.yaml:32) without a tag, v3 (lab.yaml:34), but not by v2: v2 is an access port of VLAN 10 (lab.yaml:33).
`,
);

says(
  'macvlan bridge: what goes to a sibling never sees the wire',
  [['c3', ping(c3, c4)]],
  `
Frame 1 of c3, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.50.1.2 → 10.50.1.3.
  1. It came from c3 (lab.yaml:25), a child of node-2.eth0.50 (macvlan, mode bridge).
  2. Its destination is a child of node-2.eth0.50 in mode bridge, too: it never saw the wire (macvlan_mode, default). It left by c4 (lab.yaml:26).
`,
);

says(
  'a wire tells which port of which frame taught it, however many hops away that came in',
  [
    ['c1', question(c1, c3.ip)],
    ['c3', reply(c3, c1)],
    ['c1', ping(c1, c3)],
  ],
  `
Frame 3 of c1, 2 ms after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.50.0.2 → 10.50.1.2.
  1. It came from c1 (lab.yaml:23), a child of node-1.eth0.50 (macvlan, mode private, lab.yaml:12).
  2. Private children never hear each other: it went out by the parent only (lab.yaml:12, macvlan_mode).
  3. It left node-1 by eth0 (lab.yaml:5) with the tag of VLAN 50 (lab.yaml:12) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:32:00:02 was known behind node-1.eth0, learned from frame 1 of c1 2 ms before; it was heard again.
  5. Its destination 02:42:0a:32:01:02 lives behind node-2.eth0, learned from frame 2 of c3 1 ms before.
  6. It went on to node-2.eth0 (lab.yaml:8).
  7. node-2 got it by eth0 (lab.yaml:8) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:13).
  8. Its destination 02:42:0a:32:01:02 is a child of node-2.eth0.50: it left by c3 (lab.yaml:25).
`,
);

says(
  'macvlan bridge: a MAC that no child has is looked for outside',
  [['c3', ping(c3, outside)]],
  `
Frame 1 of c3, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.50.1.2 → 10.50.0.9.
  1. It came from c3 (lab.yaml:25), a child of node-2.eth0.50 (macvlan, mode bridge).
  2. No child of node-2.eth0.50 in mode bridge has the MAC 02:00:00:00:00:77: it went out by the parent (macvlan_mode, default).
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 50 (lab.yaml:13) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:32:01:02 was learned: it lives behind node-2.eth0.
  5. Nobody knows where its destination 02:00:00:00:00:77 lives: no frame from it was seen, or the last one is older than the ageing time.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:12).
       It was dropped because its destination is no address of this host, nor of a container on this NIC; the MAC of node-1.eth0 is 08:00:27:00:00:01 (lab.yaml:5). [not-for-this-host]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:42:0a:32:01:02 was learned: it lives behind vlans.uplink.
       It is in VLAN 50: vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17).
       Nobody knows where its destination 02:00:00:00:00:77 lives: no frame from it was seen, or the last one is older than the ageing time.
       It was flooded and left by v1 (lab.yaml:32) without a tag, v3 (lab.yaml:34), but not by v2: v2 is an access port of VLAN 10 (lab.yaml:33).
`,
);

says(
  'macvlan: a child does not reach the host by its own parent',
  [['c3', ping(c3, speaker('192.168.99.2', '08:00:27:00:00:02'))]],
  `
Frame 1 of c3, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.50.1.2 → 192.168.99.2.
  1. It came from c3 (lab.yaml:25), a child of node-2.eth0.50 (macvlan, mode bridge).
  2. Its destination is the MAC of node-2.eth0.50 itself, whose stack hears a macvlan child only by way of a switch: it went out by the parent.
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 50 (lab.yaml:13) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:32:01:02 was learned: it lives behind node-2.eth0.
  5. Nobody knows where its destination 08:00:27:00:00:02 lives: no frame from it was seen, or the last one is older than the ageing time.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5) and took the tag of VLAN 50 off: it is on eth0.50 (lab.yaml:12).
       It was dropped because its destination is no address of this host, nor of a container on this NIC; the MAC of node-1.eth0 is 08:00:27:00:00:01 (lab.yaml:5). [not-for-this-host]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:42:0a:32:01:02 was learned: it lives behind vlans.uplink.
       It is in VLAN 50: vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17).
       Nobody knows where its destination 08:00:27:00:00:02 lives: no frame from it was seen, or the last one is older than the ageing time.
       It was flooded and left by v1 (lab.yaml:32) without a tag, v3 (lab.yaml:34), but not by v2: v2 is an access port of VLAN 10 (lab.yaml:33).
`,
);

says(
  'macvlan bridge: PAUSE is not copied to siblings',
  [['c3', pause({ ...station(1), mac: hex(c3.mac) })]],
  `
Frame 1 of c3, 0 s after the first: 60 bytes, MAC control (PAUSE) from 02:42:0a:32:01:02.
  1. It came from c3 (lab.yaml:25), a child of node-2.eth0.50 (macvlan, mode bridge).
  2. MAC control frames are never copied to siblings: it went out by the parent only.
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 50 (lab.yaml:13) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:32:01:02 was not learned.
  5. It was dropped because it is a MAC control frame, which speaks to the next device only. [pause-frame]
`,
);

says(
  'macvlan vepa: the switch outside decides',
  [['c5', question(c5, c3.ip)]],
  `
Frame 1 of c5, 0 s after the first: 42 bytes, ARP who has 10.50.1.2? tell 10.60.0.2.
  1. It came from c5 (lab.yaml:27), a child of node-2.eth0.60 (macvlan, mode vepa, lab.yaml:14).
  2. In mode vepa the switch outside decides, also between children: it went out by the parent only (lab.yaml:14, macvlan_mode).
  3. It left node-2 by eth0 (lab.yaml:8) with the tag of VLAN 60 (lab.yaml:14) onto the wire lan (lab.yaml:2).
  4. At the wire lan (lab.yaml:2) its source 02:42:0a:3c:00:02 was learned: it lives behind node-2.eth0.
  5. Its destination is everybody.
  6. It was flooded and left by lan.uplink (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:5), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5).
       It was dropped because it is tagged with a VLAN for which the NIC has no sub-interface; node-1.eth0 has eth0.50 (lab.yaml:5). [vlan-unknown]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:42:0a:3c:00:02 was not learned.
       It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17). [vlan-not-admitted]
`,
);

says(
  'macvlan passthru: the child gets tagged frames, too',
  [['node-3.eth1', tagged(9, question(outside, c1.ip))]],
  `
Frame 1 of node-3.eth1, 0 s after the first: 46 bytes, VLAN 9 priority 3, ARP who has 10.50.0.2? tell 10.50.0.9.
  1. It came in at node-3.eth1 (lab.yaml:10), a NIC that leads out of the lab.
  2. It is for everybody, so all children of node-3.eth1 hear it: it left by a1 (lab.yaml:35).
`,
);

says(
  'macvlan passthru: the child sends by its NIC',
  [['a1', ping(a1, outside)]],
  `
Frame 1 of a1, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.90.0.2 → 10.50.0.9.
  1. It came from a1 (lab.yaml:35), a child of node-3.eth1 (macvlan, mode passthru, lab.yaml:18).
  2. A passthru child has its parent for itself: it went out by it (lab.yaml:18, macvlan_mode).
  3. It left by node-3.eth1 (lab.yaml:10).
`,
);

says(
  'macvlan source: the line that names the source is told',
  [['node-3.eth2', tagged(5, ping(outside, s1))]],
  `
Frame 1 of node-3.eth2, 0 s after the first: 102 bytes, VLAN 5 priority 3, ICMP echo request id 1 seq 1, 10.50.0.9 → 10.91.0.2.
  1. It came in at node-3.eth2 (lab.yaml:10), a NIC that leads out of the lab.
  2. node-3 took the tag of VLAN 5 off: it is on eth2.5 (lab.yaml:19).
  3. s1 listens to its source (lab.yaml:36): it left by s1 (lab.yaml:36).
  4. The stack of node-3 heard it, too.
`,
);

says(
  'macvlan without a parent: nothing is behind the dummy',
  [['d1', question(d1, c1.ip)]],
  `
Frame 1 of d1, 0 s after the first: 42 bytes, ARP who has 10.50.0.2? tell 10.92.0.2.
  1. It came from d1 (lab.yaml:37), a child of the dummy of alone (macvlan, mode bridge).
  2. It is for everybody, and no other child of the dummy of alone is in mode bridge: it went out by the parent only (macvlan_mode, default).
  3. It was dropped because its parent is an internal dummy, behind which nothing is; alone has no parent (lab.yaml:20). [no-wire]
`,
);

says(
  'a VLAN without a sub-interface: those that there are are told',
  [['node-3.eth2', tagged(6, ping(outside, s1))]],
  `
Frame 1 of node-3.eth2, 0 s after the first: 102 bytes, VLAN 6 priority 3, ICMP echo request id 1 seq 1, 10.50.0.9 → 10.91.0.2.
  1. It came in at node-3.eth2 (lab.yaml:10), a NIC that leads out of the lab.
  2. It was dropped because it is tagged with a VLAN for which the NIC has no sub-interface; node-3.eth2 has eth2.5 (lab.yaml:10). [vlan-unknown]
`,
);

says(
  'a NIC without a wire: what is for nobody there is dropped',
  [['node-3.eth2', ping(outside, s1)]],
  `
Frame 1 of node-3.eth2, 0 s after the first: 98 bytes, ICMP echo request id 1 seq 1, 10.50.0.9 → 10.91.0.2.
  1. It came in at node-3.eth2 (lab.yaml:10), a NIC that leads out of the lab.
  2. It was dropped because its destination is no address of this host, nor of a container on this NIC; the MAC of node-3.eth2 is 02:42:9e:cf:b0:61 (default). [not-for-this-host]
`,
);

says(
  'a runt at a NIC ends there',
  [['node-3.eth2', new Uint8Array(9)]],
  `
Frame 1 of node-3.eth2, 0 s after the first: 9 bytes, 9 bytes: it is shorter than the 14 bytes of an Ethernet header.
  1. It came in at node-3.eth2 (lab.yaml:10), a NIC that leads out of the lab.
  2. It was dropped because it is shorter than the 14 bytes of an Ethernet header. [runt]
`,
);

says(
  'a runt of a child ends there',
  [['s1', new Uint8Array(9)]],
  `
Frame 1 of s1, 0 s after the first: 9 bytes, 9 bytes: it is shorter than the 14 bytes of an Ethernet header.
  1. It came from s1 (lab.yaml:36), a child of node-3.eth2.5 (macvlan, mode source, lab.yaml:19).
  2. It was dropped because it is shorter than the 14 bytes of an Ethernet header. [runt]
`,
);

says(
  'a packet of a child that is too long ends at it',
  [['c1', ping(c1, c2, 1656)]],
  `
Frame 1 of c1, 0 s after the first: 1698 bytes, ICMP echo request id 1 seq 1, 10.50.0.2 → 10.50.0.3.
  1. It came from c1 (lab.yaml:23), a child of node-1.eth0.50 (macvlan, mode private, lab.yaml:12).
  2. It was dropped because it is longer than the MTU of its network allows; the MTU is 1500 (default). [mtu-exceeded]
`,
);

says(
  'the host that answers says so in its branch, and the others heard it, too',
  [['lan.uplink', question(speaker('192.168.99.7'), speaker('192.168.99.2').ip)]],
  `
Frame 1 of lan.uplink, 0 s after the first: 42 bytes, ARP who has 192.168.99.2? tell 192.168.99.7.
  1. It came in at lan.uplink (lab.yaml:2), a port of the wire lan, a learning switch (lab.yaml:2).
  2. Its source 02:00:00:00:00:99 was learned: it lives behind lan.uplink.
  3. Its destination is everybody.
  4. It was flooded and went on to node-1.eth0 (lab.yaml:5), node-2.eth0 (lab.yaml:8), node-3.eth0 (lab.yaml:10).
     - node-1 got it by eth0 (lab.yaml:5).
       It went no further because it is for the stack of the host itself. [host-stack]
     - node-2 got it by eth0 (lab.yaml:8).
       The host answered it: 192.168.99.2 is an address of its own (lab.yaml:8).
       It went no further because it is for the stack of the host itself. [host-stack]
     - node-3 got it by eth0 (lab.yaml:10).
       At the bridge of the network vlans (lab.yaml:17) its source 02:00:00:00:00:99 was not learned.
       It was dropped because the port does not carry its VLAN, or does not take frames with such a tag; vlans.uplink is a trunk of the VLANs 10, 50 (lab.yaml:17). [vlan-not-admitted]
`,
);

test('--json: hops are data, each with the number of the one before it', (t) => {
  const { frame, hops, left } = explainedFrames(lab, [
    ['lan.uplink', tagged(50, ping(outside, c1))],
  ]);
  t.deepEqual(
    frame.tags.map(({ vlan }) => vlan),
    [50],
    'it is described as it came in, though its tag was taken off in place',
  );
  t.deepEqual(
    hops.map(({ stage, after }) => [stage, after]),
    [
      ['wire', undefined],
      ['up', 0],
      ['up', 0],
      ['up', 0],
      ['bridge', 3],
    ],
  );
  t.deepEqual(
    left.map(({ port }) => port),
    ['c1', 'v1', 'v3'],
  );
  t.notThrows(() => JSON.stringify(hops));
});
