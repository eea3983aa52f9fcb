import test from 'ava';
import { describeFrame } from '../../control/explain/dissect.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasons, reasonText } from '../../dataplane/observe/reasons.js';
import { checksumOf, sum } from '../../dataplane/wire/checksum.js';
import { changed, frame, frameNames, packet, type FrameName } from './frames.js';

/** The frame with the checksum of its IPv4 header made right again after a change. */
function repaired(bytes: DataView): DataView {
  bytes.setUint16(24, 0);
  bytes.setUint16(24, checksumOf(sum(bytes, 14, 20)));
  return bytes;
}

/** An IPv6 frame whose payload is the given extension headers; `next` is the first of them. */
function chain(next: string, extensions: string): DataView {
  const payload = extensions.replaceAll(' ', '');
  const length = (payload.length / 2).toString(16).padStart(4, '0');
  const addresses = 'fd000000000000000000000000000002 fd000000000000000000000000000003';
  const header = `6000 0000 ${length} ${next} 40 ${addresses}`;
  return packet(`0242ac120003 0242ac120002 86dd ${header} ${payload}`);
}

const OPTIONS_THEN_OPTIONS = '3c00 0104 0000 0000';

/** One damaged frame per line: what is wrong, the Reason, the frame. */
const DAMAGED: readonly (readonly [claim: string, reason: Reason, bytes: DataView])[] = [
  ['B-14: 13 bytes', Reason.Runt, changed('arpRequest', [], 13)],
  ['B-11: half a tag', Reason.VlanTagTruncated, changed('tagged', [], 16)],
  ['B-14: an LLC length of 2', Reason.LlcTruncated, changed('snap', [[12, '0002']])],
  ['B-14: an LLC length of 256', Reason.LlcLongerThanFrame, changed('snap', [[12, '0100']])],
  ['A-7: ARP of 27 bytes', Reason.ArpTruncated, changed('arpRequest', [], 41)],
  ['A-7: ARP of 7 bytes', Reason.ArpTruncated, changed('arpRequest', [], 21)],
  ['A-7: ARP hlen 8', Reason.ArpBadLengths, changed('arpRequest', [[18, '08']])],
  ['A-7: ARP plen 255', Reason.ArpBadLengths, changed('arpRequest', [[19, 'ff']])],
  ['A-1: ARP for token ring', Reason.ArpOtherProtocol, changed('arpRequest', [[14, '0006']])],
  ['A-1: ARP for Chaosnet', Reason.ArpOtherProtocol, changed('arpRequest', [[16, '0804']])],
  ['R-1: 19 bytes of IPv4', Reason.Ipv4Truncated, changed('echoRequest', [], 33)],
  ['R-1: version 6 in IPv4', Reason.Ipv4BadVersion, changed('echoRequest', [[14, '65']])],
  ['R-1: IHL 4', Reason.Ipv4BadHeaderLength, changed('echoRequest', [[14, '44']])],
  ['R-1: IHL 15 of 59', Reason.Ipv4BadHeaderLength, changed('echoRequest', [[14, '4f']], 73)],
  ['R-1: TTL changed alone', Reason.Ipv4BadChecksum, changed('echoRequest', [[22, '3f']])],
  [
    'R-1: total length 19',
    Reason.Ipv4TotalLengthTooShort,
    repaired(changed('echoRequest', [[16, '0013']])),
  ],
  [
    'R-1: total length one more than the frame has',
    Reason.Ipv4LongerThanFrame,
    repaired(changed('echoRequest', [[16, '003d']])),
  ],
  ['8200 §3: 39 bytes of IPv6', Reason.Ipv6Truncated, changed('tcpSynIpv6', [], 53)],
  ['8200 §3: version 4 in IPv6', Reason.Ipv6BadVersion, changed('tcpSynIpv6', [[14, '40']])],
  [
    '8200 §3: payload length one more than the frame has',
    Reason.Ipv6LongerThanFrame,
    changed('tcpSynIpv6', [[18, '0015']]),
  ],
  [
    '8200 §4.3: hop-by-hop options longer than the packet',
    Reason.Ipv6ExtensionTruncated,
    changed('mldReport', [[55, 'ff']]),
  ],
  [
    '8200 §4.5: a fragment header of 7 bytes',
    Reason.Ipv6ExtensionTruncated,
    chain('2c', '1100 0001 00c0ff'),
  ],
  [
    '4302 §2.2: AH counts in units of 4 bytes',
    Reason.Ipv6ExtensionTruncated,
    chain('33', '3b04 0000 00000001 00000001 00000000 00000000'),
  ],
  [
    'R-16: nine extension headers',
    Reason.Ipv6ExtensionsTooMany,
    chain('3c', OPTIONS_THEN_OPTIONS.repeat(9)),
  ],
  [
    'R-16: hop-by-hop behind destination options',
    Reason.Ipv6HopByHopNotFirst,
    chain('3c', '0000 0104 0000 0000 3b00 0104 0000 0000'),
  ],
  [
    'R-16: hop-by-hop in the first fragment',
    Reason.Ipv6HopByHopNotFirst,
    chain('2c', '0000 0001 00c0ffee 3b00 0104 0000 0000'),
  ],
  ['792: 7 bytes of ICMP', Reason.IcmpTruncated, repaired(changed('echoRequest', [[16, '001b']]))],
  ['4443: 4 bytes of ICMPv6', Reason.IcmpTruncated, chain('3a', '8000 0000')],
  ['792: a payload bit', Reason.IcmpBadChecksum, changed('echoRequest', [[50, 'ff']])],
  [
    '4443 §2.3: a target bit',
    Reason.IcmpBadChecksum,
    changed('neighborSolicitation', [[77, '04']]),
  ],
  ['768: 7 bytes of UDP', Reason.UdpTruncated, repaired(changed('udpQuery', [[16, '001b']]))],
  ['768: UDP length 7', Reason.UdpBadLength, changed('udpQuery', [[38, '0007']])],
  ['768: UDP length one too many', Reason.UdpBadLength, changed('udpQuery', [[38, '002a']])],
  ['768: a payload bit', Reason.UdpBadChecksum, changed('udpQuery', [[60, 'ff']])],
  [
    'VX-15: 7 bytes of VXLAN',
    Reason.VxlanTruncated,
    repaired(
      changed('vxlan', [
        [16, '0023'],
        [38, '000f'],
      ]),
    ),
  ],
  ['9293: 19 bytes of TCP', Reason.TcpTruncated, repaired(changed('tcpSyn', [[16, '0027']]))],
  ['9293: data offset 4', Reason.TcpBadDataOffset, changed('tcpSyn', [[46, '40']])],
  ['9293: data offset beyond', Reason.TcpBadDataOffset, changed('tcpSyn', [[46, 'b0']])],
  ['9293: a sequence bit', Reason.TcpBadChecksum, changed('tcpSyn', [[41, '02']])],
  ['9293: over IPv6 too', Reason.TcpBadChecksum, changed('tcpSynIpv6', [[61, '02']])],
  [
    'D-1: a solicitation of 23 bytes',
    Reason.NeighborDiscoveryTruncated,
    changed('neighborSolicitation', [[18, '0017']]),
  ],
  [
    'D-1: a router advertisement of 15 bytes',
    Reason.NeighborDiscoveryTruncated,
    changed('routerAdvertisement', [[18, '000f']]),
  ],
  [
    'D-1: a redirect of 32 bytes',
    Reason.NeighborDiscoveryTruncated,
    changed('neighborSolicitation', [[54, '89']]),
  ],
  [
    'D-1: an option of length 0',
    Reason.NeighborDiscoveryBadOption,
    changed('neighborSolicitation', [[79, '00']]),
  ],
  [
    'D-1: an option longer than the message',
    Reason.NeighborDiscoveryBadOption,
    changed('neighborSolicitation', [[79, '02']]),
  ],
];

