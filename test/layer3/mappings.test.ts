/** The profile rfc4787: a source inside has one address and port outside, whoever it speaks to; whoever speaks to these reaches it. */
import test from 'ava';
import { NatFlag, NatKind, NatProfile } from '../../dataplane/program/nat-layout.js';
import { answerTo, frameOf, ip } from './packets.js';
import type { Packet } from './packets.js';
import { INSIDE, macOf, OUTSIDE, OWN, portOf, Router } from './router.js';
import type { Rule, Wanted } from './router.js';

const SECOND = 1e9;
const MAPPED_NS = 300 * SECOND;
const [MINE, THEIRS] = [ip('10.0.0.2'), ip('10.0.0.3')];
const [FIRST, SECOND_ONE] = [ip('203.0.113.7'), ip('203.0.113.8')];
const PORT = 5000;

const masquerade: Rule = {
  kind: NatKind.Source,
  flags: NatFlag.Masquerade,
  iface: OUTSIDE,
  matchPrefix: 0,
};

/** What makes the NAT: a rule of one's own, or what Docker does for its networks. A rule that says nothing has the host track connections. */
const ways: Readonly<Record<string, Pick<Wanted, 'rules' | 'isMasqueraded'>>> = {
  'a rule of its own': { rules: [masquerade] },
  "Docker's masquerade": { rules: [{ ...masquerade, family: 6 }], isMasqueraded: true },
};

function routerWith(way: Pick<Wanted, 'rules' | 'isMasqueraded'>): Router {
  return new Router({
    ...way,
    routes: [
      { to: ip('10.0.0.0'), bits: 24, iface: INSIDE },
      { to: ip('203.0.113.0'), bits: 24, iface: OUTSIDE },
    ],
    neighbors: [
      [INSIDE, MINE],
      [INSIDE, THEIRS],
      [OUTSIDE, FIRST],
      [OUTSIDE, SECOND_ONE],
    ],
    profile: NatProfile.Rfc4787,
  });
}

const udp = (source: string, port: number, destination: string, toPort: number): Packet => ({
  source,
  destination,
  protocol: 'udp',
  port,
  toPort,
  hopLimit: 64,
  isWhole: true,
  data: '0123',
});

/** Sends a packet. Gives the digits of what left, with the ports by which it did. */
function sent(router: Router, packet: Packet, at: number): string {
  const iface = packet.source.startsWith('0a') ? INSIDE : OUTSIDE;
  const { left, ended } = router.send(packet, iface, at * SECOND);
  return [...left.map(({ port, digits }) => `${port} ${digits}`), ended].join(' ').trim();
}

/** How a packet leaves that is called otherwise. */
function leaving(packet: Packet, name: Partial<Packet>): string {
  const passed = { ...packet, ...name, hopLimit: packet.hopLimit - 1 };
  const out = passed.destination.startsWith('0a') ? INSIDE : OUTSIDE;
  const link = { to: macOf(passed.destination), from: macOf(OWN[out] ?? '') };
  return `${portOf(out, passed.destination)} ${frameOf(passed, link)}`;
}

