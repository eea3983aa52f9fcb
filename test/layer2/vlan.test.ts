/**
 * 802.1Q at NICs and on wires: sub-interfaces, the VLANs that nobody has, priority tags, MTU with tags; and wires as switches to which tags
 * are payload. Ids are those of the requirements of IEEE 802.1Q (B-n); Linux is net/8021q and __netif_receive_skb_core.
 */
import { labOf } from '../dataplane/lab.js';
import { macvlan } from './labs.js';
import { scenario } from './scenario.js';

const tagged = macvlan({ bridge: 'c1 c2' }, { parent: 'eth0.50' });
const plain = macvlan({ bridge: 'c1 c2' });

/** macvlan networks on eth0, eth0.50 and eth0.60: c1, d1 and e1. */
const three = macvlan(
  { bridge: 'c1' },
  {
    networks: ['50', '60'].map(
      (vid) =>
        `net${vid}: { driver: macvlan, driver_opts: { parent: eth0.${vid} }, ipam: { config: [{ subnet: 10.${vid}.0.0/24 }] } }`,
    ),
    services: ['d1: { image: x, networks: [net50] }', 'e1: { image: x, networks: [net60] }'],
  },
);

scenario(
  'sub-interface: what is sent on it leaves with its tag, what comes with its tag arrives without',
  {
    lab: tagged,
    story: `
    c1: c1>W => h1.eth0[50]
    c1: c1>* => c2 h1.eth0[50]
    h1.eth0[50]: W>c1 => c1
    h1.eth0[50]: W>* => c1 c2
    c1: c1>c2 => c2`,
  },
);

scenario(
  'a frame never crosses VLANs: each sub-interface hears its own, and the NIC what has no tag',
  {
    lab: three,
    story: `
    h1.eth0: W>* => c1
    h1.eth0[50]: W>* => d1
    h1.eth0[60]: W>* => e1
    h1.eth0[50]: W>e1 => dropped: not-for-this-host
    h1.eth0: W>d1 => dropped: not-for-this-host
    d1: d1>e1 => h1.eth0[50]
    c1: c1>d1 => h1.eth0
    d1: d1>* => h1.eth0[50]`,
  },
);

scenario('a VLAN that no sub-interface has: dropped, whatever it is for', {
  lab: tagged,
  story: `
    h1.eth0[51]: W>c1 => dropped: vlan-unknown
    h1.eth0[51]: W>* => dropped: vlan-unknown
    h1.eth0[51]: W>h1.eth0 ping=192.168.0.9>192.168.0.1 => dropped: vlan-unknown
    h1.eth0[4094]: W>* => dropped: vlan-unknown`,
});

scenario('B-11: a service tag (0x88a8) is not the C-tag of a sub-interface with the same number', {
  lab: tagged,
  story: `
    h1.eth0[88a8:50]: W>c1 => dropped: vlan-unknown
    h1.eth0[88a8:50,50]: W>* => dropped: vlan-unknown`,
});

scenario('B-11: below one tag another is payload', {
  lab: tagged,
  story: `
    h1.eth0[50,60/3]: W>c1 => c1[60/3]
    c1[60/3]: c1>W => h1.eth0[50,60/3]
    c1[88a8:7]: c1>* => c2[88a8:7] h1.eth0[50,88a8:7]`,
});

scenario('B-11: an unknown TPID is payload', {
  lab: three,
  story: `
    h1.eth0: W>c1 type=9100 => c1
    h1.eth0[50]: W>d1 type=9100 => d1`,
});

scenario('B-10: VID 0 is a priority tag: the frame is in no VLAN, and keeps it', {
  lab: plain,
  story: `
    h1.eth0[0/5]: W>c1 => c1[0/5]
    h1.eth0[0]: W>* => c1[0] c2[0]
    h1.eth0[0/5d]: W>c2 => c2[0/5d]
    c1[0/5]: c1>W => h1.eth0[0/5]`,
});

scenario('B-10: a priority-tagged frame is for the NIC, never for a sub-interface', {
  lab: three,
  story: `
    h1.eth0[0/5]: W>* => c1[0/5]
    h1.eth0[0/5]: W>d1 => dropped: not-for-this-host
    h1.eth0[0/5]: W>h1.eth0 => consumed: host-stack`,
});

