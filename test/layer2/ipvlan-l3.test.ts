/**
 * The L3 columns of the table of ipvlan (see ipvlan.test.ts for L2): siblings first, then the routes of the host, and no groups. Titles quote
 * the rows and name, where it says more than they do, the function of Linux drivers/net/ipvlan/ipvlan_core.c that decides.
 *
 * The children c1 (10.1.0.10) and c2 (10.1.0.11) share the MAC of the NIC, h1.eth0, whose address is 192.168.0.1.
 */
import { labOf } from '../dataplane/lab.js';
import { ipvlan } from './labs.js';
import { scenario } from './scenario.js';

const pause = '01:80:c2:00:00:01';
/** The way out of L3 children: all that the host does not know is behind the router. */
const routed = { host: 'gateway: 192.168.0.254, routes: [{ to: 10.1.0.0/24, dev: eth0 }]' };

for (const mode of ['l3', 'l3s']) {
  scenario(
    `slave → slave | ${mode.toUpperCase()}: lookup of dst IP before any routing → local, whatever the MAC`,
    {
      lab: ipvlan(mode),
      story: `
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => c2
    c1: h1.eth0>Z ip=10.1.0.10>10.1.0.11 => c2
    c2: h1.eth0>Z ip=fd00:1::11>fd00:1::10 => c1
    c1: h1.eth0>Z ip=10.1.0.10>10.1.0.10 => c1`,
    },
  );

  scenario(`slave → slave | ${mode.toUpperCase()}: what a child puts a tag on is no IP packet`, {
    lab: ipvlan(mode),
    story: `
    c1[5]: h1.eth0>Z ip=10.1.0.10>10.1.0.11 => dropped: ipvlan-l3-not-ip`,
  });

  scenario(`slave → slave | ${mode.toUpperCase()}, flag vepa: routed out`, {
    lab: ipvlan(mode, 'vepa', routed),
    story: `
    c1: h1.eth0>Z ip=10.1.0.10>10.1.0.11 => h1.eth0{h1.eth0>*}ask=192.168.0.1>10.1.0.11
    h1.eth0: W>h1.eth0 reply=192.168.0.254>192.168.0.1 => consumed: host-stack`,
  });

  scenario(
    `slave → parent’s own IP | ${mode.toUpperCase()}: routed in the parent’s namespace with oif = parent, so its own`,
    {
      lab: ipvlan(mode, 'bridge', routed),
      story: `
    c1: h1.eth0>Z ip=10.1.0.10>192.168.0.1 => consumed: host-stack h1.eth0{h1.eth0>*}ask=192.168.0.1>10.1.0.10
    c1: h1.eth0>h1.eth0 ip=fd00:1::10>fd00:c0a8::1 => consumed: host-stack`,
    },
  );

  scenario(`slave sends broadcast/multicast | ${mode.toUpperCase()}: dropped`, {
    lab: ipvlan(mode, 'bridge', routed),
    story: `
    c1: h1.eth0>* => dropped: ipvlan-l3-group
    c1: h1.eth0>01:00:5e:00:00:fb ip=10.1.0.10>224.0.0.251 => dropped: ipvlan-l3-group
    c1: h1.eth0>33:33:00:00:00:01 ip=fd00:1::10>ff02::1 => dropped: ipvlan-l3-group
    c1: h1.eth0>* ask=10.1.0.10>10.1.0.1 => dropped: ipvlan-l3-group
    c1: h1.eth0>${pause} type=pause => dropped: ipvlan-l3-group`,
  });

  scenario(
    `slave sends broadcast/multicast | ${mode.toUpperCase()}: but what is for a sibling’s address reaches it even so (ipvlan_xmit_mode_l3 looks it up first)`,
    {
      lab: ipvlan(mode),
      story: `
    c1: h1.eth0>* ip=10.1.0.10>10.1.0.11 => c2
    c1: h1.eth0>* ask=10.1.0.10>10.1.0.11 => c2`,
    },
  );

  scenario(
    `slave sends to a group address of IP | ${mode.toUpperCase()}: only unicast and local routes; others dropped`,
    {
      lab: ipvlan(mode, 'bridge', routed),
      story: `
    c1: h1.eth0>Z ip=10.1.0.10>224.0.0.251 => dropped: ipvlan-l3-group
    c1: h1.eth0>Z ip=10.1.0.10>255.255.255.255 => dropped: ipvlan-l3-group
    c1: h1.eth0>Z ip=fd00:1::10>ff02::1 => dropped: ipvlan-l3-group`,
    },
  );

  scenario(
    `slave → external unicast | ${mode.toUpperCase()}: non-IP dropped, also IP behind a tag`,
    {
      lab: ipvlan(mode, 'bridge', routed),
      story: `
    c1: h1.eth0>Z => dropped: ipvlan-l3-not-ip
    c1: h1.eth0>Z reply=10.1.0.10>10.9.0.1 => dropped: ipvlan-l3-not-ip
    c1[60]: h1.eth0>Z ip=10.1.0.10>10.9.0.1 => dropped: ipvlan-l3-not-ip`,
    },
  );

  scenario(
    `slave → external unicast | ${mode.toUpperCase()}: Ethernet header removed, route lookup in the parent’s namespace, then ip_local_out: TTL is not decremented`,
    {
      lab: ipvlan(mode, 'bridge', routed),
      story: `
    c1: h1.eth0>Z ip=10.1.0.10>192.168.0.9 => h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.9
    h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=1
    c2: h1.eth0>A ip=10.1.0.11>192.168.0.9 => h1.eth0{h1.eth0>W}
    c1: h1.eth0>Z ip=10.1.0.10>203.0.113.7 => h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.254
    h1.eth0: G>h1.eth0 reply=192.168.0.254>192.168.0.1 => h1.eth0{h1.eth0>G}of=4
    c1: h1.eth0>Z ip=10.1.0.10>198.51.100.1 => h1.eth0{h1.eth0>G}`,
    },
  );

  scenario(
    `slave → external unicast | ${mode.toUpperCase()}: without a route there is no way out`,
    {
      lab: ipvlan(mode),
      story: `
    c1: h1.eth0>Z ip=fd00:1::10>2001:db8::1 => dropped: no-route
    c1: h1.eth0>Z ip=10.1.0.10>203.0.113.7 => dropped: no-route`,
    },
  );

  scenario(`ext → broadcast/multicast | ${mode.toUpperCase()}: parent only (slaves get none)`, {
    lab: ipvlan(mode),
    story: `
    h1.eth0: W>* => nothing
    h1.eth0: W>01:00:5e:00:00:fb ip=192.168.0.9>224.0.0.251 => nothing
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9`,
  });

  scenario(
    `slave → external unicast | ${mode.toUpperCase()} in a VLAN: asked there, with the host’s address (inet_select_addr)`,
    {
      lab: ipvlan(mode, 'bridge', {
        parent: 'eth0.50',
        host: 'routes: [{ to: 10.9.0.0/16, dev: eth0.50 }]',
      }),
      story: `
    c1: h1.eth0>Z ip=10.1.0.10>10.9.0.1 => h1.eth0[50]{h1.eth0>*}ask=192.168.0.1>10.9.0.1
    h1.eth0[50]: W>h1.eth0 reply=10.9.0.1>192.168.0.1 => h1.eth0[50]{h1.eth0>W}of=1`,
    },
  );
}

