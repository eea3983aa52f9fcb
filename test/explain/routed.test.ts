/** What is told of packets that a host forwards: whose they are, what they are translated to and by which line, and why some are not. */
import test from 'ava';
import { told } from '../../control/cli/told.js';
import { sentencesAt } from '../../control/explain/sentences.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { labOf } from '../dataplane/lab.js';
import { home, inner, one, other, outer, pc, toOne } from './home-lab.js';
import * as words from './routed-lab.js';
import {
  at,
  atHost,
  c1,
  c2,
  c3,
  c4,
  echo,
  explanationOf,
  host,
  router,
  tcp,
  udp,
  web,
} from './routed-lab.js';
import type { Came } from './routed-lab.js';
import { explainedFrames } from './told.js';

const { SYN, ACK } = words;

/** From a container of lan-a to somebody beyond the router, and back. */
const far = '8.8.8.8';
const toFar = at(far, host.a);
const fromFar = at(far, router);
const syn: Came = ['c1', tcp(c1, toFar, [40_000, 443], SYN)];
const synAck: Came = ['lan.out', tcp(fromFar, host.lan, [443, 40_000], SYN | ACK, [100, 2])];
const ack: Came = ['c1', tcp(c1, toFar, [40_000, 443], ACK, [2, 101])];

/** To the published port, from outside and from a neighbor of the container; and what the container answers. */
const asked: Came = ['lan.out', tcp(fromFar, host.lan, [5000, 8080], SYN)];
const answered: Came = ['web', tcp(web, toFar, [80, 5000], SYN | ACK, [9, 2])];
const askedNextDoor: Came = ['c1', tcp(c1, at('192.0.2.1', host.a), [5000, 8080], SYN)];
const answeredNextDoor: Came = ['web', tcp(web, host.a, [80, 5000], SYN | ACK, [9, 2])];

const ROUTE_OUT = 'It goes by the route 0.0.0.0/0 via 192.0.2.9 (lab.yaml:5).';
const ROUTE_A = 'It goes by the route 172.27.0.0/16 dev lan-a (lab.yaml:9).';
const TO_ROUTER = 'The next hop has the MAC 02:00:00:00:00:09.';
const TO_WEB = ['The next hop has the MAC 02:42:ac:1b:00:03.', 'It left by web (lab.yaml:22).'];
const TO_C1 = ['The next hop has the MAC 02:42:ac:1b:00:02.', 'It left by c1 (lab.yaml:20).'];

test('a packet that leaves a bridge network is told from the bridge to the wire', (t) => {
  t.is(
    told(explanationOf(syn)),
    `Frame 7 of c1, 6 ms after the first: 54 bytes, TCP 172.27.0.2:40000 → 8.8.8.8:443 [SYN] seq 1.
  1. It came in at c1 (lab.yaml:20), a port of the network lan-a, a learning bridge (lab.yaml:8).
  2. Its source 02:42:ac:1b:00:02 was known behind c1, learned from frame 2 of c1 5 ms before; it was heard again.
  3. Its destination 02:42:da:e5:99:1c is the gateway itself.
  4. It opens a connection (SYN_SENT, no reply yet), which node-1 keeps for 2 min.
  5. It goes by the route 0.0.0.0/0 via 192.0.2.9 (lab.yaml:5).
  6. Its source 172.27.0.2:40000 becomes 192.0.2.1:40000: the masquerade of network lan-a (lab.yaml:8).
  7. The next hop has the MAC 02:00:00:00:00:09.
  8. It left node-1 by eth0 (lab.yaml:4) onto the wire lan (lab.yaml:1).
  9. At the wire lan (lab.yaml:1) its source 08:00:27:00:00:01 was known behind node-1.eth0, learned from frame 1 of lan.out 6 ms before; it was heard again.
  10. Its destination 02:00:00:00:00:09 lives behind lan.out, learned from frame 1 of lan.out 6 ms before.
  11. It left by lan.out (lab.yaml:1).`,
  );
});

test('a reply is told with the frame that opened its connection, and is turned back', (t) => {
  t.deepEqual(atHost(syn, synAck), [
    'It is a reply of the connection opened by frame 7 of c1 (SYN_RECV), which node-1 keeps for 60 s.',
    'Its destination 192.0.2.1:40000 is turned back into 172.27.0.2:40000: the masquerade of network lan-a (lab.yaml:8).',
    ROUTE_A,
    ...TO_C1,
  ]);
});

test('a later packet of the opener belongs to the connection, and is translated as the first one was', (t) => {
  t.deepEqual(atHost(syn, synAck, ack), [
    'It belongs to the connection opened by frame 7 of c1 (ESTABLISHED, assured), which node-1 keeps for 5 days.',
    ROUTE_OUT,
    'Its source 172.27.0.2:40000 becomes 192.0.2.1:40000: the masquerade of network lan-a (lab.yaml:8).',
    TO_ROUTER,
  ]);
});

