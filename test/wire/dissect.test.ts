import test from 'ava';
import { describeFrame, type FrameDescription } from '../../control/explain/dissect.js';
import { ipv6Text } from '../../control/explain/text.js';
import { checksumOf, sum } from '../../dataplane/wire/checksum.js';
import { changed, frame, packet, type FrameName } from './frames.js';

const describe = (bytes: DataView): FrameDescription =>
  describeFrame(bytes, 0, bytes.byteLength, bytes.byteLength);

const SUMMARIES: Readonly<Record<FrameName, string>> = {
  arpRequest: 'ARP who has 172.18.0.3? tell 172.18.0.2',
  arpReply: 'ARP 172.18.0.3 is at 02:42:ac:12:00:03',
  echoRequest: 'ICMP echo request id 7 seq 1, 172.18.0.2 → 172.18.0.3',
  tcpSyn: 'TCP 172.18.0.2:40000 → 172.18.0.3:80 [SYN] seq 1',
  tcpPartial:
    'TCP 172.18.0.2:40000 → 172.18.0.3:80 [PSH, ACK] seq 2 ack 101 len 18 (checksum left to the network card)',
  udpQuery: 'UDP 172.18.0.2:41000 → 172.18.0.3:53 len 33',
  portUnreachable:
    'ICMP destination unreachable (port), 172.18.0.3 → 172.18.0.2, about UDP 172.18.0.2:41000 → 172.18.0.3:53 len 5',
  fragNeeded:
    'ICMP destination unreachable (fragmentation needed, next hop MTU 1400), 172.18.0.1 → 172.18.0.2, about TCP 172.18.0.2:40000 → 172.18.0.3:80',
  firstFragment: 'UDP 172.18.0.2:41000 → 172.18.0.3:9 len 1592 (first fragment of datagram 0x1c46)',
  lastFragment: 'IPv4 last fragment of datagram 0x1c46, from byte 24, 172.18.0.2 → 172.18.0.3',
  neighborSolicitation: 'ICMPv6 neighbor solicitation for fd00::3, fd00::2 → ff02::1:ff00:3',
  neighborAdvertisement:
    'ICMPv6 neighbor advertisement of fd00::3 (solicited, override), fd00::3 → fd00::2',
  routerAdvertisement: 'ICMPv6 router advertisement, fe80::1 → ff02::1',
  routerSolicitation: 'ICMPv6 router solicitation, fe80::42:acff:fe12:2 → ff02::2',
  tcpSynIpv6: 'TCP [fd00::2]:40000 → [fd00::3]:443 [SYN] seq 1',
  packetTooBig:
    'ICMPv6 packet too big (MTU 1280), fd00::1 → fd00::2, about TCP [fd00::2]:40000 → [fd00::3]:443 [SYN] seq 1',
  mldReport: 'ICMPv6 multicast listener report, :: → ff02::16',
  fragmentIpv6:
    'UDP [fd00::2]:41000 → [fd00::3]:9 len 1592 (first fragment of datagram 0x00c0ffee)',
  lastFragmentIpv6: 'IPv6 last fragment of datagram 0x00c0ffee, from byte 16, fd00::2 → fd00::3',
  vxlan: 'VXLAN 42 192.168.99.1:50000 → 192.168.99.2:4789, ARP who has 10.0.0.3? tell 10.0.0.2',
  tagged: 'ICMP echo reply id 7 seq 1, 172.18.0.2 → 172.18.0.3',
  doubleTagged: 'ARP 172.18.0.3 is at 02:42:ac:12:00:03',
  spanningTree: 'STP 02:42:ac:12:00:02 → 01:80:c2:00:00:00',
  lldp: 'LLDP from 02:42:ac:12:00:02',
  pause: 'MAC control (PAUSE) from 02:42:ac:12:00:02',
  snap: 'SNAP 0x2000, 02:42:ac:12:00:02 → 01:00:0c:cc:cc:cc',
  experimental: 'EtherType 0x88b5, 02:42:ac:12:00:02 → 02:42:ac:12:00:03',
};

for (const [name, summary] of Object.entries(SUMMARIES)) {
  test(`${name} reads: ${summary}`, (t) => {
    const description = describe(frame(name as FrameName));
    t.is(description.summary, summary);
    t.is(description.malformed, undefined);
  });
}

test('a description is plain data: it survives JSON unchanged', (t) => {
  const description = describe(frame('doubleTagged'));
  t.deepEqual(JSON.parse(JSON.stringify(description)), description);
  t.deepEqual(description, {
    length: 50,
    captured: 50,
    source: '02:42:ac:12:00:02',
    destination: '02:42:ac:12:00:03',
    tags: [
      { protocol: '0x88a8', vlan: 200, priority: 0, dropEligible: false },
      { protocol: '0x8100', vlan: 100, priority: 5, dropEligible: true },
    ],
    type: 'ARP',
    summary: 'ARP 172.18.0.3 is at 02:42:ac:12:00:03',
  });
});

