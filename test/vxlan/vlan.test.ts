import test from 'ava';
import { inner } from './ends.js';
import { C1, C2, EVERYBODY, FAR, fromFar, settled, toFar, Tunnel } from './lab.js';

const REMOTE = 'remotes: [192.168.99.2]';
const MAPPED = {
  bridge: 'vlan_filtering: true',
  vxlan: `vlans: { 10: 1010, 20: 1020 }, ${REMOTE}`,
};
const TAG10 = '8100600a';
const TAG20 = '81000014';
const TAG30 = '8100001e';

const tagged = (tags: string): string => inner({}, { to: FAR.mac, from: C1.mac, tags });
const taggedBack = (tags: string): string =>
  inner({ source: FAR.ip, destination: C1.ip }, { to: C1.mac, from: FAR.mac, tags });

test('VX-12: a frame goes into the tunnel without its tags, however many it has', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE });
  for (const tags of [TAG10, `88a80064${TAG10}`])
    t.deepEqual(
      tunnel.sent(tagged(tags)).map((outer) => outer.inner),
      [toFar()],
    );
});

test('VX-12: a frame that comes out with a tag is discarded', (t) => {
  const { left, ended } = settled({ vxlan: REMOTE }).receive({ inner: taggedBack(TAG10) });
  t.deepEqual(left, []);
  t.deepEqual(ended, ['dropped: vxlan-inner-tag']);
});

test('VX-12: with `inner_tags` frames keep their tags both ways', (t) => {
  const tunnel = settled({ vxlan: `${REMOTE}, inner_tags: true` });
  t.deepEqual(
    tunnel.sent(tagged(TAG10)).map((outer) => outer.inner),
    [tagged(TAG10)],
  );
  const digits = taggedBack(TAG10);
  t.deepEqual(tunnel.receive({ inner: digits }).left, [{ port: 'c1', digits }]);
});

test('VX-12: each VLAN of a bridge has a VNI, and comes out of that again with its tag', (t) => {
  const tunnel = settled(MAPPED);
  const sent = [TAG10, TAG20].map((tags) => tunnel.sent(tagged(tags))[0]);
  t.deepEqual(
    sent.map((outer) => [outer?.vni, outer?.inner]),
    [
      [1010, toFar()],
      [1020, toFar()],
    ],
  );
  for (const [vni, tag] of [
    [1010, '8100000a'],
    [1020, '81000014'],
  ] as const) {
    const { left } = tunnel.receive({ vni, inner: fromFar() });
    t.deepEqual(left, [{ port: 'c1', digits: taggedBack(tag) }]);
  }
});

test('VX-12: a VLAN without a VNI, and frames of none, do not go into the tunnel', (t) => {
  const tunnel = new Tunnel(MAPPED);
  t.deepEqual(tunnel.sent(tagged(TAG30)), []);
  t.deepEqual(tunnel.sent(toFar()), []);
});

test('VX-8: the same MAC in two VLANs is two stations, behind two ends', (t) => {
  const tunnel = settled(MAPPED);
  tunnel.receive({ vni: 1010, inner: fromFar() });
  const out = inner({}, { to: EVERYBODY, from: C2.mac, tags: TAG20 });
  t.deepEqual(
    tunnel.pass({ port: 'c2', digits: out }).left.map(({ port }) => port),
    ['c1', 'h.eth0'],
  );
  t.is(tunnel.plane.remotes[0]?.fdb.learned, 1);
});
