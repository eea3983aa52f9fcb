import test from 'ava';
import { sumOf, u16 } from '../layer3/packets.js';
import { inner } from './ends.js';
import { A, C1, EVERYBODY, FAR, HOST, ipv6, settled, Tunnel } from './lab.js';

const REMOTE = 'remotes: [192.168.99.2]';
const REMOTE6 = 'remotes: ["fd99::2"]';
const IPV6 = { source: ipv6('fd00::2'), destination: ipv6('fd00::3') };
const IPV6_HEADER = 40;
const UDP_IPV4 = 28;

/** A frame with an IPv4 packet of so many bytes. */
const ofBytes = (bytes: number, packet: Parameters<typeof inner>[0] = {}): string =>
  inner({ data: '00'.repeat(bytes - UDP_IPV4), ...packet }, { to: FAR.mac, from: C1.mac });
const ofBytesIpv6 = (bytes: number): string =>
  inner({ ...IPV6, data: '00'.repeat(bytes - IPV6_HEADER - 8) }, { to: FAR.mac, from: C1.mac });

const outside = ({ left }: { left: readonly { port: string; digits: string }[] }) =>
  left.filter(({ port }) => port === 'h.eth0');

for (const [over, vxlan, most] of [
  ['IPv4: 50 bytes', REMOTE, 1450],
  ['IPv6: 70 bytes', REMOTE6, 1430],
] as const) {
  test(`VX-16: an inner packet fits as long as the headers around it do, over ${over}`, (t) => {
    const tunnel = settled({ vxlan });
    t.is(outside(tunnel.send(ofBytes(most))).length, 1);
    const { left, ended } = tunnel.send(ofBytes(most + 1));
    t.deepEqual(ended, ['dropped: vxlan-mtu']);
    t.deepEqual(
      left.map(({ port }) => port),
      ['c2'],
      'who is on the same bridge gets it all the same',
    );
  });

  test(`VX-16: an inner tag that goes along takes 4 bytes more, over ${over}`, (t) => {
    const tunnel = settled({ vxlan: `${vxlan}, inner_tags: true`, bridge: 'ageing: 300s' });
    const tags = '81000064';
    const frame = (bytes: number): string =>
      inner({ data: '00'.repeat(bytes - UDP_IPV4) }, { to: FAR.mac, from: C1.mac, tags });
    t.is(outside(tunnel.send(frame(most - 4))).length, 1);
    t.deepEqual(tunnel.send(frame(most - 3)).ended, ['dropped: vxlan-mtu']);
  });

  test(`VX-16: a sender that forbids fragments hears how long its packets may be, from who they were for, over ${over}`, (t) => {
    const tunnel = settled({ vxlan });
    const { left, ended } = tunnel.send(ofBytes(most + 1, { isWhole: true }));
    t.deepEqual(ended, ['dropped: vxlan-mtu']);
    const [error = ''] = left.filter(({ port }) => port === 'c1').map(({ digits }) => digits);
    t.is(error.slice(0, 28), `${C1.mac}${FAR.mac}0800`);
    t.is(error.slice(52, 68), `${FAR.ip}${C1.ip}`);
    t.is(error.slice(68, 72), '0304');
    t.is(error.slice(76, 84), `0000${u16(most)}`);
    t.is(sumOf(error.slice(28, 68)), 0xffff, 'its header has a right checksum');
    t.is(sumOf(error.slice(68)), 0xffff, 'and so has its message');
    const quoted = ofBytes(most + 1, { isWhole: true }).slice(28);
    t.true(quoted.startsWith(error.slice(84)));
  });

  test(`VX-16: of IPv6 every sender hears it, over ${over}`, (t) => {
    const tunnel = settled({ vxlan });
    t.is(outside(tunnel.send(ofBytesIpv6(most))).length, 1);
    const { left, ended } = tunnel.send(ofBytesIpv6(most + 1));
    t.deepEqual(ended, ['dropped: vxlan-mtu']);
    const [error = ''] = left.filter(({ port }) => port === 'c1').map(({ digits }) => digits);
    t.is(error.slice(0, 28), `${C1.mac}${FAR.mac}86dd`);
    t.is(error.slice(44, 108), `${IPV6.destination}${IPV6.source}`);
    t.is(error.slice(108, 112), '0200');
    t.is(error.slice(116, 124), `0000${u16(most)}`);
    const message = error.slice(108);
    const pseudo = `${error.slice(44, 108)}${u16(message.length / 2)}${u16(58)}`;
    t.is(sumOf(pseudo + message), 0xffff);
  });
}

test('VX-16: nobody is told about errors, later fragments, frames for everybody, and packets without DF', (t) => {
  const tunnel = settled({ vxlan: REMOTE });
  const long = { data: '00'.repeat(1450) };
  const error = { protocol: 'echo' as const, port: 0, toPort: 3, isWhole: true, ...long };
  const silent = [
    inner(error, { to: FAR.mac, from: C1.mac }),
    inner({ ...long, offset: 100, isWhole: true }, { to: FAR.mac, from: C1.mac }),
    inner({ ...long, isWhole: true }, { to: EVERYBODY, from: C1.mac }),
    inner(long, { to: FAR.mac, from: C1.mac }),
    inner({ ...long, source: '00000000', isWhole: true }, { to: FAR.mac, from: C1.mac }),
  ];
  for (const digits of silent) {
    const { left, ended } = tunnel.send(digits);
    t.deepEqual(
      left.map(({ port }) => port),
      ['c2'],
    );
    t.deepEqual(ended, ['dropped: vxlan-mtu']);
  }
});

test('VX-16: in a VLAN that has a VNI the error comes back with its tag', (t) => {
  const tunnel = settled({
    bridge: 'vlan_filtering: true',
    vxlan: `vlans: { 10: 1010 }, ${REMOTE}`,
  });
  const packet = { data: '00'.repeat(1440), isWhole: true };
  const tags = '8100000a';
  const { left } = tunnel.send(inner(packet, { to: FAR.mac, from: C1.mac, tags }));
  const [error = ''] = left.filter(({ port }) => port === 'c1').map(({ digits }) => digits);
  t.is(error.slice(0, 36), `${C1.mac}${FAR.mac}${tags}0800`);
  t.is(error.slice(84, 92), `0000${u16(1450)}`);
});

test('VX-11: an outer packet is never fragmented, whatever its DF bit says', (t) => {
  for (const df of ['unset', 'set']) {
    const tunnel = settled({ vxlan: `${REMOTE}, df: ${df}`, nic: 'mtu: 1000' });
    for (let bytes = 900; bytes <= 1000; bytes++) {
      const sent = outside(tunnel.send(ofBytes(bytes)));
      t.is(sent.length, bytes <= 950 ? 1 : 0, `${bytes} bytes`);
      // The word of flags and offset: DF or nothing.
      for (const { digits } of sent) t.is(digits.slice(40, 44), df === 'set' ? '4000' : '0000');
    }
  }
});

test('VX-11: a larger underlay carries larger frames', (t) => {
  const tunnel = new Tunnel({ vxlan: REMOTE, nic: 'mtu: 1550' });
  t.is(outside(tunnel.send(ofBytes(1500))).length, 1);
  const { left } = tunnel.receive({
    source: A.ip,
    destination: HOST.ip,
    inner: inner(
      { source: FAR.ip, destination: C1.ip, data: '00'.repeat(1472) },
      { to: C1.mac, from: FAR.mac },
    ),
  });
  t.deepEqual(
    left.map(({ port }) => port),
    ['c1'],
  );
});
