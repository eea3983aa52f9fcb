/** Bridges that filter VLANs: the requirements of IEEE 802.1Q (B-n), and uplinks. The port modes: port-modes.test.ts. */
import { labOf } from '../dataplane/lab.js';
import { office, vlanBridge } from './labs.js';
import { scenario } from './scenario.js';

scenario('B-1: never back out of the reception port, in no VLAN', {
  lab: office,
  story: `
    t1[10]: T>* => a1 a2 t2[10]
    t1[10]: U>T => dropped: reflection
    a1: A>A => dropped: reflection`,
});

scenario('B-1: a hairpin port hears its own VLAN, with the tags it uses itself', {
  lab: vlanBridge({ t1: 'hairpin: true', a1: 'tag: 10, hairpin: true', a2: 'tag: 10' }),
  story: `
    t1[10]: T>* => a1 a2 t1[10]
    a1: A>* => a1 a2 t1[10]
    t1[10/3]: U>T => t1[10/3]`,
});

scenario('B-2: ingress filter: VID not in the member set of the port → discard', {
  lab: office,
  story: `
    t2[31]: T>* => dropped: vlan-not-admitted
    t2[31]: T>A => dropped: vlan-not-admitted`,
});

scenario('B-3: PVID for untagged and priority-tagged', {
  lab: vlanBridge({ a1: 'tag: 10', n1: 'vlan_mode: native-tagged, tag: 20', t1: '' }),
  story: `
    a1: A>* => n1[10] t1[10]
    a1[0/6]: A>* => n1[10/6] t1[10/6]
    n1: N>* => t1[20]
    n1[0/6]: N>* => t1[20/6]`,
});

scenario(
  'B-3: acceptable frame types: all (native), only tagged (trunk without 0), only untagged + priority (access)',
  {
    lab: vlanBridge({
      all: 'vlan_mode: native-tagged, tag: 10',
      only: 'trunks: [10]',
      bare: 'tag: 10',
    }),
    story: `
    all: A>* => bare only[10]
    all[10]: A>* => bare only[10]
    only: B>* => dropped: vlan-not-admitted
    only[0/1]: B>* => dropped: vlan-not-admitted
    only[10]: B>* => bare all[10]
    bare: C>* => all[10] only[10]
    bare[0/1]: C>* => all[10/1] only[10/1]
    bare[10]: C>* => dropped: vlan-not-admitted`,
  },
);

scenario('B-4: filtering by (VID, MAC): the same station lives in two VLANs at two places', {
  lab: office,
  story: `
    a1: A>* => a2 t1[10] t2[10]
    x1: A>* => t1[20]
    t1[10]: T>A => a1
    t1[20]: T>A => x1
    t1[30]: T>A => t2[30]
    a2: B>T => t1[10]
    x1: X>T => t1[20]`,
});

scenario(
  'B-4: a nailed station is found in every VLAN that its port carries, and sends nobody elsewhere',
  {
    lab: vlanBridge(
      { a1: 'tag: 10', a2: 'tag: 10', t1: '' },
      'stations: [{ mac: "02:00:00:00:00:53", port: a1 }]',
    ),
    story: `
    t1[10]: T>S => a1
    a2: B>S => a1`,
  },
);

scenario('B-5: egress: member set and untagged set of each port', {
  lab: vlanBridge({
    bare: 'tag: 10',
    both: 'vlan_mode: native-untagged, tag: 20',
    tagged: 'trunks: [10, 20]',
    other: 'trunks: [30]',
  }),
  story: `
    tagged[10]: T>* => bare both[10]
    tagged[20]: T>* => both
    bare: A>* => both[10] tagged[10]`,
});

scenario('B-6: no duplication: a flood is one frame per port, with the tags of each', {
  lab: vlanBridge({
    a1: 'tag: 10',
    a2: 'tag: 10',
    a3: 'tag: 10',
    n1: 'vlan_mode: native-untagged, tag: 10',
    n2: 'vlan_mode: native-tagged, tag: 10',
    t1: '',
    t2: '',
    p1: 'tag: 10, priority_tags: always',
  }),
  story: `
    a1: A>* => a2 a3 n1 n2[10] p1[0] t1[10] t2[10]
    t1[10/3d]: T>* => a1 a2 a3 n1 n2[10/3d] p1[0/3d] t2[10/3d]`,
});