scenario('B-10: VID 0xFFF is reserved: never forwarded', {
  lab: tagged,
  story: `
    h1.eth0[4095]: W>c1 => dropped: vlan-reserved
    h1.eth0[4095/7]: W>* => dropped: vlan-reserved`,
});

scenario('B-12: a popped tag takes its priority with it; a pushed one has priority 0', {
  lab: tagged,
  story: `
    h1.eth0[50/7d]: W>c1 => c1
    h1.eth0[50/3]: W>* => c1 c2
    c1: c1>W ip=10.1.0.10>10.1.0.9 => h1.eth0[50]`,
});

scenario('the lowest and the highest VLAN are like any other', {
  lab: macvlan(
    { bridge: 'c1' },
    {
      parent: 'eth0.1',
      networks: [
        'high: { driver: macvlan, driver_opts: { parent: eth0.4094 }, ipam: { config: [{ subnet: 10.9.0.0/24 }] } }',
      ],
      services: ['d1: { image: x, networks: [high] }'],
    },
  ),
  story: `
    c1: c1>* => h1.eth0[1]
    d1: d1>* => h1.eth0[4094]
    h1.eth0[1]: W>* => c1
    h1.eth0[4094]: W>d1 => d1`,
});

scenario('the host answers in the VLAN in which it was asked, with the MAC of the NIC', {
  lab: three,
  story: `
    h1.eth0[50]: W>* ask=192.168.0.9>192.168.0.1 => d1 h1.eth0[50]{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => c1 h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0[60]: W>h1.eth0 ping=192.168.0.9>192.168.0.1 => h1.eth0[60]{h1.eth0>W}pong=192.168.0.1>192.168.0.9
    h1.eth0[61]: W>* ask=192.168.0.9>192.168.0.1 => dropped: vlan-unknown`,
});

scenario('a sub-interface whose network has no children is there, and only the host hears it', {
  lab: macvlan(
    { bridge: 'c1' },
    {
      networks: [
        'net70: { driver: macvlan, driver_opts: { parent: eth0.70 }, ipam: { config: [{ subnet: 10.70.0.0/24 }] } }',
      ],
    },
  ),
  story: `
    h1.eth0[70]: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0[70]{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0[70]: W>c1 => dropped: not-for-this-host
    h1.eth0[71]: W>h1.eth0 => dropped: vlan-unknown`,
});

scenario('B-11: max frame +4 per tag: a tag does not count for the MTU', {
  lab: tagged,
  story: `
    c1: c1>W size=1514 => h1.eth0[50]
    c1: c1>W size=1515 => dropped: mtu-exceeded
    h1.eth0[50]: W>c1 size=1518 => c1
    h1.eth0[50]: W>c1 size=1519 => dropped: mtu-exceeded
    c1[60]: c1>W size=1518 => h1.eth0[50,60]`,
});

scenario('B-11: the MTU is that of the NIC, below and above 1500', {
  lab: macvlan({ bridge: 'c1 c2' }, { parent: 'eth0.50', nic: 'mtu: 9000' }),
  story: `
    c1: c1>W size=9014 => h1.eth0[50]
    c1: c1>c2 size=9015 => dropped: mtu-exceeded
    h1.eth0[50]: W>* size=9018 => c1 c2`,
});

scenario(
  'B-14: what is too short for a header ends; what is short, LLC or padded passes as it is, with tag and without',
  {
    lab: tagged,
    story: `
    h1.eth0[50]: W>c1 kept=13 => dropped: snapped-header
    h1.eth0[50]: W>c1 size=18 => c1
    h1.eth0[50]: W>c1 type=0026 size=60 => c1
    c1: c1>W type=05dc size=60 => h1.eth0[50]
    c1: c1>W size=14 => h1.eth0[50]`,
  },
);

scenario('B-14: a snapped frame keeps its length on the wire through push and pop', {
  lab: tagged,
  story: `
    c1: c1>W size=1514 kept=64 => h1.eth0[50]
    h1.eth0[50]: W>* size=1518 kept=68 => c1 c2`,
});

