import test from 'ava';
import { Reason } from '../../dataplane/observe/reason.js';
import {
  checkEthernet,
  checkLlc,
  destinationHigh,
  destinationLow,
  isBroadcast,
  isGroup,
  isLinkLocalGroup,
  isType,
  isZero,
  sourceHigh,
  sourceLow,
  typeOrLength,
} from '../../dataplane/wire/ethernet.js';
import {
  Vlan,
  isDropEligible,
  priority,
  skipTags,
  tagControl,
  vlanId,
} from '../../dataplane/wire/vlan.js';
import { changed, frame } from './frames.js';

test('B-14: fewer than 14 bytes are a runt; 14 are a frame', (t) => {
  t.is(checkEthernet(100, 113, 113), Reason.Runt);
  t.is(checkEthernet(100, 114, 114), Reason.Ok);
});

test('B-14: a longer frame of which fewer than 14 bytes were kept is snapped, not a runt', (t) => {
  t.is(checkEthernet(100, 113, 160), Reason.SnappedHeader);
});

test('IEEE 802.3 §3.2.3: addresses are two numbers, and the group bit is the lowest of the first byte', (t) => {
  const bytes = frame('arpRequest');
  t.true(isBroadcast(destinationHigh(bytes, 0), destinationLow(bytes, 0)));
  t.is(sourceHigh(bytes, 0), 0x0242);
  t.is(sourceLow(bytes, 0), 0xac120002);
  t.true(isGroup(0x0100));
  t.true(isGroup(0xffff));
  t.false(isGroup(0x0242));
  t.false(isBroadcast(0xffff, 0xfffffffe));
  t.true(isZero(0, 0));
  t.false(isZero(0, 1));
  t.false(isZero(1, 0));
});

test('B-9: exactly the sixteen addresses 01-80-C2-00-00-00 to 0F are reserved', (t) => {
  for (let last = 0; last < 16; last++) t.true(isLinkLocalGroup(0x0180, 0xc2000000 + last));
  t.false(isLinkLocalGroup(0x0180, 0xc2000010));
  t.false(isLinkLocalGroup(0x0180, 0xc1ffffff));
  t.false(isLinkLocalGroup(0x0181, 0xc2000000));
});

test('B-14: a length/type below 1536 is a length, 1536 is a type', (t) => {
  t.false(isType(0));
  t.false(isType(1500));
  t.false(isType(1535));
  t.true(isType(1536));
  t.is(typeOrLength(frame('lldp'), 12), 0x88cc);
});

test('B-11: 8100 and 88a8 are tags, and an unknown TPID is payload', (t) => {
  const size = (bytes: DataView): number => skipTags(bytes, 0, bytes.byteLength, bytes.byteLength);
  t.is(size(frame('arpReply')), 12);
  t.is(size(frame('tagged')), 16);
  t.is(size(frame('doubleTagged')), 20);
  t.is(size(changed('tagged', [[12, '9100']])), 12);
});

test('B-11: two tags are skipped unless more are asked for; the next one is payload', (t) => {
  const bytes = changed('doubleTagged', [[20, '8100']]);
  const end = bytes.byteLength;
  t.is(skipTags(bytes, 0, end, end), 20);
  t.is(skipTags(bytes, 0, end, end, 1), 16);
  t.is(skipTags(bytes, 0, end, end, 3), 24);
});

test('B-11: a frame that ends inside a tag says so, and one that was cut there does not', (t) => {
  for (const length of [14, 15, 16, 17]) {
    const bytes = changed('tagged', [], length);
    t.is(skipTags(bytes, 0, length, length), -Reason.VlanTagTruncated);
    t.is(skipTags(bytes, 0, length, 64), -Reason.SnappedHeader);
  }
  t.is(skipTags(changed('tagged', [], 18), 0, 18, 18), 16);
  t.is(skipTags(changed('doubleTagged', [], 21), 0, 21, 21), -Reason.VlanTagTruncated);
});

test('B-10, B-12: a TCI is priority, drop eligibility and VLAN; VLAN 0 is a priority tag and 4095 reserved', (t) => {
  const bytes = frame('doubleTagged');
  const inner = tagControl(bytes, 16);
  t.is(vlanId(inner), 100);
  t.is(priority(inner), 5);
  t.true(isDropEligible(inner));
  t.is(vlanId(tagControl(bytes, 12)), 200);
  t.false(isDropEligible(tagControl(bytes, 12)));
  t.is(vlanId(0xf000), Vlan.VidPriority);
  t.is(vlanId(0xffff), Vlan.VidReserved);
});

test('B-14: an LLC header must fit its length field, and that the frame', (t) => {
  const bytes = frame('snap');
  const end = bytes.byteLength;
  t.is(checkLlc(bytes, 14, end, end, 16), Reason.Ok);
  t.is(checkLlc(bytes, 14, end, end, 17), Reason.LlcLongerThanFrame);
  t.is(checkLlc(bytes, 14, end, end, 7), Reason.LlcTruncated);
  t.is(checkLlc(bytes, 14, end, end, 2), Reason.LlcTruncated);
  t.is(checkLlc(bytes, 14, 16, end, 16), Reason.SnappedHeader);
  t.is(checkLlc(bytes, 14, 21, end, 16), Reason.SnappedHeader);
  t.is(checkLlc(frame('spanningTree'), 14, 17, 52, 38), Reason.Ok);
});
