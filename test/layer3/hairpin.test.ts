/** From one neighbor inside to another, by a name outside: of TCP and ICMP as well as of UDP (mappings.test.ts), in both families. */
import test from 'ava';
import type { Packet } from './packets.js';
import {
  ACK,
  answerOf,
  errorAbout,
  FAMILIES,
  FAR_SEQUENCE,
  KINDS,
  NEAR_SEQUENCE,
  passed,
  ping,
  PROFILES,
  questionsOf,
  scene,
  SYN,
  tcp,
  tells,
  udp,
} from './translated.js';
import type { Line, Scene } from './translated.js';

const [PORT, NEXT_PORT] = [40_000, 40_001];
const twoPorts = { range: `ports: ${PORT}-${NEXT_PORT}, select: sequential` };
/** What a host without mappings needs for it: who asks from within is hidden behind the router, and the neighbor is published, ... */
const HIDDEN = '{ snat: %in, out: eth0, to: masquerade },';
const toMine = (protocol: string): string =>
  `{ dnat: '%out', protocol: ${protocol}, port: ${PORT}, to: '%mine', to_port: 5000 },`;
const published = { rules: HIDDEN + toMine('udp') + toMine('tcp') };
/** ... or has the address outside for itself, as in Basic NAT. */
const basic = { rules: `${HIDDEN} { dnat: '%out', to: '%mine' },` };

/** What a neighbor says to the name outside of the other: of UDP and TCP. */
function calls({ theirs, outer }: Scene): readonly Packet[] {
  const ends = { source: theirs, port: NEXT_PORT, destination: outer, toPort: PORT };
  return [udp(theirs, NEXT_PORT, outer, PORT), tcp(ends, SYN, [NEAR_SEQUENCE, 0])];
}

/** The call as the neighbor hears it. */
function heardOf({ mine }: Scene, call: Packet, caller: string): Packet {
  const isPing = call.protocol === 'echo';
  const name = { source: caller, destination: mine, toPort: isPing ? call.toPort : 5000 };
  return passed(call, name);
}

/** How a call is heard, answered, and that is heard. */
function talk(it: Scene, call: Packet, caller: string): Line[] {
  const heard = heardOf(it, call, caller);
  const answer = answerOf(heard);
  const { outer: source, theirs: destination } = it;
  const port = call.protocol === 'echo' ? call.port : PORT;
  const lines: Line[] = [
    [call, heard],
    [answer, passed(answer, { source, port, destination })],
  ];
  if (call.protocol !== 'tcp') return lines;
  const next = tcp(call, ACK, [NEAR_SEQUENCE + 1, FAR_SEQUENCE + 1], 10);
  return [...lines, [next, heardOf(it, next, caller)]];
}

/** The call is heard; then come errors about it, from who has heard it. */
function complaints(it: Scene, call: Packet, caller: string): Line[] {
  const heard = heardOf(it, call, caller);
  const errors = KINDS.map((kind): Line => {
    const told = errorAbout(passed(call), kind, [it.outer, it.theirs]);
    return [errorAbout(heard, kind, [it.mine, caller]), passed(told)];
  });
  return [[call, heard], ...errors];
}

for (const family of FAMILIES) {
  const rfc = scene(family, 'rfc4787', twoPorts);
  const linux = scene(family, 'linux', published);
  /** By these the neighbor inside has a name outside: PORT. */
  const mapped = questionsOf(rfc).map((question): Line => {
    return [question, passed(question, { source: rfc.outer, port: PORT })];
  });
  const isMapped = (call: Packet): Line[] =>
    mapped.filter(([question]) => question.protocol === call.protocol);

  test(`N4787-9a N5382-8: IPv${family}, profile rfc4787: a neighbor reaches a mapped source by its name outside, and is called by a name outside as well`, (t) => {
    for (const call of calls(rfc))
      tells(t, rfc, [...isMapped(call), ...talk(rfc, call, rfc.outer)]);
  });

  test(`N4787-9 N5382-8: IPv${family}, profile linux: a neighbor reaches a published one by its name outside where a rule hides who asks`, (t) => {
    for (const call of calls(linux)) tells(t, linux, talk(linux, call, linux.inner));
  });

  test(`N5508-7a: IPv${family}: an error about what came from a neighbor by a name outside goes to the neighbor, from the public address, and quotes the packet as it was sent`, (t) => {
    for (const call of calls(rfc))
      tells(t, rfc, [
        ...isMapped(call),
        ...complaints(rfc, call, rfc.outer),
        ...talk(rfc, call, rfc.outer),
      ]);
    for (const call of calls(linux))
      tells(t, linux, [...complaints(linux, call, linux.inner), ...talk(linux, call, linux.inner)]);
  });

  test(`N7857-12 N5508-7: IPv${family}, profile rfc4787: a ping to a name outside reaches the neighbor that has its identifier there, from a name outside, and is answered`, (t) => {
    const { mine, theirs, outer } = rfc;
    const [asked, gone] = mapped[2] ?? [];
    if (asked === undefined || gone === undefined) return t.fail();
    const call = ping(theirs, PORT, outer);
    const heard = passed(call, { source: outer, destination: mine, port: asked.port });
    const answer = answerOf(heard);
    const told = errorAbout(passed(call), 'closed', [outer, theirs]);
    tells(t, rfc, [
      [asked, gone],
      [call, heard],
      [answer, passed(answer, { source: outer, destination: theirs, port: PORT })],
      [errorAbout(heard, 'closed', [mine, outer]), passed(told)],
    ]);
  });

  test(`N7857-12: IPv${family}, profile rfc4787: a ping is for the host itself if it comes from outside, or its identifier is nobody's or the sender's own`, (t) => {
    const { mine, theirs, peer, inner, outer } = rfc;
    const asked = mapped.slice(2);
    for (const call of [
      ping(peer, PORT, outer),
      ping(theirs, NEXT_PORT, outer),
      ping(mine, PORT, outer),
      ping(theirs, PORT, inner),
    ]) {
      const answer = {
        ...answerOf(call),
        ...(family === 4 && { identification: 1, isWhole: false }),
      };
      tells(t, rfc, [...asked, [call, [answer, 'consumed: host-stack']]]);
    }
  });

  test(`N5508-7 N7857-12: IPv${family}: a ping to a name outside reaches the neighbor that has it, and is answered`, (t) => {
    for (const profile of PROFILES) {
      const it = scene(family, profile, basic);
      const call = ping(it.theirs, 7, it.outer);
      tells(t, it, [...talk(it, call, it.inner), ...complaints(it, call, it.inner)]);
    }
  });
}
