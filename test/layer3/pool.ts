/** A router that translates what leaves to a pool, who speaks through it, and what is heard of it. */
import assert from 'node:assert/strict';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { NatKind, NatProfile, NatSelection } from '../../dataplane/program/nat-layout.js';
import { answerTo, frameOf, ip, portIn, u32 } from './packets.js';
import type { Packet } from './packets.js';
import { INSIDE, macOf, OUTSIDE, OWN, portOf, Router, wordOf } from './router.js';
import type { Rule, Wanted } from './router.js';

export const PORTS = 64;
export const PORT_FIRST = 40_000;
export const POOL = ip('203.0.113.64');
export const EXHAUSTED = `dropped: ${reasonText(Reason.NatPortsExhausted).name}`;

export const insiders = [2, 3, 4, 5].map((last) => ip(`10.0.0.${last}`));
export const outsiders = [7, 8].map((last) => ip(`203.0.113.${last}`));

export function natWith(rule: Rule, profile = NatProfile.Linux): Wanted {
  const toPool: Rule = { kind: NatKind.Source, iface: OUTSIDE, to3: wordOf(POOL) };
  return {
    routes: [
      { to: ip('10.0.0.0'), bits: 24, iface: INSIDE },
      { to: ip('203.0.113.0'), bits: 24, iface: OUTSIDE },
    ],
    rules: [{ ...toPool, ...rule }],
    neighbors: [
      ...insiders.map((address) => [INSIDE, address] as const),
      ...outsiders.map((address) => [OUTSIDE, address] as const),
    ],
    profile,
  };
}

export const range = { toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST + PORTS - 1 };

/** The first packet of a connection. */
export function opener(
  protocol: Packet['protocol'],
  source: string,
  port: number,
  to: string,
): Packet {
  const segment = `${u32(1000)}${u32(0)}5002faf0`;
  const toPort = protocol === 'echo' ? 8 : 53;
  const data = '00010203';
  return {
    source,
    destination: to,
    protocol,
    port,
    toPort,
    hopLimit: 64,
    segment,
    isWhole: true,
    data,
  };
}

/** The same packet one router further, with another source. */
export function passed(packet: Packet, source: string, port: number): Packet {
  return { ...packet, source, port, hopLimit: packet.hopLimit - 1 };
}

/** Sends what opens a connection. Gives the packet as it is outside, undefined where it did not leave; throws unless only its source has changed. */
export function open(router: Router, packet: Packet, tick = 0): Packet | undefined {
  const { left, ended } = router.send(packet, INSIDE, tick);
  const [frame] = left;
  if (frame === undefined) {
    assert.equal(ended, EXHAUSTED);
    return undefined;
  }
  const outside = passed(packet, frame.digits.slice(52, 60), portIn(frame.digits));
  const link = { to: macOf(packet.destination), from: macOf(OWN[1]) };
  const port = portOf(OUTSIDE, packet.destination);
  assert.deepEqual(left, [{ port, digits: frameOf(outside, link) }]);
  return outside;
}

/** The answer to a packet, which is refused where that was a SYN: nobody is kept waiting. */
export function answerOf(packet: Packet): Packet {
  return { ...answerTo(packet), segment: `${u32(5000)}${u32(1001)}5012faf0`, hopLimit: 64 };
}

/** Somebody outside answers; throws unless it reaches whoever opened the connection, and nobody else. */
export function answer(router: Router, inside: Packet, outside: Packet, tick: number): void {
  const { left } = router.send(answerOf(outside), OUTSIDE, tick);
  const { destination, toPort, port } = answerTo(inside);
  const wanted = { ...answerOf(outside), destination, toPort, port, hopLimit: 63 };
  const link = { to: macOf(inside.source), from: macOf(OWN[0]) };
  assert.deepEqual(left, [{ port: portOf(INSIDE, inside.source), digits: frameOf(wanted, link) }]);
}

export const selections = {
  hash: NatSelection.Hash,
  sequential: NatSelection.Sequential,
  random: NatSelection.Random,
  persistent: NatSelection.Persistent,
};

/** The port that the second of two sources gets which both want this one. */
export function portOfSecond(port: number, profile: NatProfile): number {
  const router = new Router(natWith({}, profile));
  const [first, second] = insiders.map((source) =>
    open(router, opener('udp', source, port, outsiders[0] ?? '')),
  );
  assert.equal(first?.port, port, 'the first one keeps its port');
  return second?.port ?? -1;
}