for (const [name, way] of Object.entries(ways)) {
  const question = udp(MINE, PORT, FIRST, 53);
  const toMe = { destination: MINE };
  const fromOutside = { source: OWN[1] };

  test(`N4787-8: through ${name}, whoever outside speaks to a mapped source reaches it, again and again, and is answered from there`, (t) => {
    const router = routerWith(way);
    t.is(sent(router, question, 0), leaving(question, fromOutside));
    const stranger = udp(SECOND_ONE, 9, OWN[1], PORT);
    for (const at of [1, 2, 3]) {
      t.is(sent(router, stranger, at), leaving(stranger, toMe));
      const answer = udp(MINE, PORT, SECOND_ONE, 9);
      t.is(sent(router, answer, at), leaving(answer, fromOutside));
    }
    router.checkConservation();
  });

  test(`N4787-6: through ${name}, answers from inside keep a mapping alive, also to who spoke first from outside`, (t) => {
    const router = routerWith(way);
    sent(router, question, 0);
    const stranger = udp(SECOND_ONE, 9, OWN[1], PORT);
    for (let at = 200; at < 2000; at += 200) {
      t.is(sent(router, stranger, at), leaving(stranger, toMe));
      t.not(sent(router, udp(MINE, PORT, SECOND_ONE, 9), at), '');
    }
    const other = udp(FIRST, 99, OWN[1], PORT);
    t.is(sent(router, other, 2000), leaving(other, toMe));
  });

  test(`N4787-6: through ${name}, the first packet of another conversation keeps a mapping alive as well`, (t) => {
    const router = routerWith(way);
    sent(router, question, 0);
    sent(router, udp(MINE, PORT, SECOND_ONE, 53), 200);
    const stranger = udp(SECOND_ONE, 9, OWN[1], PORT);
    t.is(sent(router, stranger, 499), leaving(stranger, toMe));
    router.checkConservation();
  });

  test(`N4787-3: through ${name}, a mapping lives as long as the connections that were opened by it, so nobody else gets its port meanwhile`, (t) => {
    const router = routerWith(way);
    sent(router, question, 0);
    const answer = answerTo({ ...question, ...fromOutside });
    for (const at of [200, 400]) t.is(sent(router, answer, at), leaving(answer, toMe));
    const theirs = udp(THEIRS, PORT, SECOND_ONE, 53);
    t.not(sent(router, theirs, 450), leaving(theirs, fromOutside));
    t.is(sent(router, answer, 500), leaving(answer, toMe));
  });

  test(`N4787-5: through ${name}, what nobody inside has used for 5 minutes leads nowhere, however often it is called`, (t) => {
    const router = routerWith(way);
    sent(router, question, 0);
    const last = MAPPED_NS / SECOND;
    const call = (port: number, at: number): string =>
      sent(router, udp(SECOND_ONE, port, OWN[1], PORT), at);
    t.is(call(1, last - 1), leaving(udp(SECOND_ONE, 1, OWN[1], PORT), toMe));
    t.is(call(2, last), 'consumed: gateway-address');
  });

  test(`N4787-9: through ${name}, a neighbor who speaks to a mapped source reaches it under a name outside, and is answered`, (t) => {
    const router = routerWith(way);
    sent(router, question, 0);
    const theirs = udp(THEIRS, 6000, OWN[1], PORT);
    t.is(sent(router, theirs, 1), leaving(theirs, { ...toMe, ...fromOutside }));
    const answer = udp(MINE, PORT, OWN[1], 6000);
    t.is(sent(router, answer, 2), leaving(answer, { ...fromOutside, destination: THEIRS }));
    const outside = udp(THEIRS, 6000, FIRST, 53);
    t.is(sent(router, outside, 3), leaving(outside, fromOutside), 'and has the same name there');
    router.checkConservation();
  });

  test(`N4787-1: through ${name}, who has asked for a published port from within is called outside as everybody is`, (t) => {
    const published: Rule = {
      kind: NatKind.Published,
      flags: NatFlag.AnyLocal,
      protocol: 17,
      network: INSIDE,
      portFirst: 8080,
      portLast: 8080,
      to3: parseInt(MINE, 16),
      toPortFirst: 80,
      toPortLast: 80,
    };
    const router = routerWith({ ...way, rules: [published, ...way.rules] });
    const within = udp(THEIRS, 7000, OWN[1], 8080);
    const proxied = { source: OWN[0], destination: MINE, toPort: 80 };
    t.is(sent(router, within, 0), leaving(within, proxied));
    const outside = udp(THEIRS, 7000, FIRST, 53);
    t.is(sent(router, outside, 1), leaving(outside, fromOutside));
    router.checkConservation();
  });
}
