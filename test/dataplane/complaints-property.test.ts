/** Whatever comes to a router, what it says about it is sound (see complaints.test.ts). */
import test from 'ava';
import fc from 'fast-check';
import { hex, viewOf } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { digitsOf } from '../layer2/frames.js';
import {
  atA,
  error4,
  error6,
  eth0,
  eth1,
  far,
  frame4,
  frame6,
  heard,
  near,
  packet4,
  packet6,
  party,
  routerLab,
} from './routed.js';

const lab = routerLab();

/** Packets of all kinds, for the router or beyond it, and bytes of them that are overwritten. */
const packets = fc
  .record({
    isIpv4: fc.boolean(),
    to: fc.constantFrom(eth0, eth1, far, party(77, 9)),
    protocol: fc.constantFrom(0, 1, 6, 17, 43, 44, 47, 58, 59, 60),
    hops: fc.constantFrom(0, 1, 64),
    fragment: fc.constantFrom(0, 0, 0, 0x4000, 0x2000, 3),
    payload: fc.uint8Array({ maxLength: 80 }),
    kept: fc.option(fc.nat(120), { nil: undefined }),
  })
  .map(({ isIpv4, to, protocol, hops, fragment, payload, kept }) => {
    const packet = isIpv4
      ? packet4(near, to, protocol, payload, { ttl: hops, fragment })
      : packet6(near, to, protocol, payload, hops);
    const frame = (isIpv4 ? frame4 : frame6)(near, eth0, packet);
    return { packet, sent: atA(frame, kept === undefined ? {} : { kept: 14 + kept }) };
  });

test('property: whatever comes, what is said about it is sound, quotes it from its first byte on, and is one error at the most', (t) => {
  const said = (ends: readonly string[]): Uint8Array[] =>
    ends.filter((end) => /^a\.p .{24}(08004[5]c0|86dd6)/.test(end)).map((end) => hex(end.slice(4)));
  let errors = 0;
  fc.assert(
    fc.property(fc.array(packets, { minLength: 1, maxLength: 6 }), (all) => {
      const ends = heard(
        lab,
        all.map(({ sent }, i) => ({ ...sent, seconds: i })),
      );
      for (const [i, { packet }] of all.entries())
        for (const frame of said(ends[i] ?? [])) {
          const isIpv4 = frame[12] === 0x08;
          const at = 14 + (isIpv4 ? 20 : 40);
          const quote = frame.slice(at + 8);
          // Resets and answers to pings are no errors.
          if (!isIpv4 && (frame[20] !== 58 || (frame[at] ?? 0) > 127)) continue;
          errors++;
          const builder = isIpv4 ? error4 : error6;
          const view = viewOf(frame);
          const [kind, detail] = [view.getUint16(at), view.getUint32(at + 4)];
          const from = quoteSpeaker(frame, isIpv4);
          const id = view.getUint16(18);
          t.is(
            digitsOf(frame),
            digitsOf(builder(eth0, near, kind, quote, { detail, from, ...(isIpv4 && { id }) })),
          );
          t.is(digitsOf(quote), digitsOf(packet.slice(0, quote.length)));
        }
    }),
    { numRuns: 150 },
  );
  t.true(errors > 50);
});

/** Which of its addresses the router speaks from. */
function quoteSpeaker(frame: Uint8Array, isIpv4: boolean): Station {
  const source = digitsOf(isIpv4 ? frame.slice(26, 30) : frame.slice(22, 38));
  return [eth0, eth1].find(({ ip, ip6 }) => digitsOf(isIpv4 ? ip : ip6) === source) ?? near;
}