test('a published port is told with its line, there and back', (t) => {
  t.deepEqual(atHost(asked), [
    'It opens a connection (SYN_SENT, no reply yet), which node-1 keeps for 2 min.',
    'Its destination 192.0.2.1:8080 becomes 172.27.0.3:80: the published port of web (lab.yaml:24, ports).',
    ROUTE_A,
    ...TO_WEB,
  ]);
  t.deepEqual(atHost(asked, answered), [
    'It is a reply of the connection opened by frame 7 of lan.out (SYN_RECV), which node-1 keeps for 60 s.',
    ROUTE_OUT,
    'Its source 172.27.0.3:80 is turned back into 192.0.2.1:8080: the published port of web (lab.yaml:24, ports).',
    TO_ROUTER,
  ]);
});

test('who asks for a port that its own network publishes has both its addresses changed, there and back', (t) => {
  const hairpin =
    'answers within the network of a published port go by way of the host (lab.yaml:24, ports).';
  t.deepEqual(atHost(askedNextDoor), [
    'It opens a connection (SYN_SENT, no reply yet), which node-1 keeps for 2 min.',
    'Its destination 192.0.2.1:8080 becomes 172.27.0.3:80: the published port of web (lab.yaml:24, ports).',
    ROUTE_A,
    `Its source 172.27.0.2:5000 becomes 172.27.0.1:5000: ${hairpin}`,
    ...TO_WEB,
  ]);
  t.deepEqual(atHost(askedNextDoor, answeredNextDoor), [
    'It is a reply of the connection opened by frame 7 of c1 (SYN_RECV), which node-1 keeps for 60 s.',
    `Its destination 172.27.0.1:5000 is turned back into 172.27.0.2:5000: ${hairpin}`,
    ROUTE_A,
    'Its source 172.27.0.3:80 is turned back into 192.0.2.1:8080: the published port of web (lab.yaml:24, ports).',
    ...TO_C1,
  ]);
});

test('an echo is told with its identifier, and the key that masquerades it', (t) => {
  const asks: Came = ['c2', echo(c2, at(far, host.b), 'request')];
  t.deepEqual(atHost(asks).slice(0, 3), [
    'It opens a connection (no reply yet), which node-1 keeps for 30 s.',
    ROUTE_OUT,
    'Its source 172.18.0.2 (id 7) becomes 192.0.2.1 (id 7): the masquerade of network lan-b (lab.yaml:11, enable_ip_masquerade).',
  ]);
  t.deepEqual(atHost(asks, ['lan.out', echo(fromFar, host.lan, 'reply')]).slice(0, 2), [
    'It is a reply of the connection opened by frame 7 of c2, which node-1 keeps for 30 s.',
    'Its destination 192.0.2.1 is turned back into 172.18.0.2: the masquerade of network lan-b (lab.yaml:11, enable_ip_masquerade).',
  ]);
});

test('a packet that fits no connection says so, and one that nothing translates says nothing of it', (t) => {
  const stray: Came = ['c1', tcp(c1, toFar, [1, 2], SYN | ACK)];
  t.deepEqual(atHost(stray), [
    'node-1 knows no connection that it belongs to, and none begins like this: it is not translated.',
    ROUTE_OUT,
    TO_ROUTER,
  ]);
  const routed: Came = ['c4', udp(c4, at(far, host.open), [1, 2])];
  t.deepEqual(atHost(routed), [
    'It opens a connection (no reply yet), which node-1 keeps for 30 s.',
    ROUTE_OUT,
    TO_ROUTER,
  ]);
});