scenario('B-7: learn only where the VID is allowed: what is not admitted teaches nothing', {
  lab: office,
  story: `
    t2[20]: A>* => dropped: vlan-not-admitted
    t1[20]: T>A => x1
    a1[10]: A>* => dropped: vlan-not-admitted
    t1[10]: T>A => a1 a2 t2[10]`,
});

scenario('B-7: a group or nobody as source ends the frame', {
  lab: office,
  story: `
    a1: 01:00:5e:00:00:01>* => dropped: source-address-invalid
    t1[10]: 00:00:00:00:00:00>* => dropped: source-address-invalid`,
});

scenario('B-8: ageing is by VLAN: what speaks in one is forgotten in the other', {
  lab: vlanBridge({ a1: 'tag: 10', x1: 'tag: 20', t1: '', t2: '' }, 'ageing: 10s'),
  story: `
    t1[10]: A>* => a1 t2[10]
    t1[20]: A>* => t2[20] x1
    at 9s t1[10]: A>* => a1 t2[10]
    at 10s a1: B>A => t1[10]
    at 10s x1: X>A => t1[20] t2[20]`,
});

scenario(
  'B-9: 01-80-C2-00-00-00..0F are not forwarded, with tag or without, but for those of the mask',
  {
    lab: office,
    story: `
    a1: A>01:80:c2:00:00:0e type=88cc => dropped: reserved-address
    t1[10]: T>01:80:c2:00:00:0e => dropped: reserved-address
    a1: A>01:80:c2:00:00:02 => dropped: reserved-address
    a1: A>01:80:c2:00:00:00 => a2 t1[10] t2[10]`,
  },
);

scenario('B-9: PAUSE is never forwarded, in no VLAN', {
  lab: office,
  story: `
    a1: A>01:80:c2:00:00:01 type=pause => dropped: pause-frame
    t1[10]: T>* type=pause => dropped: pause-frame`,
});

scenario('B-10: VID 0xFFF reserved: never forwarded or learned', {
  lab: office,
  story: `
    t1[4095]: T>* => dropped: vlan-reserved
    a2: B>T => a1 t1[10] t2[10]`,
});

scenario('B-11: TPID 0x8100 and 0x88a8; unknown TPID = payload', {
  lab: office,
  story: `
    t1[88a8:10]: T>* => a1 a2 t2[88a8:10]
    t1[10]: T>* type=9100 => a1 a2 t2[10]
    a1: A>* type=9100 => a2 t1[10] t2[10]`,
});

scenario('B-11: max frame +4 per tag', {
  lab: office,
  story: `
    a1: A>* size=1514 => a2 t1[10] t2[10]
    a1: A>* size=1515 => dropped: mtu-exceeded
    t1[10]: T>* size=1518 => a1 a2 t2[10]
    t1[10]: T>* size=1519 => dropped: mtu-exceeded`,
});

scenario('B-12: PCP and DEI are kept from tag to tag, and from a priority tag into the VLAN', {
  lab: office,
  story: `
    t1[10/7d]: T>* => a1 a2 t2[10/7d]
    t1[30/1d]: T>* => t2[30/1d]
    a1[0/4d]: A>* => a2 t1[10/4d] t2[10/4d]
    a1: A>* => a2 t1[10] t2[10]`,
});

scenario('B-13: frames to the bridge’s own MAC go up only, from every VLAN', {
  lab: office,
  story: `
    a1: A>net => consumed: gateway-address
    t1: T>net => consumed: gateway-address
    t1[20]: T>net => consumed: gateway-address`,
});

scenario('B-14: runts end; LLC and padding pass with the tags of each port', {
  lab: office,
  story: `
    a1: A>* type=0026 size=60 => a2 t1[10] t2[10]
    a1: A>* size=14 => a2 t1[10] t2[10]
    t1[10]: T>* size=18 => a1 a2 t2[10]`,
});

