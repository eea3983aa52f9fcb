/** Redirects of a router: RFC 1812 §5.2.7.2, RFC 4861 §4.5 and §8; Linux ip_rt_send_redirect, ndisc_send_redirect. Byte for byte (routed.ts). */
import test from 'ava';
import { told } from '../../control/cli/told.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u16, u8, viewOf } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { arpRequest } from '../../pcaps/build/ipv4.js';
import { solicitation } from '../../pcaps/build/ipv6.js';
import { labOf } from '../dataplane/lab.js';
import {
  atA,
  error4,
  eth0,
  far,
  frame4,
  frame6,
  heard,
  known,
  leaves,
  message4,
  message6,
  near,
  packet4,
  packet6,
  party,
  sealed,
  udp,
} from '../dataplane/routed.js';
import { explainedFrames } from '../explain/told.js';

/** Another router on the wire of `near`, and who is behind it. */
const sibling = party(1, 8);
const behind: Station = { ...sibling, ip: u8(10, 7, 0, 1), ip6: hex(`fd07${'0'.repeat(27)}1`) };
const linkLocal = (end: string): Uint8Array => hex(`fe80${end.padStart(28, '0')}`);
const unseen: Station = { ...sibling, ip6: linkLocal('8') };
/** The router speaks from an address that its NIC has of its MAC. */
const speaker: Station = { ...eth0, ip6: linkLocal('0000fffe000101') };

const labWith = (more: string) =>
  labOf(`
x-wires: { a: { ports: { p: } }, b: { ports: { p: } } }
x-hosts:
  r:
    nics:
      eth0: { wire: a, mac: "02:00:00:00:01:01", addresses: [10.0.1.1/24, "fd00:1::1/64", "fe80::1/64"] }
      eth1: { wire: b, mac: "02:00:00:00:02:01", addresses: [10.0.2.1/24, "fd00:2::1/64"] }
    routes:
      - { to: 10.7.0.0/16, via: 10.0.1.8 }
      - { to: 10.9.0.0/16, via: 10.0.1.9 }
      - { to: "fd07::/16", via: "fe80::8", dev: eth0 }
      - { to: "fd09::/16", via: "fd00:1::8" }
${more}`);
const lab = labWith('');

const introduced = [
  arpRequest(sibling, eth0),
  solicitation(sibling, eth0),
  solicitation(unseen, eth0),
].map((frame) => atA(frame));
const after = (ends: string[][]): string[][] => ends.slice(introduced.length);
const ends = (one: ReturnType<typeof labWith>, ...sent: ReturnType<typeof atA>[]): string[][] =>
  after(heard(one, [...introduced, ...sent]));

const packet = (to: Station, ttl = 64, from = near): Uint8Array =>
  packet4(from, to, Protocol.Udp, udp(4, from, to), { ttl });
const to4 = (to: Station, from = near) => atA(frame4(from, eth0, packet(to, 64, from)));
const redirect4 = (to: Station, quote: Uint8Array, gateway: Station, id = 1): string =>
  leaves('a.p', error4(eth0, to, 0x0501, quote, { id, detail: viewOf(gateway.ip).getInt32(0) }));

test('R-13: who sends by way of the router what another on its link would take hears of that one, with the packet as it goes on; and it is forwarded all the same', (t) => {
  t.deepEqual(ends(lab, to4(behind)), [
    [
      redirect4(near, packet(behind, 63), sibling),
      leaves('a.p', frame4(eth0, sibling, packet(behind, 63))),
    ],
  ]);
});

test('R-13: the same of a destination on the link itself, which is its own next hop', (t) => {
  t.deepEqual(ends(lab, to4(sibling)), [
    [
      redirect4(near, packet(sibling, 63), sibling),
      leaves('a.p', frame4(eth0, sibling, packet(sibling, 63))),
    ],
  ]);
});

test('R-13: none to a source that is not on the link itself, nor about an ICMP error or a later fragment, nor where send_redirects is off', (t) => {
  const astray = { ...party(2, 50), mac: near.mac };
  const remote = { ...near, ip: u8(10, 9, 0, 1) };
  for (const from of [astray, remote])
    t.deepEqual(ends(lab, to4(behind, from)), [
      [leaves('a.p', frame4(eth0, sibling, packet(behind, 63, from)))],
    ]);
  const error = (ttl: number): Uint8Array =>
    packet4(near, behind, Protocol.Icmp, message4(0x0301, 0, packet(near, 9, behind)), { ttl });
  const later = (ttl: number): Uint8Array =>
    packet4(near, behind, Protocol.Udp, hex('0102030405060708'), { ttl, fragment: 9 });
  for (const silent of [error, later])
    t.deepEqual(ends(lab, atA(frame4(near, eth0, silent(64)))), [
      [leaves('a.p', frame4(eth0, sibling, silent(63)))],
    ]);
  t.deepEqual(ends(labWith('    send_redirects: false'), to4(behind)), [
    [leaves('a.p', frame4(eth0, sibling, packet(behind, 63)))],
  ]);
});

