/** What is told of packets at a home router with the profile rfc4787, where it does otherwise than Linux. */
import test from 'ava';
import { sentencesOf } from '../../control/explain/sentences.js';
import { labOf } from '../dataplane/lab.js';
import { home, inner, one, other, outer, pc } from './home-lab.js';
import {
  ACK,
  arpRequest,
  at,
  c1,
  c2,
  c3,
  c4,
  echo,
  host,
  known,
  LAB,
  router,
  SYN,
  tcp,
  udp,
} from './routed-lab.js';
import type { Came } from './routed-lab.js';
import { explainedFrames } from './told.js';

const introduced: readonly Came[] = [
  ['in.p', arpRequest(pc, inner)],
  ['out.p', arpRequest(one, outer)],
  ['out.p', arpRequest(other, outer)],
];

/** What is said of the last of these frames, which come after all have been introduced. */
function said(settings: string, ...frames: readonly Came[]): string[] {
  const lab = labOf(home(settings, 'to: masquerade'));
  return sentencesOf(explainedFrames(lab, [...introduced, ...frames]));
}

const unsolicited: Came = ['out.p', tcp(one, outer, [6000, 80], SYN)];

test('a SYN that nobody has asked for waits, which is told with the line of the profile; one that comes again does not', (t) => {
  t.is(
    said('profile: rfc4787', unsolicited).at(-1),
    'It opens a TCP connection that nobody inside has asked for: gw, whose profile is rfc4787 (lab.yaml:9), waits 6 s for the inside to open the same, and else says that the port is unreachable.',
  );
  t.is(
    said('profile: rfc4787', unsolicited, unsolicited).at(-1),
    'It was dropped because nobody inside had asked for the TCP connection that it would open. [syn-unsolicited]',
  );
});

test('what cannot be translated is told with the rule that would have, and in which file that stands', (t) => {
  const reset: Came = ['in.p', tcp(pc, at('192.0.2.8', inner), [1000, 80], ACK | 4)];
  t.deepEqual(said('profile: rfc4787', reset).slice(-3), [
    'gw knows no connection that it belongs to, and none begins like this: it is not translated.',
    'It would go by the route 192.0.2.0/24 dev eth0 (lab.yaml:5).',
    'It was dropped because it belongs to no connection and begins none, so that its source, which has to be translated, cannot be; snat 10.0.0.0/24 out eth0 → masquerade (lab.yaml:11). [nat-untranslatable]',
  ]);
});

test('N5382-5 N5508-2: how long a connection is kept is told with the line that says so', (t) => {
  const times =
    'timeouts: { icmp: 70s, tcp_established: 8000s, tcp_opening: 20s, tcp_closing: 250s }';
  const [near, seen] = [at('192.0.2.8', inner), outer];
  const opens: readonly Came[] = [
    ['in.p', tcp(pc, near, [1000, 80], SYN)],
    ['out.p', tcp(one, seen, [80, 1000], SYN | ACK, [100, 2])],
    ['in.p', tcp(pc, near, [1000, 80], ACK, [2, 101])],
  ];
  const closes: Came = ['in.p', tcp(pc, near, [1000, 80], ACK | 1, [2, 101])];
  for (const profile of ['linux', 'rfc4787']) {
    const kept = (...frames: readonly Came[]): string =>
      said(`profile: ${profile}\n    ${times}`, ...frames).find((sentence) =>
        sentence.includes('which gw keeps for'),
      ) ?? '';
    t.regex(kept(...opens.slice(0, 1)), /keeps for 20 s \(lab\.yaml:10, tcp_opening\)\.$/);
    t.regex(kept(...opens), /keeps for 8000 s \(lab\.yaml:10, tcp_established\)\.$/);
    t.regex(kept(...opens, closes), /keeps for 250 s \(lab\.yaml:10, tcp_closing\)\.$/);
    const ping: Came = ['in.p', echo(pc, near, 'request')];
    t.regex(kept(ping), /keeps for 70 s \(lab\.yaml:10, icmp\)\.$/);
    const datagram: Came = ['in.p', udp(pc, near, [1000, 53])];
    t.regex(kept(datagram), profile === 'linux' ? /keeps for 30 s\.$/ : /keeps for 5 min\.$/);
  }
});

test('N5508-9: an error that is kept back is told with the line that says so', (t) => {
  const closed: Came = ['out.p', udp(one, outer, [1000, 9])];
  const sentence =
    'The host does not tell its sender so (ICMP: port unreachable): it sends no errors by gw.eth0 (lab.yaml:9).';
  t.true(said('suppress_icmp_errors: [eth0]', closed).includes(sentence));
  t.false(said('suppress_icmp_errors: [eth1]', closed).includes(sentence));
});

/** A host with networks of Docker and this profile. */
const docker = labOf(`${LAB}x-nat: { node-1: { profile: rfc4787 } }\n`);
const far = '8.8.8.8';
/** By this c1 has the port 5000 of the host outside. */
const mapping: Came = ['c1', udp(c1, at(far, host.a), [5000, 53])];
const fromDocker = (...frames: readonly Came[]): string[] =>
  sentencesOf(explainedFrames(docker, [...known, mapping, ...frames]));

test('N4787-8: what Docker lets its hosts forward does not shut out who speaks to a mapped source, again and again; who names no mapping finds none', (t) => {
  const call: Came = ['lan.out', udp(at('9.9.9.9', router), host.lan, [7, 5000])];
  for (const calls of [[call], [call, call]]) {
    const told = fromDocker(...calls);
    t.is(told.at(-1), 'It left by c1 (lab.yaml:20).');
    t.true(
      told.some((sentence) =>
        sentence.startsWith('Its destination 192.0.2.1:5000 becomes 172.27.0.2:5000: a mapping'),
      ),
    );
  }
  const other: Came = ['lan.out', udp(at('9.9.9.9', router), host.lan, [7, 5001])];
  t.regex(fromDocker(other).at(-1) ?? '', /\[host-stack\]$/);
});

test('N4787-9a N7857-12: a neighbor on another network of Docker reaches a mapped source by its name outside, and has one himself', (t) => {
  const call: Came = ['c2', udp(c2, at('192.0.2.1', host.b), [6000, 5000])];
  const told = fromDocker(call);
  t.true(told.some((one) => one.startsWith('Its source 172.18.0.2:6000 becomes 192.0.2.1:6000')));
  t.is(told.at(-1), 'It left by c1 (lab.yaml:20).');
  const asked: Came = ['c1', echo(c1, at(far, host.a), 'request', 9)];
  const ping: Came = ['c2', echo(c2, at('192.0.2.1', host.b), 'request', 9)];
  const pinged = fromDocker(asked, ping);
  t.is(pinged.at(-1), 'It left by c1 (lab.yaml:20).');
  t.true(pinged.some((one) => one.startsWith('Its source 172.18.0.2')));
});

test('an internal network stays one', (t) => {
  const call: Came = ['c3', udp(c3, at('192.0.2.1', host.shut), [6000, 5000])];
  t.regex(fromDocker(call).at(-1) ?? '', /\[internal-network\]$/);
  const routed: Came = ['c4', udp(c4, at('192.0.2.1', host.open), [6000, 5000])];
  t.is(fromDocker(routed).at(-1), 'It left by c1 (lab.yaml:20).');
});
