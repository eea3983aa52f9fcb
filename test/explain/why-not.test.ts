import test from 'ava';
import { answerText } from '../../control/cli/why-not.js';
import { asked } from './asked.js';

/** Two networks of a driver with one container each, on two hosts of a wire; `opts` are their driver_opts. */
const pair = (driver: string, one: string, other: string): string => `x-wires: { lan: }
x-hosts:
  a: { nics: { eth0: { wire: lan, addresses: [10.9.0.1/24] } } }
  b: { nics: { eth0: { wire: lan, addresses: [10.9.0.2/24] } } }
networks:
  n1: { x-host: a, driver: ${driver}, driver_opts: { ${one} }, ipam: { config: [{ subnet: 10.1.0.0/24, ip_range: 10.1.0.0/25 }] } }
  n2: { x-host: b, driver: ${driver}, driver_opts: { ${other} }, ipam: { config: [{ subnet: 10.1.0.0/24, ip_range: 10.1.0.128/25 }] } }
services:
  c1: { networks: [n1] }
  c2: { networks: [n2] }
`;

/** One network with two containers; `more` stands in the network, the x-ports with the containers. */
const one = (more: string, port1 = '', port2 = ''): string => `networks:
  net: { ${more} }
services:
  c1: { networks: [net], x-port: { ${port1} } }
  c2: { networks: [net], x-port: { ${port2} } }
`;

const on = (parent: string, more: string): string => `driver_opts: { parent: ${parent}, ${more} }`;

/** What is asked of a topology, and the lines of the answer that say what to edit. */
interface Question {
  readonly of: string;
  readonly lab: string;
  readonly from?: string;
  readonly to?: string;
  readonly says: RegExp;
  readonly edit: string;
  readonly alternative?: string;
}

/** A host with an address in the subnet of its container. */
const withHost = (driver: string, options: string): string => `x-wires: { lan: }
x-hosts: { box: { nics: { eth0: { wire: lan, addresses: [10.9.0.1/24] } } } }
networks:
  net: { x-host: box, driver: ${driver}, ${on('eth0', options)}, ipam: { config: [{ subnet: 10.9.0.0/24, gateway: 10.9.0.254, ip_range: 10.9.0.64/26 }] } }
services:
  c1: { networks: [net] }
`;

