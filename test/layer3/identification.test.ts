/** Identifications of what is translated (RFC 7857 §10; RFC 6864): fragments of two sources behind one address are never mixed. */
import test from 'ava';
import { IDENTIFICATION_FIRST } from '../../dataplane/forward/identification.js';
import { piecesOf } from './packets.js';
import type { Packet } from './packets.js';
import { answerOf, errorAbout, passed, ping, PROFILES, scene, tells, udp } from './translated.js';
import type { Line } from './translated.js';

const SAME = 77;
const BYTES = 24;
const rfc = scene(4, 'rfc4787');
const linux = scene(4, 'linux');
const { mine, theirs, peer, stranger, outer } = rfc;

const loose = (packet: Packet): Packet => ({ ...packet, isWhole: false, identification: SAME });
const numbered = (packet: Packet, nth: number, name: Partial<Packet> = {}): Packet =>
  passed(packet, { source: outer, identification: IDENTIFICATION_FIRST + nth, ...name });

test('N7857-10: profile rfc4787: what may be cut leaves with an identification of the host, each with another, and what may not keeps its own; with Linux all do', (t) => {
  const [first, second] = [loose(udp(mine, 5000, peer, 53)), loose(udp(theirs, 6000, peer, 53))];
  const third = loose(ping(mine, 7, stranger));
  const whole = { ...udp(mine, 5000, peer, 53), identification: SAME };
  tells(t, rfc, [
    [first, numbered(first, 0)],
    [whole, passed(whole, { source: outer })],
    [second, numbered(second, 1)],
    [third, numbered(third, 2)],
    [first, numbered(first, 3)],
  ]);
  tells(
    t,
    linux,
    [first, whole, second, third].map((one): Line => [one, passed(one, { source: outer })]),
  );
});

test('N7857-10: profile rfc4787: the fragments of two sources that number alike leave with one identification each, in whatever order they come; with Linux with the same', (t) => {
  const data = '0001'.padEnd(100, '5a');
  const [one, two] = [mine, theirs].map((source, i) =>
    loose({ ...udp(source, 5000 + i, peer, 53), data }),
  );
  if (one === undefined || two === undefined) return t.fail();
  for (const it of [rfc, linux]) {
    const becomes = [one, two].map((packet, nth) =>
      it === rfc ? numbered(packet, nth) : passed(packet, { source: outer }),
    );
    const [a, b] = [one, two].map((packet) => piecesOf(packet, BYTES));
    const [x, y] = becomes.map((packet) => piecesOf(packet, BYTES));
    if (!a || !b || !x || !y) return t.fail();
    const at = (pieces: readonly Packet[], i: number): Packet => pieces[i] ?? one;
    tells(t, it, [
      [at(b, 1), []],
      [at(a, 0), at(x, 0)],
      [at(a, 2), at(x, 2)],
      [at(b, 0), [at(y, 0), at(y, 1)]],
      [at(a, 1), at(x, 1)],
      [at(b, 2), at(y, 2)],
    ]);
  }
});

test('N7857-10: what comes in keeps its identification, cut or not, and so does what is not translated', (t) => {
  for (const profile of PROFILES) {
    const it = scene(4, profile);
    const question = { ...udp(mine, 5000, peer, 53), data: '00'.repeat(60) };
    const gone = passed(question, { source: outer });
    const answer = loose(answerOf(gone));
    const heard = passed(answer, { destination: mine });
    const pieces = piecesOf(heard, BYTES);
    const within = loose(udp(stranger, 9, mine, 9));
    tells(t, it, [
      [question, gone],
      [answer, heard],
      ...piecesOf(answer, BYTES).map((piece, i): Line => [piece, pieces[i] ?? heard]),
      [within, passed(within)],
    ]);
  }
});

test('N7857-10: profile rfc4787: what crosses a link that takes less is cut with the identification that it got', (t) => {
  const mtu = 600;
  const packets = [mine, theirs].map((source, i) =>
    loose({ ...udp(source, 5000 + i, peer, 53), data: '5a'.repeat(700) }),
  );
  tells(
    t,
    scene(4, 'rfc4787', { mtu }),
    packets.map((one, nth): Line => [one, piecesOf(numbered(one, nth), (mtu - 20) & ~7)]),
  );
});

test('N7857-10 N5508-5: profile rfc4787: an error from inside that may be cut leaves with an identification of the host', (t) => {
  const question = udp(mine, 5000, peer, 53);
  const gone = passed(question, { source: outer });
  const answer = answerOf(gone);
  const heard = passed(answer, { destination: mine });
  const error = loose(errorAbout(heard, 'closed', [mine, peer]));
  const told = loose(errorAbout(passed(answer), 'closed', [outer, peer]));
  tells(t, rfc, [
    [question, gone],
    [answer, heard],
    [error, numbered(told, 0)],
  ]);
});
