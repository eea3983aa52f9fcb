import test from 'ava';
import { ip } from '../layer3/packets.js';
import { outerFrame } from './ends.js';
import { A, B, ENDS, fromFar, HOST, ipv6, settled, toEverybody, toFar } from './lab.js';

const GROUP = 'group: 239.1.2.3, dev: eth0';
const GROUP6 = 'group: "ff05::1:3", dev: eth0';
const GROUP_MAC = '01005e010203';
const GROUP_MAC6 = '333300010003';

test('VX-10: frames for everybody go once to the group, with its MAC and TTL 1', (t) => {
  const tunnel = settled({ vxlan: GROUP });
  const sent = tunnel.sent(toEverybody());
  t.deepEqual(
    sent.map(({ to, from, source, destination, ttl, inner }) => [
      to,
      from,
      source,
      destination,
      ttl,
      inner,
    ]),
    [[GROUP_MAC, HOST.mac, HOST.ip, ip('239.1.2.3'), 1, toEverybody()]],
  );
});

test('VX-10: over IPv6 likewise', (t) => {
  const tunnel = settled({ vxlan: GROUP6 });
  const sent = tunnel.sent(toEverybody());
  t.deepEqual(
    sent.map(({ to, source, destination, ttl }) => [to, source, destination, ttl]),
    [[GROUP_MAC6, HOST.ipv6, ipv6('ff05::1:3'), 1]],
  );
});

test('VX-9: who was heard by way of the group is spoken to alone', (t) => {
  const tunnel = settled({ vxlan: GROUP });
  const way = { source: B.ip, destination: ip('239.1.2.3'), to: GROUP_MAC, from: B.mac, vni: 42 };
  const heard = tunnel.pass({ port: 'h.eth0', digits: outerFrame({ ...way, inner: fromFar() }) });
  t.deepEqual(heard.left, [{ port: 'c1', digits: fromFar() }]);
  t.deepEqual(
    tunnel.sent(toFar()).map(({ destination, to }) => [destination, to]),
    [[B.ip, B.mac]],
  );
});

test('a group to which no tunnel end listens is not heard, nor one of another VNI', (t) => {
  const tunnel = settled({ vxlan: GROUP });
  for (const change of [
    { destination: ip('239.1.2.4'), to: '01005e010204' },
    { destination: ip('239.1.2.3'), to: GROUP_MAC, vni: 43 },
  ]) {
    const way = { source: A.ip, from: A.mac, vni: 42, ...change };
    const { left } = tunnel.pass({
      port: 'h.eth0',
      digits: outerFrame({ ...way, inner: fromFar() }),
    });
    t.deepEqual(left, []);
  }
});

test('a group is spoken to without asking for its MAC', (t) => {
  const tunnel = settled({ vxlan: GROUP });
  const { left } = tunnel.send(toEverybody());
  t.deepEqual(
    left.map(({ port, digits }) => `${port} ${digits.slice(24, 28)}`),
    ['c2 0800', 'h.eth0 0800'],
  );
  t.is(ENDS.length, 3);
});