for (const [claim, reason, bytes] of DAMAGED) {
  const { name } = reasonText(reason);
  test(`${claim}: ${name}`, (t) => {
    const length = bytes.byteLength;
    const { malformed, summary } = describeFrame(bytes, 0, length, length);
    t.is(malformed?.reason, name);
    t.true(summary.endsWith(malformed?.says ?? '?'), summary);
  });
}

test('every reason of the wire is reached by a damaged frame', (t) => {
  const reached = new Set<number>(DAMAGED.map(([, reason]) => reason));
  for (let reason: number = Reason.ArpTruncated; reason < Reason.Count; reason++) {
    t.true(reached.has(reason), reasonText(reason).name);
  }
});

test('R-1: what follows the total length is padding, kept out of every sum and length', (t) => {
  const padded: FrameName[] = ['echoRequest', 'tcpSyn', 'udpQuery', 'neighborSolicitation'];
  for (const name of padded) {
    const bytes = new Uint8Array(frame(name).byteLength + 9).fill(0xa5);
    bytes.set(new Uint8Array(frame(name).buffer));
    const view = new DataView(bytes.buffer);
    const description = describeFrame(view, 0, bytes.length, bytes.length);
    t.is(description.malformed, undefined, name);
    t.is(description.summary, describeFrame(frame(name), 0, bytes.length - 9, 0).summary);
  }
});

test('a good frame is never called malformed, however much of it a capture cut off', (t) => {
  for (const name of frameNames) {
    const length = frame(name).byteLength;
    for (let kept = 0; kept <= length; kept++) {
      const description = describeFrame(changed(name, [], kept), 0, kept, length);
      t.is(description.malformed, undefined, `${name}, ${kept} of ${length} bytes`);
      t.is(description.captured, kept);
      t.is(description.length, length);
    }
  }
});

test('every reason has a name of its own and a sentence part that fits behind "because"', (t) => {
  const texts = Object.values(reasons);
  t.is(texts.length, Reason.Count);
  t.is(new Set(texts.map(({ name }) => name)).size, Reason.Count);
  for (const { name, says, see } of texts) {
    t.regex(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    t.regex(says, /^[a-z].*[^.\s]$/);
    t.is(see === '', name === 'ok');
  }
  t.is(reasonText(Reason.Reflection), reasons[Reason.Reflection]);
});
