/**
 * The delivery matrix of macvlan, row by row: from which child, in which mode, to whom. Titles quote the rows ("ext" is the wire under
 * parent P) and name, where it says more than they do, the line of Linux drivers/net/macvlan.c that decides.
 */
import test from 'ava';
import { labOf } from '../dataplane/lab.js';
import { IDLE, macvlan } from './labs.js';
import { scenario } from './scenario.js';

const all = macvlan({
  bridge: 'b1 b2',
  vepa: 'v1 v2',
  private: 'p1 p2',
  source: 's1+A s2+B+nodst',
});
const through = macvlan({ passthru: 't1' });
const pause = '01:80:c2:00:00:01';

scenario(
  'C → other child, unicast | bridge: delivered locally only if both are in bridge mode; the frame never reaches the wire',
  {
    lab: all,
    story: `
    b1: b1>b2 => b2
    b2: b2>b1 ip=10.1.0.11>10.1.0.10 => b1
    b1: b1>v1 => h1.eth0
    b1: b1>p1 => h1.eth0
    b1: b1>s1 => h1.eth0
    b1: b1>Z => h1.eth0`,
  },
);

scenario('C → other child, unicast | vepa: sent to ext; arrives only if the switch reflects it', {
  lab: all,
  story: `
    v1: v1>v2 => h1.eth0
    v1: v1>b1 => h1.eth0
    h1.eth0: v1>v2 => v2
    h1.eth0: v1>b1 => b1`,
});

scenario(
  'C → other child, unicast | private: sent to ext; a reflected unicast is delivered by destination MAC (macvlan_handle_frame looks at modes for groups only)',
  {
    lab: all,
    story: `
    p1: p1>p2 => h1.eth0
    h1.eth0: p1>p2 => p2
    p1: p1>b1 => h1.eth0
    h1.eth0: p1>b1 => b1`,
  },
);

test('C → other child, unicast | passthru: one child per parent', (t) => {
  t.throws(() => macvlan({ passthru: 't1 t2' }), { message: /passthru|invalid argument/ });
});

scenario('C → other child, unicast | source: sent to ext', {
  lab: all,
  story: `
    s1: s1>s2 => h1.eth0
    s1: s1>b1 => h1.eth0`,
});

scenario('C → P’s own MAC (the host) | sent to ext, the host does not get it, in every mode', {
  lab: all,
  story: `
    b1: b1>h1.eth0 => h1.eth0
    v1: v1>h1.eth0 => h1.eth0
    p1: p1>h1.eth0 => h1.eth0
    s1: s1>h1.eth0 => h1.eth0
    b1: b1>h1.eth0 ping=10.1.0.10>192.168.0.1 => h1.eth0
    b1: b1>* ask=10.1.0.10>192.168.0.1 => b2 h1.eth0`,
});

scenario('C → P’s own MAC (the host) | passthru: whatever C sends goes to ext', {
  lab: through,
  story: `
    t1: t1>h1.eth0 => h1.eth0
    t1: t1>t1 => h1.eth0
    t1: t1>Z => h1.eth0`,
});

scenario(
  'C → its own MAC | bridge: comes back, since it looks up all children (macvlan_hash_lookup)',
  {
    lab: all,
    story: `
    b1: b1>b1 => b1
    v1: v1>v1 => h1.eth0`,
  },
);

scenario(
  'C → broadcast/multicast | bridge: copy to every other bridge-mode child whose filter matches, and ext',
  {
    lab: all,
    story: `
    b1: b1>* => b2 h1.eth0
    b2: b2>01:00:5e:00:00:fb => b1 h1.eth0
    b1: b1>33:33:00:00:00:01 => b2 h1.eth0`,
  },
);

scenario('C → broadcast/multicast | vepa, private, source: ext only', {
  lab: all,
  story: `
    v1: v1>* => h1.eth0
    p1: p1>* => h1.eth0
    s1: s1>* => h1.eth0
    v1: v1>01:00:5e:00:00:fb => h1.eth0`,
});

