/** Who has which port outside, and who reaches whom by it: of TCP and ICMP as well as of UDP (mappings.test.ts), in both families. */
import test from 'ava';
import type { Packet } from './packets.js';
import {
  ACK,
  answerOf,
  errorAbout,
  FAMILIES,
  FAR_SEQUENCE,
  FIN,
  NEAR_SEQUENCE,
  passed,
  ping,
  PROFILES,
  RST,
  refusalOf,
  saidAbout,
  scene,
  syn,
  tcp,
  tells,
  udp,
} from './translated.js';
import type { Line } from './translated.js';

const PORT = 40_000;
const onePort = { range: `ports: ${PORT}-${PORT}` };
const CONSUMED = 'consumed: host-stack';
const EXHAUSTED = 'dropped: nat-ports-exhausted';

for (const family of FAMILIES) {
  const linux = scene(family, 'linux', onePort);
  const rfc = scene(family, 'rfc4787', onePort);
  const { mine, theirs, peer, stranger, inner, outer } = rfc;
  const outside = { source: outer, port: PORT };

  test(`N4787-7: IPv${family}: where the subnet inside contains the one outside, and both sides have the same port, each still reaches the other`, (t) => {
    for (const profile of PROFILES) {
      const question = udp(mine, 5000, peer, 5000);
      const gone = passed(question, { source: outer });
      const answer = answerOf(gone);
      tells(t, scene(family, profile, { isWide: true }), [
        [question, gone],
        [answer, passed(answer, { destination: mine })],
      ]);
    }
  });

  test(`N5382-1: IPv${family}, profile rfc4787: a source of TCP has one port outside, whoever it speaks to; with Linux it may have several`, (t) => {
    const free = { range: 'ports: 40000-40001, select: sequential' };
    const [first, second] = [syn(mine, 5000, peer, 80), syn(mine, 5000, stranger, 443)];
    tells(t, scene(family, 'rfc4787', free), [
      [first, passed(first, outside)],
      [second, passed(second, outside)],
    ]);
    tells(t, scene(family, 'linux', free), [
      [first, passed(first, outside)],
      [second, passed(second, { ...outside, port: PORT + 1 })],
    ]);
  });

  test(`N5382-5 N7857-2: IPv${family}, profile rfc4787: 4 minutes after its last connection was closed a source has its port outside no more, and before that nobody else`, (t) => {
    /** A connection that is open from the second `at` on, and one that its opener then closes. */
    const opened = (to: string, at: number): Line[] => {
      const first = syn(mine, 5000, to, 80);
      const answer = answerOf(passed(first, outside));
      const ack = tcp(first, ACK, [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1]);
      return [
        [first, passed(first, outside), at],
        [answer, passed(answer, { destination: mine, toPort: 5000 }), at],
        [ack, passed(ack, outside), at],
      ];
    };
    const closed = (to: string, at: number): Line => {
      const ends = { source: mine, port: 5000, destination: to, toPort: 80 };
      const fin = tcp(ends, FIN | ACK, [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1]);
      return [fin, passed(fin, outside), at];
    };
    const late = syn(theirs, 5000, peer, 80);
    const refused: Line = [late, [saidAbout(late, 'prohibited', [inner, theirs]), EXHAUSTED], 339];
    tells(t, rfc, [
      ...opened(peer, 0),
      closed(peer, 100),
      refused,
      [late, passed(late, outside), 340],
    ]);
    tells(t, rfc, [
      ...opened(peer, 0),
      ...opened(stranger, 10),
      closed(peer, 100),
      [refused[0], refused[1], 7449],
      [late, passed(late, outside), 7450],
    ]);
  });

  test(`N5382-3: IPv${family}, profile rfc4787: whoever outside opens TCP to a mapped source reaches it; with Linux only who was spoken to`, (t) => {
    const mapping = syn(mine, 5000, peer, 80);
    const call = syn(stranger, 6000, outer, PORT);
    const heard = passed(call, { destination: mine, toPort: 5000 });
    const answer = answerOf(heard);
    tells(t, rfc, [
      [mapping, passed(mapping, outside)],
      [call, heard],
      [answer, passed(answer, outside)],
    ]);
    tells(t, linux, [
      [mapping, passed(mapping, outside)],
      [call, [refusalOf(call), CONSUMED]],
    ]);
  });

  test(`N5508-11: IPv${family}: TCP that is out of its window, or belongs to nobody's connection, does not leave untranslated in the profile rfc4787; with Linux it does`, (t) => {
    const first = syn(mine, 5000, peer, 80);
    const answer = answerOf(passed(first, outside));
    const stray = tcp(first, ACK, [NEAR_SEQUENCE + 1_000_000, 0], 10);
    const orphan = tcp(first, RST, [NEAR_SEQUENCE, 0]);
    for (const it of [linux, rfc]) {
      const becomes = (packet: Packet) =>
        it === linux ? passed(packet) : 'dropped: nat-untranslatable';
      tells(t, it, [
        [orphan, becomes(orphan)],
        [first, passed(first, outside)],
        [answer, passed(answer, { destination: mine, toPort: 5000 })],
        [stray, becomes(stray)],
      ]);
    }
  });

  test(`N5382-7 N7857-3: IPv${family}: with Linux two sources have one port where their destinations differ; in the profile rfc4787 never`, (t) => {
    const [first, second] = [syn(mine, 5000, peer, 80), syn(theirs, 6000, stranger, 80)];
    tells(t, linux, [
      [first, passed(first, outside)],
      [second, passed(second, outside)],
      [
        answerOf(passed(first, outside)),
        passed(answerOf(passed(first, outside)), { destination: mine, toPort: 5000 }),
      ],
      [
        answerOf(passed(second, outside)),
        passed(answerOf(passed(second, outside)), { destination: theirs, toPort: 6000 }),
      ],
    ]);
    tells(t, rfc, [
      [first, passed(first, outside)],
      [second, [saidAbout(second, 'prohibited', [inner, theirs]), EXHAUSTED]],
    ]);
  });

  test(`N5508-8: IPv${family}: who finds no port left hears that it is prohibited, in both profiles`, (t) => {
    for (const it of [linux, rfc])
      for (const [first, second] of [
        [udp(mine, 5000, peer, 53), udp(theirs, 5000, peer, 53)],
        [syn(mine, 5000, peer, 80), syn(theirs, 5000, peer, 80)],
        [ping(mine, 5000, peer), ping(theirs, 5000, peer)],
      ] as const)
        tells(t, it, [
          [first, passed(first, outside)],
          [second, [saidAbout(second, 'prohibited', [inner, theirs]), EXHAUSTED]],
        ]);
  });

  test(`N5508-8: IPv${family}: who finds no room for a connection hears the same, where both sides of all of them have been heard`, (t) => {
    const most = 16;
    const fill = (port: number): Line[] => {
      const question = udp(mine, port, peer, 53);
      const gone = passed(question, { source: outer });
      return [
        [question, gone],
        [answerOf(gone), passed(answerOf(gone), { destination: mine })],
      ];
    };
    const talk = Array.from({ length: most }, (_, i) => fill(5000 + i)).flat();
    const last = udp(theirs, 6000, peer, 53);
    for (const profile of ['linux', 'rfc4787'] as const)
      tells(t, scene(family, profile, { connections: most }), [
        ...talk,
        ...talk.map(([sent, becomes]): Line => [sent, becomes, 3]),
        [
          last,
          [saidAbout(last, 'prohibited', [inner, theirs]), 'dropped: connections-exceeded'],
          4,
        ],
      ]);
  });

  test(`N7857-7: IPv${family}, profile rfc4787: the reset, or the error, with which a source answers who called it does not keep its mapping alive`, (t) => {
    const mapping = syn(mine, 5000, peer, 80);
    const call = syn(stranger, 6000, outer, PORT);
    const heard = passed(call, { destination: mine, toPort: 5000 });
    const refusal = refusalOf(heard);
    const error = errorAbout(heard, 'closed', [mine, stranger]);
    const told = passed(errorAbout(passed(call), 'closed', [outer, stranger]));
    for (const line of [
      [refusal, passed(refusal, outside)],
      [error, told],
    ] as const) {
      const again = syn(stranger, 6001, outer, PORT);
      const late = syn(stranger, 6002, outer, PORT);
      const question = udp(mine, 5001, peer, 53);
      tells(t, rfc, [
        [mapping, passed(mapping, outside)],
        [call, heard, 200],
        [...line, 200],
        [again, passed(again, { destination: mine, toPort: 5000 }), 239],
        [late, [], 240],
        [
          question,
          [
            saidAbout(late, 'closed', [outer, stranger]),
            passed(question, outside),
            'dropped: syn-unsolicited',
          ],
          246,
        ],
      ]);
    }
  });

  test(`N7857-11: IPv${family}, profile rfc4787: the identifier of a ping is free again when the last of its conversations is over`, (t) => {
    const [first, second] = [ping(mine, 7, peer), ping(mine, 7, stranger)];
    const late = ping(theirs, 8, peer);
    tells(t, rfc, [
      [first, passed(first, outside)],
      [second, passed(second, outside), 30],
      [late, [saidAbout(late, 'prohibited', [inner, theirs]), EXHAUSTED], 89],
      [late, passed(late, outside), 90],
    ]);
  });
}
