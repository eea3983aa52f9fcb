/** TCP from outside that nobody inside has asked for (RFC 5382 §4.3). */
import test from 'ava';
import { u16, u32 } from './packets.js';
import {
  ACK,
  FAMILIES,
  FAR_SEQUENCE,
  NEAR_SEQUENCE,
  passed,
  refusalOf,
  saidAbout,
  scene,
  syn,
  SYN,
  tcp,
  tells,
  udp,
} from './translated.js';
import type { Line } from './translated.js';

const PORT = 40_000;
const onePort = { range: `ports: ${PORT}-${PORT}` };
const CONSUMED = 'consumed: host-stack';
const UNSOLICITED = 'dropped: syn-unsolicited';

for (const family of FAMILIES) {
  const linux = scene(family, 'linux', onePort);
  const rfc = scene(family, 'rfc4787', onePort);
  const { mine, peer, stranger, inner, outer } = rfc;
  const call = syn(peer, 6000, outer, PORT);
  /** Time passes while somebody inside asks for something else. */
  const question = udp(mine, 5000, peer, 53);
  const gone = passed(question, { source: outer, port: PORT });

  test(`N5382-4: IPv${family}, profile linux: a SYN that nobody has asked for is refused at once`, (t) => {
    tells(t, linux, [[call, [refusalOf(call), CONSUMED]]]);
  });

  test(`N5382-4: IPv${family}, profile rfc4787: a SYN that nobody has asked for is not answered for 6 s, and then with an error, once however often it comes`, (t) => {
    const error = saidAbout(call, 'closed', [outer, peer]);
    tells(t, rfc, [
      [call, []],
      [call, UNSOLICITED, 1],
      [call, UNSOLICITED, 3],
      [question, gone, 5.9],
      [question, [error, gone, UNSOLICITED], 6],
      [call, [], 7],
      [question, [family === 4 ? { ...error, identification: 2 } : error, gone, UNSOLICITED], 13],
    ]);
  });

  test(`N5382-4 N5382-2a: IPv${family}, profile rfc4787: where the inside opens the same connection meanwhile, nothing is said about the SYN, and both sides open it`, (t) => {
    const mySyn = syn(mine, 5000, peer, 6000);
    const outside = passed(mySyn, { source: outer, port: PORT });
    const heard = passed(call, { destination: mine, toPort: 5000 });
    const next = [NEAR_SEQUENCE + 1, NEAR_SEQUENCE + 1] as const;
    const answer = tcp(call, SYN | ACK, [NEAR_SEQUENCE, NEAR_SEQUENCE + 1]);
    const last = tcp(mySyn, ACK, next, 10);
    tells(t, rfc, [
      [call, []],
      [mySyn, outside, 2],
      [call, heard, 3],
      [answer, passed(answer, { destination: mine, toPort: 5000 }), 4],
      [question, [gone, UNSOLICITED], 6],
      [last, passed(last, { source: outer, port: PORT }), 7],
    ]);
  });

  test(`N5382-4: IPv${family}, profile rfc4787: the inside opens other connections, from another port or to another, and the error is sent all the same`, (t) => {
    const free = scene(family, 'rfc4787');
    const others = [syn(mine, PORT + 2, peer, 6000), syn(mine, PORT, stranger, 6000)];
    const error = saidAbout(call, 'closed', [outer, peer]);
    const sent = passed(question, { source: outer });
    tells(t, free, [
      [call, []],
      ...others.map((other): Line => [other, passed(other, { source: outer }), 1]),
      [question, [error, sent, UNSOLICITED], 6],
    ]);
  });

  test(`N5382-4: IPv${family}, profile rfc4787: what is no SYN, or comes from inside, is refused at once`, (t) => {
    const ends = { source: peer, port: 6000, destination: outer, toPort: PORT };
    const stray = tcp(ends, ACK, [NEAR_SEQUENCE, FAR_SEQUENCE]);
    const reset = refusalOf(stray);
    const atStray = { ...reset, segment: `${u32(FAR_SEQUENCE)}${u32(0)}5004${u16(0)}` };
    const within = syn(mine, 5000, inner, 22);
    tells(t, rfc, [
      [stray, [atStray, CONSUMED]],
      [within, [refusalOf(within), CONSUMED]],
    ]);
  });
}