scenario('C → broadcast/multicast | passthru: ext only', {
  lab: through,
  story: `
    t1: t1>* => h1.eth0
    t1: t1>33:33:00:00:00:01 => h1.eth0`,
});

scenario('ext → C’s MAC | bridge, vepa, private: C only, P’s stack does not see it', {
  lab: all,
  story: `
    h1.eth0: W>b1 => b1
    h1.eth0: W>v2 => v2
    h1.eth0: W>p1 => p1
    h1.eth0: W>b1 ping=192.168.0.9>192.168.0.1 => b1`,
});

scenario('ext → C’s MAC | passthru: everything goes to the one child', {
  lab: through,
  story: `
    h1.eth0: W>t1 => t1
    h1.eth0: W>Z => t1
    h1.eth0: W>h1.eth0 ping=192.168.0.9>192.168.0.1 => t1`,
});

scenario('ext → C’s MAC | source: not by destination', {
  lab: all,
  story: `
    h1.eth0: W>s1 => dropped: not-for-this-host
    h1.eth0: A>s2 => s1`,
});

scenario('ext → unknown unicast | bridge, vepa, private, source: P’s stack', {
  lab: all,
  story: `
    h1.eth0: W>Z => dropped: not-for-this-host
    h1.eth0: W>h1.eth0 => consumed: host-stack
    h1.eth0: W>h1.eth0 ping=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}pong=192.168.0.1>192.168.0.9`,
});

scenario('ext → unknown unicast | passthru: the child', {
  lab: through,
  story: `h1.eth0: W>Z => t1`,
});

scenario(
  'ext → bcast/mcast, source not a child | all children of all modes whose filter matches + P’s stack; source by source list',
  {
    lab: all,
    story: `
    h1.eth0: W>* => b1 b2 v1 v2 p1 p2
    h1.eth0: W>01:00:5e:00:00:fb => b1 b2 v1 v2 p1 p2
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => b1 b2 v1 v2 p1 p2 h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0: A>* => b1 b2 v1 v2 p1 p2 s1`,
  },
);

scenario('ext → bcast/mcast, source not a child | passthru: the child', {
  lab: through,
  story: `
    h1.eth0: W>* => t1
    h1.eth0: W>33:33:00:00:00:01 => t1`,
});

scenario(
  'reflected mcast, source is child S | S in vepa: to vepa and bridge children except S, and P’s stack',
  {
    lab: all,
    story: `
    h1.eth0: v1>* => b1 b2 v2
    h1.eth0: v2>01:00:5e:00:00:fb => b1 b2 v1
    h1.eth0: v1>* ask=10.2.0.10>192.168.0.1 => b1 b2 v2 h1.eth0{h1.eth0>v1}reply=192.168.0.1>10.2.0.10`,
  },
);

scenario(
  'reflected mcast, source is child S | S in bridge: vepa children only, since the others had it on its way out; and P’s stack',
  {
    lab: all,
    story: `
    h1.eth0: b1>* => v1 v2
    h1.eth0: b1>* ask=10.1.0.10>192.168.0.1 => v1 v2 h1.eth0{h1.eth0>b1}reply=192.168.0.1>10.1.0.10`,
  },
);

scenario('reflected mcast, source is child S | S private: back to S only, consumed', {
  lab: all,
  story: `
    h1.eth0: p1>* => p1
    h1.eth0: p1>* ask=10.3.0.10>192.168.0.1 => p1`,
});

scenario('reflected mcast, source is child S | S passthru: back to S only, consumed', {
  lab: through,
  story: `h1.eth0: t1>* ask=10.1.0.10>192.168.0.1 => t1`,
});

scenario(
  'reflected mcast, source is child S | S in source mode: back to S only, consumed (src->mode is neither vepa nor bridge)',
  {
    lab: all,
    story: `h1.eth0: s1>* ask=10.4.0.10>192.168.0.1 => s1`,
  },
);