scenario('B-14: a snapped frame keeps the length it had, and what the tags add to it', {
  lab: office,
  story: `
    a1: A>* size=1514 kept=64 => a2 t1[10] t2[10]
    t1[10]: T>* size=1518 kept=18 => a1 a2 t2[10]`,
});

scenario('isolated ports do not reach each other in a VLAN either', {
  lab: vlanBridge({ a1: 'tag: 10, isolated: true', a2: 'tag: 10, isolated: true', t1: '' }),
  story: `
    a1: A>* => t1[10]
    a2: B>A => dropped: port-isolated
    t1[10]: T>* => a1 a2`,
});

/** A bridge of a host with an uplink. */
const withUplink = (xBridge: string, ports: string) =>
  labOf(`
x-hosts: { h1: { nics: { eth0: { mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] } } } }
networks: { net: { x-bridge: { ${xBridge} } } }
services:
${ports}`);

scenario(
  'an uplink that is a trunk: the VLANs of a bridge that filters leave by the NIC with their tags',
  {
    lab: withUplink(
      'vlan_filtering: true, uplink: { nic: eth0, vlan_mode: native-untagged, tag: 1 }',
      `  a1: { image: x, networks: [net], x-port: { tag: 10 } }
  b1: { image: x, networks: [net], x-port: { tag: 1 } }`,
    ),
    story: `
    a1: A>* => h1.eth0[10]
    b1: B>* => h1.eth0
    h1.eth0[10]: W>A => a1
    h1.eth0: W>* => b1
    h1.eth0[20]: W>* => dropped: no-other-port`,
  },
);

scenario(
  'an uplink to a VLAN of a NIC: a bridge that takes tags for payload, all of it in one VLAN',
  {
    lab: withUplink(
      'uplink: eth0.50',
      `  c1: { image: x, networks: [net] }
  c2: { image: x, networks: [net] }`,
    ),
    story: `
    c1: A>* => c2 h1.eth0[50]
    c1: A>Z => c2 h1.eth0[50]
    h1.eth0[50]: W>A => c1
    h1.eth0[50]: W>* => c1 c2
    c2: B>W => h1.eth0[50]
    h1.eth0[51]: W>A => dropped: vlan-unknown
    c1[60]: A>W => h1.eth0[50,60]
    h1.eth0[50,60]: W>A => c1[60]`,
  },
);

scenario(
  'an uplink to a NIC: the bridge takes what has no tag, and tags that no sub-interface has, as they are (br_handle_frame)',
  {
    lab: withUplink(
      'uplink: eth0',
      `  c1: { image: x, networks: [net] }
  c2: { image: x, networks: [net] }`,
    ),
    story: `
    c1: A>* => c2 h1.eth0
    h1.eth0: W>A => c1
    h1.eth0[77]: W>A => c1[77]
    c1[77]: A>W => h1.eth0[77]`,
  },
);

scenario(
  'the third tag of a frame, which nobody has checked, counts only as far as it is there: a tunnel does not take stale bytes for a VLAN',
  {
    lab: withUplink(
      'vlan_filtering: true, uplink: eth0.50',
      `  q1: { image: x, networks: [net], x-port: { vlan_mode: dot1q-tunnel, tag: 10, cvlans: [20] } }
  t1: { image: x, networks: [net], x-port: { trunks: [10] } }`,
    ),
    story: `
    h1.eth0[50,10,20]: W>* => q1[20] t1[10,20]
    h1.eth0[50,10,20]: W>* kept=24 => q1[20] t1[10,20]
    h1.eth0[50,10,20]: W>* kept=22 => t1[10,0]`,
  },
);

scenario('what a host says gets a priority tag of 802.1Q, whatever tag the question had', {
  lab: labOf(`
networks: { net: { x-bridge: { vlan_filtering: true }, ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.1 }] } } }
services:
  t1: { image: x, networks: [net], x-port: { priority_tags: always } }`),
  story: `
    t1[88a8:0/3]: A>* ask=10.1.0.2>10.1.0.1 => t1[0]{net>A}reply=10.1.0.1>10.1.0.2`,
});
