/** What a topology can say about NAT besides rules: how long what is remembered, what protocols share, and where no errors go (RFC 5508, RFC 7857). */
import test from 'ava';
import type { Packet } from './packets.js';
import {
  ACK,
  answerOf,
  FAMILIES,
  FAR_SEQUENCE,
  FIN,
  NEAR_SEQUENCE,
  passed,
  ping,
  PROFILES,
  RST,
  saidAbout,
  scene,
  SYN,
  tcp,
  tells,
  udp,
} from './translated.js';
import type { Line, Scene } from './translated.js';

const [PORT, NEXT_PORT] = [40_000, 40_001];
const CONSUMED = 'consumed: host-stack';
const twoPorts = { range: `ports: ${PORT}-${NEXT_PORT}, select: sequential` };

const syn = (source: string, port: number, destination: string, toPort: number): Packet =>
  tcp({ source, port, destination, toPort }, SYN, [NEAR_SEQUENCE, 0]);

for (const family of FAMILIES) {
  const rfc = (...told: string[]): Scene => scene(family, 'rfc4787', { ...twoPorts, told });
  const plain = rfc();
  const { mine, theirs, peer, stranger, inner, outer } = plain;
  const outside = { source: outer, port: PORT };
  const inside = { destination: mine, toPort: 5000 };

  /** The answer arrives a second before so many are over; then, after `before` again, it is `late`. */
  const lines = (
    before: readonly Line[],
    answer: Packet,
    seconds: number,
    late: Line[1],
  ): readonly Line[][] => {
    const to = answer.protocol === 'echo' ? { port: 5000 } : { toPort: 5000 };
    return [
      [...before, [answer, passed(answer, { destination: mine, ...to }), seconds - 1]],
      [...before, [answer, late, seconds]],
    ];
  };

  for (const profile of PROFILES) {
    const timed = (timeouts: string): Scene =>
      scene(family, profile, { ...twoPorts, told: [`timeouts: { ${timeouts} }`] });

    test(`N4787-5b N5508-2: IPv${family}, profile ${profile}: UDP and questions of ICMP are remembered as long as the topology says`, (t) => {
      const it = timed('udp: 200s, icmp: 90s');
      const asked = [udp(mine, 5000, peer, 53), ping(mine, 5000, peer)] as const;
      const [byUdp, byPing] = asked.map((question) => passed(question, outside));
      if (byUdp === undefined || byPing === undefined) return t.fail();
      const refused = saidAbout(answerOf(byUdp), 'closed', [outer, peer]);
      for (const story of [
        ...lines([[asked[0], byUdp]], answerOf(byUdp), 200, [refused, CONSUMED]),
        ...lines([[asked[1], byPing]], answerOf(byPing), 90, CONSUMED),
      ])
        tells(t, it, story);
    });

    test(`N5382-5 N7857-2: IPv${family}, profile ${profile}: TCP that opens, is open, or closes is remembered as long as the topology says of each`, (t) => {
      const it = timed('tcp_opening: 20s, tcp_established: 8000s, tcp_closing: 250s');
      const first = syn(mine, 5000, peer, 80);
      const gone = passed(first, outside);
      const synAck = answerOf(gone);
      const open: readonly Line[] = [
        [first, gone],
        [synAck, passed(synAck, inside)],
        [ackOf(first), passed(ackOf(gone))],
      ];
      const fin = tcp(first, FIN | ACK, [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1]);
      const closing: readonly Line[] = [...open, [fin, passed(fin, outside)]];
      const next = tcp(synAck, ACK, [FAR_SEQUENCE + 1, NEAR_SEQUENCE + 1]);
      for (const story of [
        ...lines([[first, gone]], synAck, 20, [resetOf(synAck), CONSUMED]),
        ...lines(open, next, 8000, [resetOf(next), CONSUMED]),
        ...lines(closing, next, 250, [resetOf(next), CONSUMED]),
      ])
        tells(t, it, story);
    });
  }

  test(`N7857-5: IPv${family}, profile rfc4787: TCP and UDP from one port have one outside where mappings are shared, and else each its own`, (t) => {
    const [byUdp, byTcp] = [udp(mine, 5000, peer, 53), syn(mine, 5000, stranger, 80)];
    const other = { ...outside, port: NEXT_PORT };
    const mapped = passed(byUdp, outside);
    const shared = rfc('protocol_independent: [pooling, mapping]');
    const tcpOfTheirs = syn(theirs, 5000, peer, 80);
    tells(t, shared, [
      [byUdp, mapped],
      [byTcp, passed(byTcp, outside)],
      [tcpOfTheirs, passed(tcpOfTheirs, other)],
    ]);
    tells(t, plain, [
      [byUdp, mapped],
      [byTcp, passed(byTcp, other)],
    ]);
  });

  test(`N7857-6: IPv${family}, profile rfc4787: who speaks TCP to what was mapped by UDP reaches it where filters are shared, and else when its source has spoken TCP`, (t) => {
    const [byUdp, byTcp] = [udp(mine, 5000, peer, 53), syn(mine, 5000, stranger, 80)];
    const [call, again] = [syn(peer, 6000, outer, PORT), syn(peer, 6001, outer, PORT)];
    const mapped: Line = [byUdp, passed(byUdp, outside)];
    tells(t, rfc('protocol_independent: [pooling, mapping, filtering]'), [
      mapped,
      [call, passed(call, inside)],
    ]);
    tells(t, rfc('protocol_independent: [pooling, mapping]'), [
      mapped,
      [call, []],
      [byTcp, passed(byTcp, outside), 1],
      [again, passed(again, inside), 2],
      [
        byUdp,
        [
          saidAbout(call, 'closed', [outer, peer]),
          passed(byUdp, outside),
          'dropped: syn-unsolicited',
        ],
        6,
      ],
    ]);
  });

  test(`N7857-7: IPv${family}, profile rfc4787: what comes in unasked keeps a mapping alive where the topology says so`, (t) => {
    const question = udp(mine, 5000, peer, 53);
    const calls = [100, 350, 600].map((seconds, i): Line => {
      const call = udp(stranger, 6000 + i, outer, PORT);
      return [call, passed(call, inside), seconds];
    });
    const mapped: Line = [question, passed(question, outside)];
    tells(t, rfc('inbound_refresh: true'), [mapped, ...calls]);
    const [first, second] = calls;
    if (first === undefined || second === undefined) return t.fail();
    const [late] = second;
    tells(t, plain, [
      mapped,
      first,
      [late, [saidAbout(late, 'closed', [outer, stranger]), CONSUMED], 350],
    ]);
  });

  test(`N5508-9: IPv${family}: a host sends no errors by an interface that the topology names, and those of others pass`, (t) => {
    for (const profile of PROFILES) {
      const told = ['suppress_icmp_errors: [eth1]'];
      const it = scene(family, profile, { ...twoPorts, told });
      const closed = udp(peer, 6000, outer, 9);
      const expired = { ...udp(mine, 5000, peer, 53), hopLimit: 1 };
      tells(t, it, [
        [closed, CONSUMED],
        [expired, [saidAbout(expired, 'expired', [inner, mine]), 'dropped: hop-limit-exceeded']],
      ]);
      const loud = scene(family, profile, twoPorts);
      tells(t, loud, [[closed, [saidAbout(closed, 'closed', [outer, peer]), CONSUMED]]]);
    }
  });
}

/** Who has opened a connection has heard the answer. */
function ackOf(opener: Packet): Packet {
  return tcp(opener, ACK, [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1]);
}

/** The reset with which a host refuses a segment of no connection of its own, as the emulated one writes it. */
function resetOf({ source, port, destination, toPort, segment = '' }: Packet): Packet {
  const ends = { source: destination, port: toPort, destination: source, toPort: port };
  const reset = tcp(ends, RST, [parseInt(segment.slice(8, 16), 16), 0]);
  const noWindow = (reset.segment ?? '').slice(0, -4).concat('0000');
  return { ...reset, segment: noWindow, identification: 0, isWhole: true };
}
