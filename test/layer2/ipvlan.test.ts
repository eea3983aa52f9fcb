/**
 * The table of ipvlan, question by question (what only L3 has: ipvlan-l3.test.ts): which child a packet is for, and what the host's own
 * stack gets. Titles quote the rows and name, where it says more than they do, the function of Linux drivers/net/ipvlan/ipvlan_core.c that decides.
 *
 * The children c1 (10.1.0.10) and c2 (10.1.0.11) share the MAC of the NIC, h1.eth0, whose address is 192.168.0.1.
 */
import test from 'ava';
import { labOf } from '../dataplane/lab.js';
import { ipvlan, IDLE } from './labs.js';
import { scenario } from './scenario.js';

const l2 = ipvlan('l2');
const pause = '01:80:c2:00:00:01';

scenario(
  'D-5: slave → slave, same parent | L2: if dst MAC = shared MAC, lookup of dst IP (ARP: target IP; DAD NS: target) → delivered locally',
  {
    lab: l2,
    story: `
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => c2
    c2: h1.eth0>h1.eth0 ip=fd00:1::11>fd00:1::10 => c1
    c1: h1.eth0>h1.eth0 reply=10.1.0.10>10.1.0.11 => c2
    c1: h1.eth0>h1.eth0 ask=10.1.0.10>10.1.0.11 => c2
    c1: h1.eth0>h1.eth0 dad=fd00:1::11 => c2`,
  },
);

scenario(
  'slave → slave | L2: what is not IP or ARP, or for an address of nobody, is for the parent',
  {
    lab: l2,
    story: `
    c1: h1.eth0>h1.eth0 => consumed: host-stack
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.99 => dropped: no-route`,
  },
);

scenario(
  'slave → slave | L2: behind a tag that a child puts on nobody looks for an address (ipvlan_get_L3_hdr)',
  {
    lab: l2,
    story: `
    c1[5]: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => dropped: vlan-unknown
    c1[0/3]: h1.eth0>h1.eth0 reply=10.1.0.10>10.1.0.11 => consumed: host-stack`,
  },
);

scenario(
  'slave → slave | L2: it is the source of the frame that its destination is compared with (ipvlan_xmit_mode_l2)',
  {
    lab: l2,
    story: `
    c1: A>A ip=10.1.0.10>10.1.0.11 => c2
    c1: A>h1.eth0 ip=10.1.0.10>10.1.0.11 => h1.eth0
    c1: A>A ip=10.1.0.10>10.1.0.99 => dropped: not-for-this-host`,
  },
);

for (const mode of ['l2', 'l3', 'l3s'])
  scenario(`slave → slave | ${mode.toUpperCase()}, flag private: dropped`, {
    lab: ipvlan(mode, 'private'),
    story: `
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => dropped: ipvlan-private
    c1: h1.eth0>h1.eth0 ip=fd00:1::10>fd00:1::11 => dropped: ipvlan-private
    c1: h1.eth0>h1.eth0 reply=10.1.0.10>10.1.0.11 => dropped: ipvlan-private`,
  });

scenario(
  'slave → slave | L2, flag vepa: to the wire (src MAC = dst MAC), and back if the switch reflects it',
  {
    lab: ipvlan('l2', 'vepa'),
    story: `
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => h1.eth0
    h1.eth0: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => c2
    c1: h1.eth0>h1.eth0 => h1.eth0`,
  },
);

scenario(
  'slave → parent’s own IP | L2: shared MAC and no slave owns the IP → handed to the parent’s stack; but the slave’s ARP broadcast is never given to the parent',
  {
    lab: l2,
    story: `
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>192.168.0.1 => consumed: host-stack
    c1: h1.eth0>* ask=10.1.0.10>192.168.0.1 => c2 h1.eth0`,
  },
);

for (const flag of ['bridge', 'private', 'vepa'])
  scenario(
    `slave sends broadcast/multicast | L2, flag ${flag}: copied to other slaves whose filter matches, then sent on the wire`,
    {
      lab: ipvlan('l2', flag),
      story: `
    c1: h1.eth0>* => c2 h1.eth0
    c2: h1.eth0>01:00:5e:00:00:fb ip=10.1.0.11>224.0.0.251 => c1 h1.eth0
    c1: h1.eth0>* ask=10.1.0.10>10.1.0.11 => c2 h1.eth0
    c1: h1.eth0>33:33:ff:00:00:11 dad=fd00:1::11 => c2 h1.eth0`,
    },
  );

scenario('slave sends broadcast/multicast | L2: PAUSE dropped, also on its way to the wire', {
  lab: l2,
  story: `
    c1: h1.eth0>${pause} type=pause => dropped: pause-frame
    h1.eth0: W>${pause} type=pause => dropped: pause-frame`,
});

scenario(
  'slave sends broadcast/multicast | L2: Linux queues at most 1000; here 1,100 in one burst are none too many',
  {
    lab: l2,
    story: 'c1: h1.eth0>* => c2 h1.eth0\n'.repeat(1100),
  },
);