test('R-13: redirects to one source come after longer and longer pauses; what leaves by another interface brings none', (t) => {
  const at = (ms: number) => ({ ...to4(behind), seconds: ms / 1000 });
  const sent = [at(0), at(40), at(41), at(121), at(122), to4(far)];
  t.deepEqual(
    ends(lab, ...sent).map((one) => one.length - 1),
    [1, 0, 1, 0, 1, 0],
  );
});

/** One of the router about a packet to `to`, as it came; the MAC of the next hop is known. */
function redirect6(target: Station, to: Station, quote: Uint8Array): string {
  const option = (quote.length + 8) & ~7;
  const body = join(
    target.ip6,
    to.ip6,
    u8(2, 1),
    target.mac,
    u8(4, option / 8, 0, 0, 0, 0, 0, 0),
    quote.slice(0, option - 8),
  );
  const message = message6(speaker, near, 0x8900, 0, body);
  return leaves('a.p', frame6(eth0, near, packet6(speaker, near, Protocol.Icmpv6, message, 255)));
}
const packet6Of = (to: Station, hops = 64, from = near): Uint8Array =>
  packet6(from, to, Protocol.Udp, udp(6, from, to), hops);
const to6 = (to: Station, from = near) => atA(frame6(from, eth0, packet6Of(to, 64, from)));

test('R-13, D-6: IPv6: a router with a link-local address, or the destination itself, with its MAC, from the link-local address of the router', (t) => {
  t.deepEqual(ends(lab, to6(behind), to6(sibling)), [
    [
      redirect6(unseen, behind, packet6Of(behind)),
      leaves('a.p', frame6(eth0, sibling, packet6Of(behind, 63))),
    ],
    [
      redirect6(sibling, sibling, packet6Of(sibling)),
      leaves('a.p', frame6(eth0, sibling, packet6Of(sibling, 63))),
    ],
  ]);
});

test('R-13: IPv6: none names a router by another address, or goes to a source behind one; and no more than six at once', (t) => {
  const other = { ...behind, ip6: hex(`fd09${'0'.repeat(27)}1`) };
  const remote = { ...behind, mac: near.mac };
  t.deepEqual(ends(lab, to6(other), to6(sibling, remote)), [
    [leaves('a.p', frame6(eth0, sibling, packet6Of(other, 63)))],
    [leaves('a.p', frame6(eth0, sibling, packet6Of(sibling, 63, remote)))],
  ]);
  const sent = Array.from({ length: 8 }, () => to6(sibling));
  t.deepEqual(
    ends(lab, ...sent).map((one) => one.length - 1),
    [1, 1, 1, 1, 1, 1, 0, 0],
  );
});

/** The host publishes `sibling` on its own address, as Docker does for those who call it from their own network. */
const published = (profile: string) =>
  labWith(`x-nat:
  r:
    profile: ${profile}
    rules: [{ dnat: 10.0.1.1, protocol: udp, port: 7, to: 10.0.1.8, to_port: 9 }]
`);

test('R-13: of a translated packet the first brings a redirect, which quotes and names what it became; the later ones bring none, as in Linux', (t) => {
  const datagram = join(u16(5000, 9, 12, 0), hex('6c6f6f6d'));
  const became = packet4(
    near,
    sibling,
    Protocol.Udp,
    sealed(4, near, sibling, Protocol.Udp, datagram, 6),
    { ttl: 63 },
  );
  const later = { ...to4(eth0), seconds: 1 };
  const on = leaves('a.p', frame4(eth0, sibling, became));
  t.deepEqual(ends(published('linux'), to4(eth0), later), [
    [redirect4(near, became, sibling), on],
    [on],
  ]);
  t.deepEqual(ends(published('rfc4787'), to4(eth0)), [[on]], 'RFC 4787 hides what it became');
});

test('R-13: a redirect changes no route of a host that forwards', (t) => {
  const redirect = error4(sibling, eth0, 0x0501, packet(far, 64, eth0), {
    detail: viewOf(sibling.ip).getInt32(0),
  });
  const [, forwarded] = ends(lab, atA(redirect), to4(far));
  t.deepEqual(forwarded, [leaves('b.p', frame4(party(2, 1), far, packet(far, 63)))]);
});

test('R-13: explain tells that the sender heard of a shorter way, and the key that has it so', (t) => {
  const explain = (more: string): string => {
    const frames = [...known, ...introduced, to4(behind)].map(
      ({ port, frame }) => [port, frame] as const,
    );
    return told(explainedFrames(labWith(more), frames));
  };
  t.regex(explain(''), /It goes by the route 10\.7\.0\.0\/16 via 10\.0\.1\.8 \(lab\.yaml:9\)\./);
  const says = 'The host told its sender by ICMP that there is a shorter way: redirect';
  t.true(explain('').includes(`${says} (send_redirects, default).`));
  t.true(explain('    send_redirects: true').includes(`${says} (lab.yaml:13, send_redirects).`));
});
