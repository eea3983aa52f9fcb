/** What routers and neighbors say of themselves in IPv6 (RFC 4861): through a bridge as it is, and a host believes no more than it has to. */
import test from 'ava';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u32, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { advertisement } from '../../pcaps/build/ipv6.js';
import { bridge } from '../dataplane/lab.js';
import {
  atA,
  atB,
  eth0,
  eth1,
  far,
  frame6,
  heard,
  leaves,
  message6,
  near,
  packet6,
  party,
  routerLab,
  udp,
} from '../dataplane/routed.js';
import { digitsOf } from '../layer2/frames.js';
import { scenario } from '../layer2/scenario.js';

const linkLocal = (last: number): Uint8Array => join(hex('fe80'), new Uint8Array(13), u8(last));
const router: Station = { ...party(1, 1), ip6: linkLocal(1) };
const host: Station = { ...party(1, 2), ip6: linkLocal(2) };
const group = (last: number): Station => ({
  ...host,
  ip6: join(hex('ff02'), new Uint8Array(13), u8(last)),
});
const own = (station: Station): Uint8Array => join(u8(1, 1), station.mac);

/** A message of neighbor discovery as `raw`, from the EtherType on; its hop limit is 255. */
function raw(from: Station, to: Station, type: number, detail: number, body: Uint8Array): string {
  const message = message6(from, to, type << 8, detail, body);
  return digitsOf(frame6(from, to, packet6(from, to, Protocol.Icmpv6, message, 255))).slice(24);
}

const prefix = join(
  u8(3, 4, 64, 0xc0),
  u32(86_400, 14_400, 0),
  hex('fd000001'),
  new Uint8Array(12),
);
const advertised = raw(router, group(1), 134, 0x4000_0708, join(u32(0, 0), own(router), prefix));
const solicited = raw(host, group(2), 133, 0, own(host));
const redirected = raw(router, host, Icmpv6Type.Redirect, 0, join(linkLocal(3), far.ip6));

scenario(
  'D-6: router advertisements, router solicitations and redirects pass through a bridge untouched',
  {
    lab: bridge('c1 c2 c3'),
    story: `
    c1: c1>33:33:00:00:00:01 raw=${advertised} => c2 c3
    c2: c2>33:33:00:00:00:02 raw=${solicited} => c1 c3
    c1: c1>c2 raw=${redirected} => c2`,
  },
);

const lab = routerLab();
const absent = party(2, 66);
const packet = (to: Station, hops: number): Uint8Array =>
  packet6(near, to, Protocol.Udp, udp(6, near, to), hops);
test('D-6, R-13: a host that forwards follows no redirect (Linux accept_redirects)', (t) => {
  const redirect = packet6(
    { ...eth1, ip6: far.ip6 },
    eth1,
    Protocol.Icmpv6,
    message6(far, eth1, Icmpv6Type.Redirect << 8, 0, join(absent.ip6, far.ip6)),
    255,
  );
  const sent = frame6(near, eth0, packet(far, 64));
  const [, after] = heard(lab, [atB(frame6(far, eth1, redirect)), atA(sent)]);
  t.deepEqual(after, [leaves('b.p', frame6(eth1, far, packet(far, 63)))]);
});

test('D-3: an advertisement without a link-layer address tells nothing of a neighbor that is being looked for; one with it does', (t) => {
  const silent = packet6(
    absent,
    eth1,
    Protocol.Icmpv6,
    message6(absent, eth1, Icmpv6Type.NeighborAdvertisement << 8, 0x6000_0000, absent.ip6),
    255,
  );
  const [, second, third] = heard(lab, [
    atA(frame6(near, eth0, packet(absent, 64))),
    atB(frame6(absent, eth1, silent)),
    atB(advertisement(absent, eth1)),
  ]);
  t.deepEqual(second, ['consumed: host-stack']);
  t.true(third?.includes(leaves('b.p', frame6(eth1, absent, packet(absent, 63)))));
});

test('D-3: an advertisement of a neighbor that is known is believed, whether it says override or not', (t) => {
  for (const flags of [0x60, 0x40, 0x20, 0]) {
    const moved = { ...far, mac: absent.mac };
    const [, after] = heard(lab, [
      atB(advertisement(moved, eth1, flags)),
      atA(frame6(near, eth0, packet(far, 64))),
    ]);
    t.deepEqual(after, [leaves('b.p', frame6(eth1, moved, packet(far, 63)))], String(flags));
  }
});