scenario(
  'source mode | child receives frames whose source MAC is in its list (unicast and mcast); without nodst they are delivered normally, too',
  {
    lab: all,
    story: `
    h1.eth0: A>b1 => b1 s1
    h1.eth0: A>* => b1 b2 v1 v2 p1 p2 s1
    h1.eth0: A>Z => s1
    h1.eth0: A>h1.eth0 ping=192.168.0.9>192.168.0.1 => s1 h1.eth0{h1.eth0>A}pong=192.168.0.1>192.168.0.9
    h1.eth0: W>* => b1 b2 v1 v2 p1 p2`,
  },
);

scenario(
  'source mode | with nodst they are consumed: no child by destination, no group, not P’s stack',
  {
    lab: all,
    story: `
    h1.eth0: B>b1 => s2
    h1.eth0: B>* => s2
    h1.eth0: B>* ask=192.168.0.9>192.168.0.1 => s2
    h1.eth0: B>h1.eth0 ping=192.168.0.9>192.168.0.1 => s2
    h1.eth0: B>Z => s2`,
  },
);

scenario(
  'source mode | every child that lists a MAC hears it; one with nodst is enough to consume',
  {
    lab: macvlan({ source: 's1+A s2+A+nodst s3+A+B s4+B', bridge: 'b1' }),
    story: `
    h1.eth0: A>b1 => s1 s2 s3
    h1.eth0: B>b1 => b1 s3 s4
    h1.eth0: B>* => b1 s3 s4`,
  },
);

scenario(
  'source mode | a unicast between bridge children passes the lists of P, a group does not (macvlan_queue_xmit: dev_forward_skb to lowerdev)',
  {
    lab: macvlan({ bridge: 'b1 b2', source: 's1+1.10 s2+1.11+nodst' }),
    story: `
    b1: b1>b2 => b2 s1
    b2: b2>b1 => s2
    b1: b1>* => b2 h1.eth0`,
  },
);

scenario('ethertype PAUSE is never copied to children; a child’s own goes to ext', {
  lab: all,
  story: `
    h1.eth0: W>${pause} type=pause => dropped: pause-frame
    h1.eth0: W>* type=pause => dropped: pause-frame
    b1: b1>${pause} type=pause => h1.eth0`,
});

scenario('other reserved groups are groups like any: LLDP reaches the children', {
  lab: all,
  story: `
    h1.eth0: W>01:80:c2:00:00:0e type=88cc => b1 b2 v1 v2 p1 p2
    b1: b1>01:80:c2:00:00:0e type=88cc => b2 h1.eth0`,
});

scenario(
  'multicast delivery goes through a queue of 1000 in Linux; here each frame is finished before the next, so none of 1,100 is lost',
  {
    lab: macvlan({ bridge: 'b1 b2' }),
    story: 'h1.eth0: W>* => b1 b2\n'.repeat(1100),
  },
);

const FRAGMENT =
  '0800' + '45000024123420004011' + '0000' + 'c0a80009' + 'e00000fb' + '00'.repeat(16);

scenario('fragmented multicast IPv4 reaches each child as it came, fragment by fragment', {
  lab: macvlan({ bridge: 'b1 b2' }),
  story: `h1.eth0: W>01:00:5e:00:00:fb raw=${FRAGMENT} => b1 b2`,
});

for (const [whose, mac] of [
  ['P’s', '02:00:00:00:01:00'],
  ['another child’s', '02:42:0a:01:00:0a'],
] as const)
  test(`a child may not take ${whose} MAC`, (t) => {
    const yaml = `
x-hosts: { h1: { nics: { eth0: { mac: "02:00:00:00:01:00" } } } }
networks: { net: { driver: macvlan, driver_opts: { parent: eth0 }, ipam: { config: [{ subnet: 10.1.0.0/24 }] } } }
services:
  c1: { image: x, networks: { net: { ipv4_address: 10.1.0.10 } } }
  c2: { image: x, networks: { net: { mac_address: "${mac}" } } }`;
    t.throws(() => labOf(yaml), { message: /address already in use/ });
  });