for (const mode of ['l2', 'l3'])
  scenario(
    `ext → slave unicast | ${mode.toUpperCase()}: lookup by dst IP, ARP by target IP; else parent’s stack`,
    {
      lab: ipvlan(mode),
      story: `
    h1.eth0: W>h1.eth0 ip=192.168.0.9>10.1.0.11 => c2
    h1.eth0: W>h1.eth0 ip=fd00:9::9>fd00:1::10 => c1
    h1.eth0: W>h1.eth0 reply=10.1.0.9>10.1.0.10 => c1
    h1.eth0: W>h1.eth0 ask=10.1.0.9>10.1.0.10 => c1
    h1.eth0: W>h1.eth0 ip=192.168.0.9>10.1.0.99 => dropped: no-route h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.9
    h1.eth0: W>h1.eth0 => consumed: host-stack
    h1.eth0: W>h1.eth0 ping=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}pong=192.168.0.1>192.168.0.9
    h1.eth0: W>Z => dropped: not-for-this-host`,
    },
  );

scenario(
  'ext → slave unicast | L3: slave interface is NOARP; a question for its address ends there, by broadcast too (ipvlan_handle_mode_l3 does not look at the MAC)',
  {
    lab: ipvlan('l3'),
    story: `
    h1.eth0: W>* ask=192.168.0.9>10.1.0.10 => c1
    h1.eth0: W>* ip=192.168.0.9>10.1.0.11 => c2`,
  },
);