test('the type is named, in hexadecimal where it has no name, and LLC where it is a length', (t) => {
  t.is(describe(frame('tcpSyn')).type, 'IPv4');
  t.is(describe(frame('experimental')).type, '0x88b5');
  t.is(describe(frame('snap')).type, 'LLC');
  t.deepEqual(describe(frame('tcpSynIpv6')).packet, { source: 'fd00::2', destination: 'fd00::3' });
});

test('5227 §1.1: ARP probes and announcements are called by their names', (t) => {
  t.is(
    describe(changed('arpRequest', [[28, '00000000']])).summary,
    'ARP who has 172.18.0.3? probe by 02:42:ac:12:00:02',
  );
  t.is(
    describe(changed('arpRequest', [[38, 'ac120002']])).summary,
    'ARP announcement: 172.18.0.2 is at 02:42:ac:12:00:02',
  );
});

test('B-11: a third tag is payload, and the line says so', (t) => {
  const { summary, tags } = describe(changed('doubleTagged', [[20, '8100']]));
  t.is(tags.length, 2);
  t.is(summary, 'more VLAN tags than two, 02:42:ac:12:00:02 → 02:42:ac:12:00:03');
});

test('C-6: a fragment other than the first has no ports, only its place in the datagram', (t) => {
  t.notRegex(describe(frame('lastFragment')).summary, /UDP|:\d/);
  t.notRegex(describe(frame('lastFragmentIpv6')).summary, /UDP|\]:\d/);
});

test('6946: an IPv6 fragment that is first and last is a whole datagram', (t) => {
  const atomic = changed('fragmentIpv6', [
    [57, '00'],
    [66, '0010'],
  ]);
  t.is(describe(atomic).summary, 'UDP [fd00::2]:41000 → [fd00::3]:9 len 8');
});

test('a frame cut short by the capture says so without being called malformed', (t) => {
  const description = describeFrame(changed('tcpSyn', [], 40), 0, 40, 74);
  t.is(
    description.summary,
    'TCP 172.18.0.2 → 172.18.0.3: the capture kept fewer bytes of it than its headers take',
  );
  t.is(description.malformed, undefined);
});

test('64 bytes of a TCP segment are enough for its ports, flags and numbers', (t) => {
  const description = describeFrame(changed('tcpSyn', [], 64), 0, 64, 74);
  t.is(description.summary, 'TCP 172.18.0.2:40000 → 172.18.0.3:80 [SYN] seq 1');
});

test('5952 §4: IPv6 addresses are written in their canonical form', (t) => {
  for (const [hex, text] of [
    ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
    ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
    ['2001 0db8 0000 0001 0000 0000 0000 0001', '2001:db8:0:1::1'],
    ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'],
    ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
    ['0010 0000 0000 0100 0000 0000 0000 0000', '10:0:0:100::'],
    ['fe80 0000 0000 0000 0042 acff fe12 0002', 'fe80::42:acff:fe12:2'],
  ] as const) {
    t.is(ipv6Text(packet(hex), 0), text);
  }
});

test('what is in a tunnel is described as well, four tunnels deep and no deeper', (t) => {
  const once = new Uint8Array(frame('vxlan').buffer);
  const { inner } = describe(frame('vxlan'));
  t.like(inner, {
    length: 42,
    source: '02:42:0a:00:00:02',
    destination: 'ff:ff:ff:ff:ff:ff',
    type: 'ARP',
    summary: 'ARP who has 10.0.0.3? tell 10.0.0.2',
  });
  let packed: Uint8Array = once;
  for (let tunnels = 1; tunnels < 6; tunnels++) packed = around(once, packed);
  const { summary } = describe(new DataView(packed.buffer));
  t.is(summary.match(/VXLAN 42/g)?.length, 4);
  t.regex(summary, /, UDP 192\.168\.99\.1:50000 → 192\.168\.99\.2:4789 len 100$/);
});

test('VXLAN is looked for at the ports of a topology, too, and what has no VNI is UDP', (t) => {
  const other = changed('vxlan', [[36, '2710']]);
  t.regex(describe(other).summary, /^UDP .*:10000 len 50$/);
  t.regex(describeFrame(other, 0, 92, 92, [10_000]).summary, /^VXLAN 42 .*:10000, ARP /);
  t.regex(describe(changed('vxlan', [[42, '00']])).summary, /^UDP .*:4789 len 50$/);
});

/** A frame in the tunnel of another. */
function around(outer: Uint8Array, inner: Uint8Array): Uint8Array {
  const headers = 50;
  const whole = new Uint8Array(headers + inner.length);
  whole.set(outer.slice(0, headers));
  whole.set(inner, headers);
  const view = new DataView(whole.buffer);
  view.setUint16(16, whole.length - 14);
  view.setUint16(38, whole.length - 34);
  view.setUint16(24, 0);
  view.setUint16(24, checksumOf(sum(view, 14, 20)));
  return whole;
}
