/** ICMP errors that come late, or from afar (see complaints.test.ts). */
import test from 'ava';
import { Plane } from '../../dataplane/forward/plane.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink } from '../../dataplane/port/port.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { hex } from '../../pcaps/build/bytes.js';
import { arpRequest } from '../../pcaps/build/ipv4.js';
import { digitsOf } from '../layer2/frames.js';
import { labOf } from './lab.js';
import {
  atA,
  error4,
  eth0,
  eth1,
  far,
  frame4,
  heard,
  leaves,
  near,
  packet4,
  party,
  routerLab,
  scriptOf,
  udp,
} from './routed.js';
import { sourceOf } from './scenario.js';

const absent = party(2, 66);
const quiet = atA(hex('ffffffffffff 020000000109 88b5 00'), { seconds: 9 });

test('R-13, A-4: that a host is unreachable is said when it is given up, three seconds after the packet came', (t) => {
  const lab = routerLab();
  const plane = new Plane(lab.program);
  const { start, length, tick, bytes } = plane.frames;
  const left: string[] = [];
  const sink: Sink = {
    send(from, at, count) {
      for (const slot of from.slice(at, at + count)) {
        const begin = start[slot] ?? 0;
        const frame = bytes.slice(begin, begin + (length[slot] ?? 0));
        left.push(`${(tick[slot] ?? 0) / 1e9} s: ${digitsOf(frame)}`);
      }
      return 0;
    },
    refusals: NO_REFUSALS,
  };
  const of = (ttl: number): Uint8Array =>
    packet4(near, absent, Protocol.Udp, udp(4, near, absent), { ttl });
  const script = scriptOf(lab, [atA(frame4(near, eth0, of(64)), { seconds: 1 }), quiet]);
  const breath = breathOn(
    plane,
    sourceOf(plane, script, false),
    lab.ports.map(() => sink),
    1,
  );
  while (breath() > 0);
  const error = digitsOf(error4(eth0, near, 0x0301, of(63)));
  t.true(left.includes(`4 s: ${error}`), left.join('\n'));
});

test('R-2: what a farther router says passes the nearer ones like any packet, and what it asks the nearer one is answered at once', (t) => {
  const lab = labOf(`
x-wires: { a: { ports: { p: } }, b: { ports: { p: } } }
x-hosts:
  r:
    nics:
      eth0: { wire: a, mac: "02:00:00:00:01:01", addresses: [10.0.1.1/24, "fd00:1::1/64"] }
      eth1: { wire: b, mac: "02:00:00:00:02:01", addresses: [10.0.2.1/24, "fd00:2::1/64"] }
    gateway: 10.0.2.2
  s:
    nics:
      eth0: { wire: b, mac: "02:00:00:00:02:02", addresses: [10.0.2.2/24, "fd00:2::2/64"] }
    gateway: 10.0.2.1
`);
  const beyond = party(9, 9);
  const of = (ttl: number): Uint8Array =>
    packet4(near, beyond, Protocol.Udp, udp(4, near, beyond), { ttl });
  const [ends = []] = heard(lab, [atA(frame4(near, eth0, of(2)))]);
  const second = error4(eth0, near, 0x0b00, of(1), { from: party(2, 2), ttl: 63 });
  t.true(ends.includes(leaves('a.p', second)), ends.join('\n'));
  t.true(ends.includes('dropped: hop-limit-exceeded'));
  const asked = ends.filter((end) => end.startsWith('b.p'));
  t.is(asked[0], leaves('b.p', arpRequest(eth1, party(2, 2))));
});

test('A-4: each of those whose packets waited for the same address hears of its own', (t) => {
  const of = (from: typeof near): Uint8Array =>
    packet4(from, absent, Protocol.Udp, udp(4, from, absent));
  const forwarded = (from: typeof near): Uint8Array =>
    packet4(from, absent, Protocol.Udp, udp(4, from, absent), { ttl: 63 });
  const sent = [
    atA(frame4(near, eth0, of(near))),
    { ...atA(frame4(far, eth1, of(far))), port: 'b.p' },
    quiet,
  ];
  const last = heard(routerLab('send_redirects: false'), sent).at(-1) ?? [];
  t.true(last.includes(leaves('a.p', error4(eth0, near, 0x0301, forwarded(near)))));
  t.true(last.includes(leaves('b.p', error4(eth1, far, 0x0301, forwarded(far)))));
});