/** A packet that Docker does not let pass, where it would have gone, and why not. */
const denied: readonly (readonly [claim: string, came: Came, route: string, why: string])[] = [
  [
    'networks are kept apart, by the gateway mode of the one',
    ['c1', udp(c1, at('172.18.0.2', host.a), [1, 2])],
    '172.18.0.0/16 dev lan-b (lab.yaml:12)',
    'it comes from another network, and Docker keeps its networks apart except for published ports; it comes from lan-a (lab.yaml:8) and the gateway mode of lan-b is nat by default (lab.yaml:10). [bridge-isolated]',
  ],
  [
    'of a container only what it publishes is reached',
    ['lan.out', udp(fromFar, at('172.20.0.2', host.lan), [1, 2])],
    '172.20.0.0/16 dev open (lab.yaml:18)',
    'it is for no port that its container publishes to the outside; c4 publishes only 90/tcp (lab.yaml:29). [port-not-published]',
  ],
  [
    'the address of a container is nothing to the outside',
    ['lan.out', udp(fromFar, at('172.27.0.2', host.lan), [1, 2])],
    '172.27.0.0/16 dev lan-a (lab.yaml:9)',
    'it comes from outside for the address of a container itself, which gateway mode nat keeps to the host; the gateway mode of lan-a is nat by default (lab.yaml:8). [direct-routing-denied]',
  ],
  [
    'nothing leaves an internal network',
    ['c3', udp(c3, at(far, host.shut), [1, 2])],
    '0.0.0.0/0 via 192.0.2.9 (lab.yaml:5)',
    'nothing enters or leaves an internal network; shut is internal (lab.yaml:14). [internal-network]',
  ],
  [
    'a host with Docker is no router between its NICs',
    ['lan.out', udp(fromFar, at('9.9.9.9', host.lan), [1, 2])],
    '0.0.0.0/0 via 192.0.2.9 (lab.yaml:5)',
    'no rule of Docker lets it from this interface to that one, and what no rule allows is not forwarded; Docker runs on node-1, and eth0 is not a bridge network with a subnet (lab.yaml:3). [forwarding-denied]',
  ],
];

for (const [claim, came, route, why] of denied)
  test(`a drop of the firewall names its lines: ${claim}`, (t) => {
    t.deepEqual(atHost(came), [
      'It would open a connection.',
      `It would go by the route ${route}.`,
      `It was dropped because ${why}`,
    ]);
  });

test('an error that the host sends is told where the packet ended', (t) => {
  t.deepEqual(atHost(['c1', udp(c1, toFar, [1, 2], { ttl: 1 })]), [
    'It would go by the route 0.0.0.0/0 via 192.0.2.9 (lab.yaml:5).',
    'The host told its sender so by ICMP: time exceeded.',
    'It was dropped because it has passed as many routers as it may. [hop-limit-exceeded]',
  ]);
  t.deepEqual(atHost(['c1', udp(c1, toFar, [1, 2], { bytes: 1450, fragment: 0x4000 })]), [
    'It would go by the route 0.0.0.0/0 via 192.0.2.9 (lab.yaml:5).',
    'The host told its sender so by ICMP: packet too big.',
    'It was dropped because it is longer than the MTU of its way out and may not be fragmented; the MTU of node-1.eth0 is 1400 (lab.yaml:4). [fragmentation-needed]',
  ]);
});

/** The sentence about a drop behind which no other line stands. */
function dropped(reason: Reason): string {
  const { says, name } = reasonText(reason);
  return `It was dropped because ${says}. [${name}]`;
}

test('a route that leads nowhere is told with its kind, and with the error that goes with it', (t) => {
  t.deepEqual(atHost(['c1', udp(c1, at('198.51.100.4', host.a), [1, 2])]), [
    'Its route is prohibit 198.51.100.0/24 (lab.yaml:6).',
    'The host told its sender so by ICMP: administratively prohibited.',
    dropped(Reason.RouteProhibited),
  ]);
  t.deepEqual(atHost(['c1', udp(c1, at('203.0.113.4', host.a), [1, 2])]), [
    'Its route is blackhole 203.0.113.0/24 (lab.yaml:6).',
    dropped(Reason.RouteBlackhole),
  ]);
  t.deepEqual(atHost(['c1', udp(c1, at('198.51.101.4', host.a), [1, 2])]), [
    'Its route is unreachable 198.51.101.0/24 (lab.yaml:6).',
    'The host told its sender so by ICMP: host unreachable.',
    dropped(Reason.RouteUnreachable),
  ]);
});

test('a packet that is too long goes on in pieces, each with a way of its own', (t) => {
  const explanation = explanationOf(['c1', udp(c1, toFar, [1, 2], { bytes: 1450 })]);
  const route = explanation.hops.findIndex(({ stage }) => stage === 'route');
  t.is(explanation.hops.filter(({ after }) => after === route).length, 2);
  t.regex(
    told(explanation),
    /7\. It goes on in 2 fragments: the MTU of node-1\.eth0 is 1400 \(lab\.yaml:4\)\.\n/,
  );
});

const later: Came = ['c1', udp(c1, toFar, [1, 2], { bytes: 800, fragment: 0x0010 })];
const first: Came = ['c1', udp(c1, toFar, [1, 2], { bytes: 120, fragment: 0x2000 })];

test('a later fragment waits for the first, which tells whom it has set free', (t) => {
  const waiting = explanationOf(later);
  t.like(waiting.hops, [{ stage: 'bridge', verdict: 'route', gathers: true }]);
  t.true(
    told(waiting).endsWith(
      '4. It is a later fragment: it waits for the first one of its datagram, which alone has the ports.',
    ),
  );
  t.deepEqual(atHost(later, first), [
    'It opens a connection (no reply yet), which node-1 keeps for 30 s.',
    'It is the first fragment, for which frame 7 of c1 had waited.',
    ROUTE_OUT,
    'Its source 172.27.0.2:1 becomes 192.0.2.1:1: the masquerade of network lan-a (lab.yaml:8).',
    TO_ROUTER,
  ]);
});

