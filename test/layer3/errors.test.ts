/** ICMP errors about connections that are translated, from either side (RFC 5508 §4, §5, §7; RFC 3022 §4.2, §4.3). */
import test from 'ava';
import type { Packet } from './packets.js';
import {
  ACK,
  answerOf,
  each,
  errorAbout,
  FAR_SEQUENCE,
  KINDS,
  NEAR_SEQUENCE,
  passed,
  ping,
  PROFILES,
  questionsOf,
  saidAbout,
  scene,
  tcp,
  tells,
  udp,
} from './translated.js';
import type { Line } from './translated.js';

const PORT = 40_000;
/** Whoever leaves has this port, or identifier. */
const onePort = { range: `ports: ${PORT}-${PORT}` };
const CONSUMED = 'consumed: host-stack';
const UNTRANSLATABLE = 'dropped: nat-untranslatable';
const MTU = 1400;

for (const { family, profile } of each) {
  const on = `IPv${family}, profile ${profile}`;
  const it = scene(family, profile, onePort);
  const { mine, theirs, peer, onTheWay, outer } = it;
  const cases = questionsOf(it).map((question) => {
    const outside = passed(question, { source: outer, port: PORT });
    return { question, outside, answer: answerOf(outside) };
  });
  /** The answer as it is inside. */
  const arrived = (answer: Packet, { port }: Packet): Packet =>
    passed(answer, {
      destination: mine,
      ...(answer.protocol === 'echo' ? { port } : { toPort: port }),
    });

  test(`N5508-4 N5508-10 N3022-4.2 N3022-4.3 N4787-12b N5382-9: ${on}: an error from outside reaches who has sent what it is about, with its type and code, and quotes the packet as it was sent`, (t) => {
    for (const { question, outside } of cases)
      for (const kind of KINDS) {
        const error = errorAbout(outside, kind, [peer, outer], MTU);
        const inside = errorAbout(passed(question), kind, [peer, mine], MTU);
        tells(t, it, [
          [question, outside],
          [error, passed(inside)],
        ]);
      }
  });

  test(`N4787-12a: ${on}: an error is not asked from whom it comes: a router on the way is heard as well as the end`, (t) => {
    for (const { question, outside } of cases)
      tells(t, it, [
        [question, outside],
        [
          errorAbout(outside, 'expired', [onTheWay, outer]),
          passed(errorAbout(passed(question), 'expired', [onTheWay, mine])),
        ],
      ]);
  });

  test(`N5508-4: ${on}: an error from outside about what nobody inside has sent goes nowhere, and nothing is said about it`, (t) => {
    for (const { question, outside } of cases) {
      const other = outside.protocol === 'echo' ? { port: 9 } : { toPort: 9 };
      for (const kind of KINDS)
        tells(t, it, [
          [question, outside],
          [errorAbout({ ...outside, ...other }, kind, [peer, outer]), CONSUMED],
        ]);
    }
  });

  test(`N5508-5: ${on}: an error from inside about nobody's packet ${profile === 'linux' ? 'leaves as it is' : 'goes nowhere, and nothing is said about it'}`, (t) => {
    for (const { answer, question } of cases) {
      const error = errorAbout(arrived(answer, question), 'closed', [mine, peer]);
      tells(t, it, [[error, profile === 'linux' ? passed(error) : UNTRANSLATABLE]]);
    }
  });

  test(`N5508-5: ${on}: an error from inside comes from the public address, whoever inside has said it, and quotes the packet as it was sent`, (t) => {
    for (const { question, outside, answer } of cases)
      for (const kind of KINDS)
        for (const speaker of [mine, theirs]) {
          const inside = arrived(answer, question);
          const error = errorAbout(inside, kind, [speaker, peer], MTU);
          tells(t, it, [
            [question, outside],
            [answer, inside],
            [error, passed(errorAbout(passed(answer), kind, [outer, peer], MTU))],
          ]);
        }
  });

  test(`N5508-6: ${on}: an error about a connection does not keep it alive`, (t) => {
    for (const { question, outside } of cases) {
      const lives = LIFETIMES[profile][question.protocol === 'echo' ? 'echo' : 'others'];
      const last = question.protocol === 'tcp' ? SYN_LIFETIMES[profile] : lives;
      const error = errorAbout(outside, 'closed', [peer, outer]);
      const inside = passed(errorAbout(passed(question), 'closed', [peer, mine]));
      tells(t, it, [
        [question, outside],
        [error, inside, last - 1],
        [error, CONSUMED, last],
      ]);
    }
  });

  test(`N5508-6 N4787-12 N5382-10: ${on}: no error ends a connection, of whatever kind and from whichever side: its packets go on both ways`, (t) => {
    for (const { question, outside, answer } of cases) {
      const inside = arrived(answer, question);
      const errors = KINDS.flatMap((kind): Line[] => [
        [
          errorAbout(outside, kind, [peer, outer]),
          passed(errorAbout(passed(question), kind, [peer, mine])),
        ],
        [
          errorAbout(inside, kind, [mine, peer]),
          passed(errorAbout(passed(answer), kind, [outer, peer])),
        ],
      ]);
      const goesOn = goingOn(question, outside, answer, inside);
      tells(t, it, [[question, outside], [answer, inside], ...errors, ...goesOn]);
    }
  });

  test(`N4787-13: ${on}: what is too long for the link outside and may not be cut is said to who has sent it, as he has sent it, in and after the first packet`, (t) => {
    const narrow = scene(family, profile, { ...onePort, mtu: MTU });
    const short = udp(mine, 5000, peer, 53);
    const long = { ...short, data: '5a'.repeat(MTU), isWhole: true };
    const { inner } = narrow;
    // An error has 576 bytes at the most, of IPv6 1,280.
    const quoted = family === 4 ? 576 - 28 : 1280 - 48;
    const error = saidAbout(long, 'tooLong', [inner, mine], MTU, quoted);
    const next = family === 4 ? { ...error, identification: 2 } : error;
    const ends = 'dropped: fragmentation-needed';
    tells(t, narrow, [
      [long, [error, ends]],
      [short, passed(short, { source: outer, port: PORT })],
      [long, [next, ends]],
    ]);
  });
}