scenario(
  'passthru puts P in promiscuous mode: VLANs that nobody has, and service tags, reach the child',
  {
    lab: through,
    story: `
    h1.eth0[77]: W>Z => t1[77]
    h1.eth0[88a8:5,77/3]: W>t1 => t1[88a8:5,77/3]
    h1.eth0[77]: W>* => t1[77]
    t1[77/5d]: t1>Z => h1.eth0[77/5d]`,
  },
);

scenario('passthru: a VLAN with a sub-interface goes there, all others to the child', {
  lab: macvlan(
    { passthru: 't1' },
    {
      networks: [
        'net50: { driver: macvlan, driver_opts: { parent: eth0.50 }, ipam: { config: [{ subnet: 10.50.0.0/24 }] } }',
      ],
      services: ['d1: { image: x, networks: [net50] }'],
    },
  ),
  story: `
    h1.eth0[50]: W>* => d1
    h1.eth0[60]: W>* => t1[60]
    h1.eth0: W>* => t1
    h1.eth0[50]: W>t1 => consumed: host-stack`,
});

for (const [first, second] of [
  ['passthru', 'bridge'],
  ['bridge', 'passthru'],
] as const)
  test(`Docker: a parent used in ${first} mode refuses a second network, which is in ${second} mode`, (t) => {
    t.throws(() => macvlan({ [first]: 'c1', [second]: 'd1' }), { message: /already using parent/ });
  });

scenario('Docker: no parent given = dummy, internal: siblings talk, and nothing else is there', {
  lab: macvlan({ bridge: 'b1 b2' }, { parent: 'none' }),
  story: `
    b1: b1>b2 => b2
    b1: b1>* => b2
    b1: b1>Z => dropped: no-wire`,
});

scenario(
  'each network without a parent has a dummy of its own; on one, vepa and private children are alone',
  {
    lab: macvlan({ bridge: 'b1 b2', vepa: 'v1 v2', private: 'p1 p2' }, { parent: 'none', ...IDLE }),
    story: `
    b1: b1>v1 => dropped: no-wire
    b1: b1>* => b2
    v1: v1>v2 => dropped: no-wire
    p1: p1>* => dropped: no-wire
    idle: idle>b1 => dropped: no-wire`,
  },
);

scenario('D14: two bridge-mode networks on one parent are one segment, whatever their subnets', {
  lab: macvlan({ bridge: 'b1 b2', bridge2: 'd1 d2' }),
  story: `
    b1: b1>d1 => d1
    b1: b1>* => b2 d1 d2 h1.eth0
    h1.eth0: W>* => b1 b2 d1 d2`,
});

scenario('D10: the host does not reach a child: what its NIC hears of its own never goes up', {
  lab: macvlan({ bridge: 'b1' }),
  story: `
    b1: b1>h1.eth0 ping=10.1.0.10>192.168.0.1 => h1.eth0
    h1.eth0: W>b1 ip=192.168.0.1>10.1.0.10 => b1`,
});

scenario('a child keeps whatever tags it sends; they are payload below its parent', {
  lab: all,
  story: `
    v1[60/2]: v1>Z => h1.eth0[60/2]
    p1[88a8:7,60]: p1>* => h1.eth0[88a8:7,60]
    b1[60]: b1>* => b2[60] h1.eth0[60]`,
});

scenario('B-11: what is larger than the MTU of P passes in no direction', {
  lab: all,
  story: `
    b1: b1>b2 size=1514 => b2
    b1: b1>b2 size=1515 => dropped: mtu-exceeded
    b1: b1>* size=1515 => dropped: mtu-exceeded
    h1.eth0: W>b1 size=1514 => b1
    h1.eth0: W>b1 size=1515 => dropped: mtu-exceeded`,
});