test('--json: the connection and what was translated are data', (t) => {
  const [, route] = explanationOf(askedNextDoor, answeredNextDoor).hops;
  t.like(route, {
    stage: 'route',
    host: 'node-1',
    nextHop: '172.27.0.2',
    link: { name: 'lan-a', host: 'node-1' },
    connection: {
      host: 'node-1',
      part: 'replies',
      openedBy: { port: 'c1', number: 7 },
      state: 'SYN_RECV',
      replied: true,
      assured: false,
      livesFor_s: 60,
    },
  });
  t.like(route?.stage === 'route' ? route.translations : [], [
    {
      what: 'destination',
      from: { address: '172.27.0.1', port: 5000 },
      to: { address: '172.27.0.2', port: 5000 },
      back: true,
    },
    {
      what: 'source',
      from: { address: '172.27.0.3', port: 80 },
      to: { address: '192.0.2.1', port: 8080 },
      back: true,
      rule: { rule: 'the published port of web', at: { line: 24 }, key: 'ports' },
    },
  ]);
});

const homeFrames = (...ports: readonly number[]): readonly Came[] => [
  ['in.p', words.arpRequest(pc, inner)],
  ['out.p', words.arpRequest(one, outer)],
  ['out.p', words.arpRequest(other, outer)],
  ...ports.map((port): Came => ['in.p', udp(pc, toOne, [port, 53])]),
];

/** What a home router made of the last of these frames. */
function atHome(yaml: string, frames: readonly Came[]): string[] {
  const explanation = explainedFrames(labOf(yaml), frames);
  return explanation.hops.flatMap((hop, index) =>
    hop.stage === 'route' ? sentencesAt(explanation, hop, index) : [],
  );
}

test('a rule of x-nat is told in its own words, and so is its end when its ports are', (t) => {
  const lab = home('profile: linux', 'to: masquerade, ports: 40000-40000, protocol: udp');
  const rule = 'snat 10.0.0.0/24 out eth0 → masquerade, ports 40000, udp (lab.yaml:11';
  t.deepEqual(atHome(lab, homeFrames(1000)), [
    'It opens a connection (no reply yet), which gw keeps for 30 s.',
    'It goes by the route 192.0.2.0/24 dev eth0 (lab.yaml:5).',
    `Its source 10.0.0.5:1000 becomes 192.0.2.1:40000: ${rule}, x-nat).`,
    'The next hop has the MAC 02:00:00:00:02:08.',
  ]);
  const { says, name } = reasonText(Reason.NatPortsExhausted);
  t.deepEqual(atHome(lab, homeFrames(1000, 1001)), [
    'It would open a connection.',
    'It would go by the route 192.0.2.0/24 dev eth0 (lab.yaml:5).',
    'The host told its sender so by ICMP: administratively prohibited.',
    `It was dropped because ${says}; ${rule}). [${name}]`,
  ]);
});

test('in the profile rfc4787 who comes in by a mapping is told what has made it', (t) => {
  const lab = home('profile: rfc4787', 'to: masquerade');
  const called: Came = ['out.p', udp(other, outer, [7000, 1000])];
  t.deepEqual(atHome(lab, [...homeFrames(1000), called]).slice(0, 3), [
    'It opens a connection (no reply yet), which gw keeps for 5 min.',
    'Its destination 192.0.2.1:1000 becomes 10.0.0.5:1000: a mapping that was made by snat 10.0.0.0/24 out eth0 → masquerade (lab.yaml:11, x-nat).',
    'It goes by the route 10.0.0.0/24 dev eth1 (lab.yaml:6).',
  ]);
});

test('a host that tracks as many connections as it may says where that is written', (t) => {
  const lab = home('connections_max: 16', 'to: masquerade');
  const assured = Array.from({ length: 16 }, (_, i) => 1000 + i).flatMap((port): Came[] => [
    ['in.p', tcp(pc, toOne, [port, 80], SYN)],
    ['out.p', tcp(one, outer, [80, port], SYN | ACK, [100, 2])],
    ['in.p', tcp(pc, toOne, [port, 80], ACK, [2, 101])],
  ]);
  const { says, name } = reasonText(Reason.ConnectionsExceeded);
  const told = atHome(lab, [...homeFrames(), ...assured, ...homeFrames(2000).slice(-1)]);
  t.is(
    told.at(-1),
    `It was dropped because ${says}; gw tracks 16 connections at the most (lab.yaml:9). [${name}]`,
  );
});