/** Two hosts on one wire, in one VLAN and in none. */
const wired = (reflects: boolean, mode = 'bridge') =>
  labOf(`
x-wires: { lan: { ports: { a: {}, b: {} }, reflective_relay: ${reflects} } }
x-hosts:
  h1: { nics: { eth0: { wire: lan, mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] } } }
  h2: { nics: { eth0: { wire: lan, mac: "02:00:00:00:02:00", addresses: [192.168.0.2/24] } } }
networks:
  one: { driver: macvlan, x-host: h1, driver_opts: { parent: eth0.50, macvlan_mode: ${mode} }, ipam: { config: [{ subnet: 10.1.0.0/16, ip_range: 10.1.1.0/24 }] } }
  two: { driver: macvlan, x-host: h2, driver_opts: { parent: eth0.50, macvlan_mode: ${mode} }, ipam: { config: [{ subnet: 10.1.0.0/16, ip_range: 10.1.2.0/24 }] } }
services:
  c1: { image: x, x-host: h1, networks: { one: { mac_address: "02:00:00:00:01:01" } } }
  c2: { image: x, x-host: h1, networks: { one: { mac_address: "02:00:00:00:01:02" } } }
  d1: { image: x, x-host: h2, networks: { two: { mac_address: "02:00:00:00:02:01" } } }
`);

scenario(
  'wire: children of two hosts in one VLAN reach each other; the wire learns where they are',
  {
    lab: wired(false),
    story: `
    c1: c1>* => c2 d1 lan.a[50] lan.b[50]
    d1: d1>c1 => c1
    c1: c1>d1 => d1
    lan.a[50]: A>d1 => d1
    d1: d1>A => lan.a[50]
    d1: d1>Z => lan.a[50] lan.b[50]`,
  },
);

scenario(
  'wire: tags are payload: it forwards every VLAN, service tags, and the same station in each',
  {
    lab: wired(false),
    story: `
    lan.a[77]: A>* => lan.b[77]
    lan.b[88a8:5,77]: B>A => lan.a[88a8:5,77]
    lan.a: A>B => lan.b
    lan.a[0/3]: A>B => lan.b[0/3]
    lan.a[50]: A>* => c1 c2 d1 lan.b[50]`,
  },
);

scenario('B-1: wire: never back out of the reception port', {
  lab: wired(false),
  story: `
    lan.a: A>* => lan.b
    lan.a: B>A => dropped: reflection
    lan.a: A>A => dropped: reflection`,
});

scenario('B-1: wire: unless reflective relay', {
  lab: wired(true),
  story: `
    lan.a: A>* => lan.a lan.b
    lan.a: B>A => lan.a
    c1: c1>* => c2 d1 lan.a[50] lan.b[50]`,
});

scenario('B-1: vepa children of one host reach each other only by a reflective relay', {
  lab: wired(true, 'vepa'),
  story: `
    c1: c1>* => c2 d1 lan.a[50] lan.b[50]
    c2: c2>c1 => c1
    c1: c1>c2 => c2`,
});

scenario('B-1: without a reflective relay vepa children of one host never hear each other', {
  lab: wired(false, 'vepa'),
  story: `
    c1: c1>* => d1 lan.a[50] lan.b[50]
    c2: c2>c1 => dropped: reflection
    c1: c1>c2 => dropped: reflection`,
});

scenario('B-4: wire: filtering by MAC: a station that is heard elsewhere has moved', {
  lab: wired(false),
  story: `
    lan.a: A>* => lan.b
    lan.b: A>* => lan.a
    d1: d1>A => lan.b[50]`,
});

scenario('B-8: wire: a station is forgotten after 300 s', {
  lab: wired(false),
  story: `
    lan.a: A>* => lan.b
    at 299s d1: d1>A => lan.a[50]
    at 300s d1: d1>A => lan.a[50] lan.b[50]`,
});

scenario('hosts on a wire answer for themselves, through it', {
  lab: wired(false),
  story: `
    lan.a: A>* ask=192.168.0.9>192.168.0.2 => lan.b lan.a{h2.eth0>A}reply=192.168.0.2>192.168.0.9
    lan.a: A>h2.eth0 ping=192.168.0.9>192.168.0.2 => lan.a{h2.eth0>A}pong=192.168.0.2>192.168.0.9
    lan.a: A>h1.eth0 => lan.b`,
});