const questions: readonly Question[] = [
  {
    of: 'a macvlan child and its own host',
    lab: withHost('macvlan', 'macvlan_mode: bridge'),
    to: 'box',
    says: /does not get to box \(lab\.yaml:2\): a host never hears the macvlan children of its own NIC/,
    edit: 'lab.yaml:1: add reflective_relay: true to lan',
    alternative: 'lab.yaml:4: write driver: bridge instead of macvlan',
  },
  {
    of: 'an ipvlan child in mode l2 and its own host',
    lab: withHost('ipvlan', 'ipvlan_mode: l2'),
    to: 'box',
    says: /what an ipvlan child sends to everybody is not given to its own host/,
    edit: 'lab.yaml:4: write ipvlan_mode: l3 instead of l2',
    alternative: 'lab.yaml:4: write ipvlan_mode: l3s instead of l2',
  },
  {
    of: 'private children of macvlan',
    lab: one(`driver: macvlan, ${on('eth0', 'macvlan_mode: private')}`),
    says: /private children never hear each other: .*\(lab\.yaml:2, macvlan_mode\)/,
    edit: 'lab.yaml:2: write macvlan_mode: bridge instead of private',
    alternative: 'lab.yaml:2: write driver: bridge instead of macvlan',
  },
  {
    of: 'vepa children before a switch without reflective relay',
    lab: `x-wires: { lan: }
x-hosts: { a: { nics: { eth0: { wire: lan } } } }
${one(`driver: macvlan, ${on('eth0.7', 'macvlan_mode: vepa')}`)}`,
    says: /in mode vepa the switch outside decides/,
    edit: 'lab.yaml:4: write macvlan_mode: bridge instead of vepa',
    alternative: 'lab.yaml:1: add reflective_relay: true to lan',
  },
  {
    of: 'children of a private ipvlan parent: the answer is lost, not the question',
    lab: one(`driver: ipvlan, ${on('eth0', 'ipvlan_flag: private')}`),
    says: /^No frame of c1 reaches c2\. The answer of c2 does not get to c1 .*ipvlan_flag is private/,
    edit: 'lab.yaml:2: write ipvlan_flag: bridge instead of private',
    alternative: 'lab.yaml:2: write driver: bridge instead of ipvlan',
  },
  {
    of: 'children in different VLANs of a wire',
    lab: pair('macvlan', 'parent: eth0.5', 'parent: eth0.6'),
    says: /tagged with a VLAN for which the NIC has no sub-interface; b\.eth0 has eth0\.6 \(lab\.yaml:4\)\. \[vlan-unknown\]/,
    edit: 'lab.yaml:6: write parent: eth0.6 instead of eth0.5',
    alternative: 'lab.yaml:7: write parent: eth0.5 instead of eth0.6',
  },
  {
    of: 'NICs on different wires',
    lab: pair('macvlan', 'parent: eth0', 'parent: eth0')
      .replace('{ lan: }', '{ lan: , other: }')
      .replace('wire: lan, addresses: [10.9.0.2/24]', 'wire: other'),
    says: /nobody else is on the network to flood it to/,
    edit: 'lab.yaml:3: write wire: other instead of lan',
    alternative: 'lab.yaml:4: write wire: lan instead of other',
  },
  {
    of: 'children of ipvlan L3 on two hosts without routes',
    lab: pair(
      'ipvlan',
      'parent: eth0, ipvlan_mode: l3',
      'parent: eth0, ipvlan_mode: l3',
    ).replaceAll(
      /subnet: 10\.1\.0\.0\/24, ip_range: 10\.1\.0\.(0|128)\/25/g,
      (_, half: string) => `subnet: 10.${half === '0' ? 1 : 2}.0.0/24`,
    ),
    says: /the host has no route by which it could go to its destination; there is 10\.9\.0\.0\/24 dev eth0/,
    edit: 'lab.yaml:3: add gateway: 10.9.0.2 to a',
    alternative: 'lab.yaml:3: add { to: 10.2.0.0/24, via: 10.9.0.2 } to the routes of a',
  },
  {
    of: 'isolated ports of a bridge',
    lab: one('', 'isolated: true', 'isolated: true'),
    says: /both the port it came from and the port it would leave by are isolated/,
    edit: 'lab.yaml:4: write isolated: false instead of true',
    alternative: 'lab.yaml:5: write isolated: false instead of true',
  },
  {
    of: 'enable_icc: "false", which lets ARP pass',
    lab: one('driver_opts: { com.docker.network.bridge.enable_icc: "false" }'),
    says: /The echo request does not get to c2 .*enable_icc is false/,
    edit: 'lab.yaml:2: write com.docker.network.bridge.enable_icc: "true" instead of false',
  },
  {
    of: 'access ports of different VLANs',
    lab: one('x-bridge: { vlan_filtering: true }', 'tag: 10', 'tag: 20'),
    says: /nobody else is on the network|but not by c2: c2 is an access port of VLAN 20/,
    edit: 'lab.yaml:4: write tag: 20 instead of 10',
    alternative: 'lab.yaml:5: write tag: 10 instead of 20',
  },
  {
    of: 'a container without a network',
    lab: 'networks: { n1: }\nservices:\n  c1: { network_mode: none }\n  c2: { networks: [n1] }\n',
    says: /c1 has no network/,
    edit: 'lab.yaml:3: write networks: [n1] instead of network_mode',
  },
  {
    of: 'a container without a network, and the network that nobody declares',
    lab: 'services:\n  c1: { network_mode: none }\n  c2: {}\n',
    says: /c1 has no network/,
    edit: 'lab.yaml:2: remove network_mode',
  },
  {
    of: 'a container that has the stack of its host',
    lab: 'services:\n  c1: { network_mode: host }\n  c2: {}\n',
    says: /c1 has the network stack of its host, and no port of its own/,
    edit: 'lab.yaml:2: remove network_mode',
  },
  {
    of: 'a macvlan network without a parent',
    lab: pair('macvlan', '', 'parent: eth0.6').replace('driver_opts: {  }, ', ''),
    says: /its parent is an internal dummy/,
    edit: 'lab.yaml:6: add parent: eth0.6 to the driver_opts of n1',
  },
  {
    of: 'two things that stand in the way at once',
    lab: pair('macvlan', 'parent: eth0.5', 'parent: eth0.6')
      .replace('{ lan: }', '{ lan: , other: }')
      .replace('wire: lan, addresses: [10.9.0.2/24]', 'wire: other'),
    says: /nobody else is on the network/,
    edit: 'lab.yaml:6: write parent: eth0.6 instead of eth0.5, and at lab.yaml:3 write wire: other instead of lan',
  },
  {
    of: 'an access port and a trunk, whose container takes no tags',
    lab: one('x-bridge: { vlan_filtering: true }', 'tag: 10', 'trunks: [10, 20]'),
    says: /The question for the MAC of .* gets to c2 \(lab\.yaml:5\) with the tag of VLAN 10, but its stack takes no tags\.$/,
    edit: 'lab.yaml:5: add vlan_mode: native-untagged to the x-port of c2, with tag: 10',
  },
  {
    of: 'a native-tagged port, which sends its own VLAN tagged',
    lab: one(
      'x-bridge: { vlan_filtering: true }',
      'tag: 10',
      'vlan_mode: native-tagged, tag: 10, trunks: [10, 20]',
    ),
    says: /with the tag of VLAN 10, but its stack takes no tags/,
    edit: 'lab.yaml:5: write vlan_mode: native-untagged instead of native-tagged',
  },
  {
    of: 'trunks of which one takes untagged frames',
    lab: one('x-bridge: { vlan_filtering: true }', '', 'trunks: [5]'),
    says: /but not by c2: c2 is a trunk of VLAN 5 \(lab\.yaml:5\)|nobody else is on the network/,
    edit: 'lab.yaml:5: write trunks: [5, 0] instead of [5]',
  },
  {
    of: 'an x-port that stands at a network: what is added goes there',
    lab: `networks: { net: { x-bridge: { vlan_filtering: true } }, other: }
services:
  c1: { networks: { net: { x-port: { priority_tags: always } }, other: } }
  c2: { networks: { net: { x-port: { tag: 20 } } } }
`,
    from: 'c1.net',
    says: /c2 is an access port of VLAN 20|nobody else is on the network/,
    edit: 'lab.yaml:3: add tag: 20 to the x-port of c1 in net',
  },
  {
    of: 'bridges that keep VLANs apart: who joins needs the VLAN, and an x-port belongs to one network',
    lab: `networks: { n1: { x-bridge: { vlan_filtering: true } }, n2: { x-bridge: { vlan_filtering: true } } }
services:
  c1: { networks: [n1], x-port: { tag: 5 } }
  c2: { networks: [n2], x-port: { tag: 6 } }
`,
    says: /is in none of its subnets, so it is for the gateway/,
    edit: 'lab.yaml:3: add n2 to the networks of c1, with x-port: { tag: 6 }, and move the x-port that it has to n1',
    alternative:
      'lab.yaml:4: add n1 to the networks of c2, with x-port: { tag: 5 }, and move the x-port that it has to n2',
  },
  {
    of: 'networks that have another name than their key',
    lab: pair('macvlan', 'parent: eth0.5', 'parent: eth0.6').replaceAll(
      'x-host: ',
      'name: pub, x-host: ',
    ),
    says: /\[vlan-unknown\]/,
    edit: 'lab.yaml:6: write parent: eth0.6 instead of eth0.5',
    alternative: 'lab.yaml:7: write parent: eth0.5 instead of eth0.6',
  },
  {
    of: 'a macvlan child in mode source that listens to somebody else',
    lab: pair('macvlan', 'parent: eth0', 'parent: eth0, macvlan_mode: source').replace(
      'c2: { networks: [n2] }',
      'c2: { networks: [n2], x-port: { sources: ["02:00:00:00:00:99"] } }',
    ),
    says: /does not get to c2 \(lab\.yaml:10\): in mode source c2 listens to 02:00:00:00:00:99 alone \(lab\.yaml:10\)\.$/,
    edit: 'lab.yaml:10: write sources: [02:00:00:00:00:99, 02:42:0a:01:00:02] instead of [02:00:00:00:00:99]',
    alternative:
      'lab.yaml:7: write macvlan_mode: bridge instead of source, and remove sources and nodst of c2',
  },
  {
    of: 'a child of ipvlan L3 in the subnet of a macvlan child, which asks it by ARP',
    lab: pair('macvlan', 'parent: eth0', 'parent: eth0, ipvlan_mode: l3').replace(
      'n2: { x-host: b, driver: macvlan',
      'n2: { x-host: b, driver: ipvlan',
    ),
    says: /in mode l3 the children of b\.eth0 hear no broadcasts and answer no ARP \(lab\.yaml:7, ipvlan_mode\)\.$/,
    edit: 'lab.yaml:7: write ipvlan_mode: l2 instead of l3',
  },
];