scenario(
  'ext → slave unicast | L3S: rx handler passes; l3mdev re-routes IP to the slave; ARP is the parent’s',
  {
    lab: ipvlan('l3s'),
    story: `
    h1.eth0: W>h1.eth0 ip=192.168.0.9>10.1.0.11 => c2
    h1.eth0: W>h1.eth0 ip=fd00:9::9>fd00:1::10 => c1
    h1.eth0: W>h1.eth0 ip=192.168.0.9>10.1.0.99 => dropped: no-route h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.9
    h1.eth0: W>* ask=192.168.0.9>10.1.0.10 => h1.eth0{h1.eth0>W}raw=080045c00042000100004001f89fc0a80001c0a800090300b1b400000000450000261c4640004011536cc0a800090a01006313881388001200006c6f6f6d6c6f6f6d6c6f
    h1.eth0: W>h1.eth0 ask=192.168.0.9>10.1.0.10 => consumed: host-stack
    h1.eth0: W>Z ip=192.168.0.9>10.1.0.10 => dropped: not-for-this-host`,
  },
);

scenario(
  'ext → slave | L3S: the hooks are of IP and do not look at the MAC, so a broadcast with a slave’s address is its own (ipvlan_l3_rcv)',
  {
    lab: ipvlan('l3s'),
    story: `h1.eth0: W>* ip=192.168.0.9>10.1.0.11 => c2`,
  },
);

scenario(
  'X-34: a route via the other host joins the L3 networks of two hosts: question, answer and packet in one pass',
  {
    lab: labOf(`
x-wires: { lan: { ports: { a: {} } } }
x-hosts:
  h1:
    nics: { eth0: { wire: lan, mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] } }
    routes: [{ to: 10.2.0.0/24, via: 192.168.0.2 }]
  h2:
    nics: { eth0: { wire: lan, mac: "02:00:00:00:02:00", addresses: [192.168.0.2/24] } }
    routes: [{ to: 10.1.0.0/24, via: 192.168.0.1 }]
    send_redirects: false
networks:
  one: { driver: ipvlan, x-host: h1, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [{ subnet: 10.1.0.0/24 }] } }
  two: { driver: ipvlan, x-host: h2, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [{ subnet: 10.2.0.0/24 }] } }
services:
  c1: { image: x, x-host: h1, networks: { one: { ipv4_address: 10.1.0.10 } } }
  d1: { image: x, x-host: h2, networks: { two: { ipv4_address: 10.2.0.10 } } }
`),
    story: `
    c1: h1.eth0>Z ping=10.1.0.10>10.2.0.10 => d1{h1.eth0>h2.eth0} lan.a{h1.eth0>*}ask=192.168.0.1>192.168.0.2
    d1: h2.eth0>Z ip=10.2.0.10>10.1.0.10 => c1{h2.eth0>h1.eth0}
    c1: h1.eth0>Z ip=10.1.0.10>10.2.0.10 => d1{h1.eth0>h2.eth0}
    lan.a: A>h2.eth0 ip=192.168.0.9>10.2.0.10 => d1
    lan.a: A>h2.eth0 ip=192.168.0.9>10.1.0.10 => dropped: forwarding-denied`,
  },
);

scenario(
  'L3: a wrong header checksum is mended on the way out, not judged (ip_local_out: ip_send_check)',
  {
    lab: ipvlan('l3', 'bridge', routed),
    story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    c1: h1.eth0>Z raw=0800450000141234400040fdeeee0a01000ac0a80009 => h1.eth0{h1.eth0>W}raw=0800450000141234400040fd5cfd0a01000ac0a80009
    c1: h1.eth0>Z raw=0800450000141234400040fdeeee0a01000a0a01000b => c2`,
  },
);