/** Types of ICMP, and those that answer them: timestamp, information, address mask (RFC 792, RFC 950). */
const QUESTIONS = [
  [13, 14],
  [15, 16],
  [17, 18],
] as const;

/** Seconds from the last packet. */
const LIFETIMES = { linux: { echo: 30, others: 30 }, rfc4787: { echo: 60, others: 300 } } as const;
const SYN_LIFETIMES = { linux: 120, rfc4787: 240 } as const;

/** One packet more from each side. */
function goingOn(question: Packet, outside: Packet, answer: Packet, inside: Packet): Line[] {
  if (question.protocol !== 'tcp')
    return [
      [question, outside],
      [answer, inside],
    ];
  const out = [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1] as const;
  const back = [FAR_SEQUENCE + 1, NEAR_SEQUENCE + 11] as const;
  return [
    [tcp(question, ACK, out, 10), passed(tcp(outside, ACK, out, 10))],
    [tcp(answer, ACK, back, 20), passed(tcp(inside, ACK, back, 20))],
  ];
}

for (const profile of PROFILES)
  test(`N5508-11: profile ${profile}: other questions of ICMP are translated as pings are, and a redirect as errors are; an answer to nothing goes nowhere, and what is none of these ${profile === 'linux' ? 'goes on as it is' : 'goes nowhere'}`, (t) => {
    const it = scene(4, profile, onePort);
    const { mine, peer, outer } = it;
    const outside = { source: outer, port: PORT };
    const question = udp(mine, 5000, peer, 53);
    const gone = passed(question, outside);
    const solicitation = { ...ping(mine, 0, peer), toPort: 10 };
    const redirected = errorAbout(passed(question), 'redirect', [peer, mine]);
    const others = QUESTIONS.flatMap(([toPort, answer]): Line[] => {
      const asked = { ...ping(mine, 5000, peer), toPort, data: '0001'.padEnd(28, '0') };
      const answered = { ...asked, source: peer, destination: outer, port: PORT, toPort: answer };
      return [
        [asked, passed(asked, outside)],
        [answered, passed(answered, { destination: mine, port: 5000 })],
        [{ ...answered, port: 9 }, CONSUMED],
      ];
    });
    tells(t, it, [
      [question, gone],
      [errorAbout(gone, 'redirect', [peer, outer]), passed(redirected)],
      ...others,
      [solicitation, profile === 'linux' ? passed(solicitation) : UNTRANSLATABLE],
    ]);
  });