for (const { of, lab, from = 'c1', to = 'c2', says, edit, alternative } of questions)
  test(`--why-not: ${of}`, (t) => {
    const [why = '', ...edits] = answerText(asked(lab, from, to)).split('\n');
    t.regex(why, says);
    t.deepEqual(edits, [edit, ...(alternative === undefined ? [] : [`  or ${alternative}`])]);
  });

test('--why-not: what reaches is proved by the echo request', (t) => {
  const answer = asked(pair('macvlan', 'parent: eth0.5', 'parent: eth0.5'), 'c1', 'c2');
  t.true(answer.reaches);
  t.deepEqual(answer.changes, []);
  t.deepEqual(
    answer.explanation?.left.map(({ port }) => port),
    ['c2'],
  );
  t.regex(
    answerText(answer),
    /^A frame of c1 reaches c2\. The proof is the echo request:\nFrame 2 of c1, .*: 98 bytes, ICMP echo request .*\n {2}1\. It came from c1 /,
  );
});

test('--why-not: IPv6 alone asks with neighbor solicitations', (t) => {
  const net = 'enable_ipv4: false, enable_ipv6: true, ipam: { config: [{ subnet: fd00:1::/64 }] }';
  const answer = asked(one(net), 'c1', 'c2');
  t.true(answer.reaches, answer.why);
  t.regex(answerText(answer), /ICMPv6 echo request/);
});

