import test from 'ava';
import { Reason } from '../../dataplane/observe/reason.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import {
  addressWord,
  checkIpv6,
  destinationAt,
  Extension,
  hopLimit,
  upperOf,
  upperOfFragment,
  upperOffset,
  upperProtocol,
} from '../../dataplane/wire/ipv6.js';
import { frame, packet } from './frames.js';

/** An IPv6 packet without Ethernet; `next` is the first of `extensions`, whose last names what follows. */
function chain(next: string, ...extensions: readonly string[]): DataView {
  const payload = extensions.join('').replaceAll(' ', '');
  const length = (payload.length / 2).toString(16).padStart(4, '0');
  return packet(`60000000 ${length} ${next} 40 ${'00'.repeat(32)} ${payload}`);
}

function walk(bytes: DataView, end = bytes.byteLength): number {
  return upperOf(bytes, 0, end, bytes.byteLength);
}

const HOP_BY_HOP_THEN_ROUTING = '2b00 0502 0000 0100';
const ROUTING_THEN_OPTIONS = '3c02 0400 00000000 00000000000000000000000000000001';
const OPTIONS_THEN_AH = '3300 0104 0000 0000';
const AH_THEN_UDP = '1104 0000 00000001 00000001 000000000000000000000000';

test('8200 §4: the walk skips hop-by-hop, routing, destination options and AH, in order', (t) => {
  const bytes = chain(
    '00',
    HOP_BY_HOP_THEN_ROUTING,
    ROUTING_THEN_OPTIONS,
    OPTIONS_THEN_AH,
    AH_THEN_UDP,
    'a028 0035 0008 0000',
  );
  const upper = walk(bytes);
  t.is(upperProtocol(upper), Protocol.Udp);
  t.is(upperOffset(upper), 40 + 8 + 24 + 8 + 24);
});

test('8200 §3: a packet without extension headers carries its transport at byte 40', (t) => {
  const upper = upperOf(frame('tcpSynIpv6'), 14, 74, 74);
  t.is(upperProtocol(upper), Protocol.Tcp);
  t.is(upperOffset(upper), 40);
});

test('8200 §4.5: the walk stops at a fragment header, and goes on behind it when asked', (t) => {
  const bytes = chain('3c', '2c00 0104 0000 0000', '3c00 0001 00c0ffee', '1100 0104 0000 0000');
  const upper = walk(bytes);
  t.is(upperProtocol(upper), Extension.Fragment);
  t.is(upperOffset(upper), 48);
  const behind = upperOfFragment(bytes, 48, bytes.byteLength, bytes.byteLength);
  t.is(upperProtocol(behind), Protocol.Udp);
  t.is(upperOffset(behind), 16);
});

test('8200 §4.7: no next header ends the walk, and so does a header that nobody here knows', (t) => {
  t.is(upperProtocol(walk(chain('3b'))), Extension.NoNextHeader);
  t.is(upperProtocol(walk(chain('32', '00000001'))), 50);
});

test('R-16: eight extension headers are walked, a ninth is not', (t) => {
  const options = '3c00 0104 0000 0000';
  const last = '3b00 0104 0000 0000';
  t.is(upperOffset(walk(chain('3c', options.repeat(7), last))), 40 + 64);
  t.is(walk(chain('3c', options.repeat(8), last)), -Reason.Ipv6ExtensionsTooMany);
});

test('an extension header of which the capture kept a part is snapped, not truncated', (t) => {
  const bytes = chain('2b', ROUTING_THEN_OPTIONS, '3b00 0104 0000 0000');
  t.is(walk(bytes, 47), -Reason.SnappedHeader);
  t.is(walk(bytes, 63), -Reason.SnappedHeader);
  t.is(walk(bytes, 71), -Reason.SnappedHeader);
  t.is(upperOf(bytes, 0, 63, 63), -Reason.Ipv6ExtensionTruncated);
});

test('8200 §3: addresses are four words, and the hop limit stands before them', (t) => {
  const bytes = frame('neighborSolicitation');
  t.is(checkIpv6(bytes, 14, 86, 86), Reason.Ok);
  t.is(hopLimit(bytes, 14), 255);
  const words = [0, 1, 2, 3].map((index) => addressWord(bytes, destinationAt(14), index));
  t.deepEqual(words, [0xff020000, 0, 1, 0xff000003]);
});