scenario(
  'slave → external unicast | L2: frame as built by the slave’s stack, own ARP/ND in the slave',
  {
    lab: l2,
    story: `
    c1: h1.eth0>W ip=10.1.0.10>203.0.113.7 => h1.eth0
    c1: h1.eth0>W => h1.eth0
    c1: h1.eth0>W reply=10.1.0.10>10.1.0.9 => h1.eth0
    c1: h1.eth0>33:33:ff:00:00:09 solicit=fd00:1::10>fd00:1::9 => c2 h1.eth0`,
  },
);

scenario(
  'ext → broadcast/multicast | L2: if the source is really external, copies to all slaves whose filter matches, plus parent',
  {
    lab: l2,
    story: `
    h1.eth0: W>* => c1 c2
    h1.eth0: W>* ask=10.1.0.9>10.1.0.10 => c1 c2
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => c1 c2 h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9`,
  },
);

scenario(
  'ext → broadcast/multicast | L2: what a slave sent and the switch reflects is not copied again: shared MAC and a slave’s source IP (ipvlan_external_frame)',
  {
    lab: l2,
    story: `
    h1.eth0: h1.eth0>* ask=10.1.0.10>10.1.0.99 => nothing
    h1.eth0: h1.eth0>* ip=10.1.0.11>255.255.255.255 => nothing
    h1.eth0: h1.eth0>33:33:ff:00:00:10 dad=fd00:1::10 => nothing
    h1.eth0: h1.eth0>* ask=10.1.0.10>192.168.0.1 => h1.eth0{h1.eth0>h1.eth0}reply=192.168.0.1>10.1.0.10`,
  },
);

scenario(
  'ext → broadcast/multicast | L2: with the shared MAC but the address of no slave, or none at all, it counts as external (ipvlan_external_frame)',
  {
    lab: l2,
    story: `
    h1.eth0: h1.eth0>* ask=10.1.0.9>10.1.0.99 => c1 c2
    h1.eth0: h1.eth0>* => c1 c2`,
  },
);

for (const address of ['ipv4_address: 10.1.0.10', 'ipv6_address: "fd00:1::10"'])
  test(`address registry | an IP may exist on one slave only (second add fails): ${address}`, (t) => {
    const net =
      '{ driver: ipvlan, enable_ipv6: true, driver_opts: { parent: eth0 }, ipam: { config: [{ subnet: 10.1.0.0/24 }, { subnet: "fd00:1::/64" }] } }';
    const child = `{ image: x, networks: { net: { ${address} } } }`;
    t.throws(() => labOf(`networks: { net: ${net} }\nservices: { c1: ${child}, c2: ${child} }`), {
      message: /Address already in use/i,
    });
  });

test('mode | one mode and one flag per parent, not per slave: Docker takes one network per parent', (t) => {
  const second = '{ driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 } }';
  t.throws(() => ipvlan('l2', 'bridge', { networks: [`other: ${second}`] }), {
    message: /already using parent interface eth0/,
  });
});

for (const mode of ['l2', 'l3', 'l3s'])
  scenario(
    `Docker: no parent → dummy, internal: siblings talk, and nothing else is there (${mode})`,
    {
      lab: ipvlan(mode, 'bridge', { parent: 'none' }),
      story: `
    c1: A>A ip=10.1.0.10>10.1.0.11 => c2
    c2: B>B ip=fd00:1::11>fd00:1::10 => c1`,
    },
  );

scenario(
  'Docker: no parent → dummy: floods of an L2 child reach its siblings and end behind them',
  {
    lab: ipvlan('l2', 'bridge', { parent: 'none', ...IDLE }),
    story: `
    c1: A>* => c2
    c1: A>Z => dropped: no-wire`,
  },
);

scenario('a VLAN as parent: children hear what comes with its tag, and speak with it', {
  lab: ipvlan('l2', 'bridge', { parent: 'eth0.50' }),
  story: `
    c1: h1.eth0>W => h1.eth0[50]
    c1: h1.eth0>* => c2 h1.eth0[50]
    c1: h1.eth0>h1.eth0 ip=10.1.0.10>10.1.0.11 => c2
    h1.eth0[50]: W>h1.eth0 ip=10.1.0.9>10.1.0.11 => c2
    h1.eth0[50/5]: W>* => c1 c2
    h1.eth0: W>* => nothing
    h1.eth0[51]: W>* => dropped: vlan-unknown`,
});

scenario('a priority tag is no VLAN: what is behind it is looked up', {
  lab: l2,
  story: `
    h1.eth0[0/5]: W>h1.eth0 ip=10.1.0.9>10.1.0.11 => c2[0/5]
    h1.eth0[0/5]: W>* => c1[0/5] c2[0/5]`,
});

scenario('a header that is cut or lies about its length finds nobody (ipvlan_get_L3_hdr)', {
  lab: l2,
  story: `
    h1.eth0: W>h1.eth0 raw=080045000020123440004011 => dropped: ipv4-truncated
    h1.eth0: W>h1.eth0 raw=0800450001ff12344000401100000a0100090a01000b => dropped: ipv4-bad-checksum
    h1.eth0: W>h1.eth0 raw=0800650000141234400040ff00000a0100090a01000b => dropped: ipv4-bad-version
    h1.eth0: W>h1.eth0 raw=0800440000141234400040ff00000a0100090a01000b => dropped: ipv4-bad-header-length
    h1.eth0: W>h1.eth0 raw=0800450000141234400040ff00000a0100090a01000b => c2`,
});