test('--why-not: ipvlan L3 asks nobody, and its parent asks for the next hop', (t) => {
  const lab = `x-wires: { lan: }
x-hosts:
  a: { nics: { eth0: { wire: lan, addresses: [10.9.0.1/24] } } }
  b: { nics: { eth0: { wire: lan } } }
networks:
  n1: { x-host: a, driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [{ subnet: 10.1.0.0/24 }] } }
  n2: { x-host: b, driver: macvlan, driver_opts: { parent: eth0 }, ipam: { config: [{ subnet: 10.9.0.0/24, ip_range: 10.9.0.64/26 }] } }
services:
  c1: { networks: [n1] }
  c2: { networks: [n2] }
`;
  const answer = asked(lab, 'c1', 'c2');
  t.true(answer.reaches, answer.why);
  t.regex(answerText(answer), /It goes by the route 10\.9\.0\.0\/24 dev eth0 \(lab\.yaml:3\)\./);
});

test('--why-not: a next hop that answers twice is asked by the first ping, and reached by the second', (t) => {
  const net = (host: string, parent: string, subnet: string): string =>
    `{ x-host: ${host}, driver: ipvlan, driver_opts: { parent: ${parent}, ipvlan_mode: l3 }, ipam: { config: [{ subnet: ${subnet} }] } }`;
  const lab = `x-wires: { lan: }
x-hosts:
  a: { nics: { eth0: { wire: lan, addresses: [10.9.0.1/24] } }, gateway: 10.9.0.2 }
  b: { nics: { eth0: { wire: lan }, eth1: { wire: lan, addresses: [10.9.0.2/24] } } }
networks: { n1: ${net('a', 'eth0', '10.1.0.0/24')}, n2: ${net('b', 'eth1', '10.2.0.0/24')} }
services: { c1: { networks: [n1] }, c2: { networks: [n2] } }
`;
  const answer = asked(lab, 'c1', 'c2');
  t.true(answer.reaches, answer.why);
  t.is(answer.explanation?.number, 2);
});

