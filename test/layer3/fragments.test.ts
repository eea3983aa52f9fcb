/** Fragments through a router that translates, in every order. How they are kept: test/dataplane/fragments.test.ts. */
import test from 'ava';
import { IDENTIFICATION_FIRST } from '../../dataplane/forward/identification.js';
import { piecesOf } from './packets.js';
import type { Packet } from './packets.js';
import { answerOf, each, passed, ping, PROFILES, scene, tcp, tells, udp } from './translated.js';
import type { Line } from './translated.js';

const PORT = 40_000;
const BYTES = 24;
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The pieces of a packet come in an order: those before the first wait for it, and follow it as they came. */
function inOrder(order: readonly number[], sent: Packet, becomes: Packet): Line[] {
  const [before, after] = [piecesOf(sent, BYTES), piecesOf(becomes, BYTES)];
  const first = order.indexOf(0);
  return order.map((piece, i): Line => {
    const leaving = i < first ? [] : i === first ? [piece, ...order.slice(0, first)] : [piece];
    return [before[piece] ?? sent, leaving.map((one) => after[one] ?? becomes)];
  });
}

for (const { family, profile } of each)
  test(`N4787-14 N3022-6.3: IPv${family}, profile ${profile}: in whatever order the pieces of a datagram come, each leaves with the name of the first, the checksum is that of the whole, and so it is with those of the answer`, (t) => {
    const it = scene(family, profile, { range: `ports: ${PORT}-${PORT}` });
    const { mine, peer, outer } = it;
    const data = '0001'.padEnd(120, '5a');
    const ends = { source: mine, port: 5000, destination: peer, toPort: 53 };
    for (const order of ORDERS)
      for (const question of [
        { ...udp(mine, 5000, peer, 53), data },
        { ...ping(mine, 5000, peer), data },
        { ...tcp(ends, 0x10, [1, 1]), data: data.slice(4, 100) },
      ]) {
        const number = profile === 'rfc4787' && { identification: IDENTIFICATION_FIRST };
        const outside = passed(question, { source: outer, port: PORT, ...number });
        const answer = { ...answerOf(outside), data: question.data };
        const name = answer.protocol === 'echo' ? { port: 5000 } : { toPort: 5000 };
        tells(t, it, [
          ...inOrder(order, question, outside),
          ...inOrder(order, answer, passed(answer, { destination: mine, ...name })),
        ]);
      }
  });

for (const profile of PROFILES)
  test(`N4787-13a: profile ${profile}: what is too long for the link outside, and may be cut, is translated first and leaves in order`, (t) => {
    const mtu = 600;
    const it = scene(4, profile, { mtu });
    const { mine, peer, outer } = it;
    const question = { ...udp(mine, 5000, peer, 53), isWhole: false, data: '5a'.repeat(1400) };
    const number = profile === 'rfc4787' && { identification: IDENTIFICATION_FIRST };
    const pieces = piecesOf(passed(question, { source: outer, ...number }), (mtu - 20) & ~7);
    t.is(pieces.length, 3);
    tells(t, it, [[question, pieces]]);
  });

test('R-15 N4787-14a: a fragment whose first one does not come is given up after 30 s, also where no other fragment comes', (t) => {
  const it = scene(4, 'linux');
  const question = udp(it.mine, 5000, it.peer, 53);
  const [, later] = piecesOf({ ...question, data: '5a'.repeat(60) }, BYTES);
  const gone = passed(question, { source: it.outer });
  if (later === undefined) return t.fail();
  tells(t, it, [
    [later, []],
    [question, gone, 29.9],
    [question, [gone, 'dropped: fragment-timeout'], 30],
  ]);
});