test('--why-not: where nothing helps, what was tried is told', (t) => {
  const lab = pair('macvlan', 'parent: eth0.5', 'parent: eth0.6').replace(
    '10.1.0.0/24, ip_range: 10.1.0.128/25',
    '10.2.0.0/24',
  );
  const answer = asked(lab, 'c1', 'c2');
  t.false(answer.reaches);
  t.deepEqual(answer.changes, []);
  t.true(answer.pairsTried > 0);
  const [why = '', none = '', ...tried] = answerText(answer).split('\n');
  t.regex(
    why,
    /10\.2\.0\.1 is in none|is in none of its subnets, so it is for the gateway 10\.1\.0\.1, for which nobody in the lab answers\.$/,
  );
  t.regex(none, /^None of the changes that were tried helps, nor do two of them together/);
  t.true(tried.includes('  lab.yaml:6: write parent: eth0.6 instead of eth0.5'));
});

test('--why-not: a name may be that of a port, and anchors are no hindrance', (t) => {
  const lab = `x-net: &net { driver: macvlan, driver_opts: { parent: eth0, macvlan_mode: private } }
networks:
  net: { <<: *net }
  other: {}
services:
  c1: { networks: { net: , other: } }
  c2: { networks: { net: } }
`;
  const answer = asked(lab, 'c1.net', 'c2');
  t.deepEqual(answer.changes[0]?.says, 'write macvlan_mode: bridge instead of private');
  t.is(answer.changes[0]?.at.line, 1);
});

test('--why-not: a host is reached when its stack answers, and one without an address never is', (t) => {
  const bridged = withHost('bridge', '').replace('driver_opts: { parent: eth0,  }, ', '');
  const answer = asked(bridged, 'c1', 'box');
  t.true(answer.reaches, answer.why);
  t.regex(answerText(answer), /The host answered it: 10\.9\.0\.1 is an address of its own/);
  const nameless = withHost('macvlan', '').replace(', addresses: [10.9.0.1/24]', '');
  t.regex(answerText(asked(nameless, 'c1', 'box')), /box has no address of its own/);
});

test('A-6: --why-not: a host that ignores ARP for its address is said to, with the line to edit', (t) => {
  const lab = `x-hosts:
  h1:
    nics: { eth0: { addresses: [192.168.0.1/24] } }
    arp_ignore: 8
networks: { net: { ipam: { config: [{ subnet: 10.5.0.0/24, gateway: 10.5.0.1 }] } } }
services: { c1: { networks: [net] } }
`;
  t.is(
    answerText(asked(lab, 'c1', 'h1')),
    `No frame of c1 reaches h1. The question for the MAC of 10.5.0.1 does not get to h1 (lab.yaml:2): the host kept silent: 10.5.0.1 is an address of its own (lab.yaml:5), but arp_ignore is 8 (lab.yaml:4).
lab.yaml:4: write arp_ignore: 0 instead of 8`,
  );
});

test('--why-not: the hundredth container is heard as well as the first', (t) => {
  const services = Array.from({ length: 100 }, (_, i) => `  c${i}: { networks: [net] }\n`);
  const lab = `networks:\n  net: { ${on('eth0', '')} }\nservices:\n${services.join('')}`;
  t.true(
    asked(lab.replace('{ driver_opts', '{ driver: macvlan, driver_opts'), 'c0', 'c99').reaches,
  );
});

test('--why-not: containers in many networks are tried by the nearest endpoints', (t) => {
  const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
  const declared = names.map((name, i) => {
    return `  ${name}: { driver: macvlan, ${on(`eth0.${i + 1}`, '')}, ipam: { config: [{ subnet: 10.0.${i}.0/24 }] } }\n`;
  });
  const lab = `networks:\n${declared.join('')}services:
  c1: { networks: [${names.join(', ')}] }
  c2: { networks: [${names.slice(1).join(', ')}] }
`;
  const answer = asked(lab, 'c1', 'c2');
  t.true(answer.reaches);
  t.is(answer.explanation?.port.port, 'c1.n1');
});
