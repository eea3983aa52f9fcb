/**
 * A soup of packets through a router with the profile rfc4787: whatever comes, no address of the inside is seen outside, no two datagrams that may be
 * cut have one identification there, all frames are accounted for, and all is the same in a replay.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'ava';
import { NatFlag, NatKind, NatProfile } from '../../dataplane/program/nat-layout.js';
import { randomOf } from '../random.js';
import { ip, piecesOf, u16, u32, u8 } from './packets.js';
import type { Packet } from './packets.js';
import { INSIDE, OUTSIDE, OWN, Router, wordOf } from './router.js';
import type { Outcome, Rule } from './router.js';

const COUNT = 20_000;
const SECOND = 1e9;
const insiders = [2, 3, 4, 5].map((last) => ip(`10.0.0.${last}`));
const outsiders = [7, 8].map((last) => ip(`203.0.113.${last}`));
/** What of an untagged frame with IPv4 begins where, in digits. */
const [IDENTIFICATION, FRAGMENT, SOURCE] = [36, 40, 52];
/** DF, MF and the offset. */
const FRAGMENT_BITS = 0x7fff;

const masquerade: Rule = {
  kind: NatKind.Source,
  flags: NatFlag.Masquerade,
  iface: OUTSIDE,
  match3: wordOf(ip('10.0.0.0')),
  matchPrefix: 96 + 8,
};

class Soup {
  readonly hash = createHash('sha256');
  readonly endings = new Map<string, number>();
  private readonly random = randomOf(7);
  private readonly router = new Router({
    routes: [
      { to: ip('10.0.0.0'), bits: 24, iface: INSIDE },
      { to: ip('203.0.113.0'), bits: 24, iface: OUTSIDE },
    ],
    rules: [masquerade],
    neighbors: [
      ...insiders.map((address) => [INSIDE, address] as const),
      ...outsiders.map((address) => [OUTSIDE, address] as const),
    ],
    profile: NatProfile.Rfc4787,
  });
  /** Seen outside, of what may be cut and is not. */
  private readonly identifications = new Set<number>();
  private tick = 0;

  play(): void {
    for (let i = 0; i < COUNT; i++) for (const packet of this.next()) this.send(packet);
    this.tick += 60 * SECOND;
    this.send(this.packet(insiders, outsiders));
    this.router.checkConservation();
  }

  private pick<T>(from: readonly T[]): T {
    const one = from[this.random(from.length)];
    assert.ok(one !== undefined);
    return one;
  }

  private next(): readonly Packet[] {
    const { random } = this;
    this.tick += random(200) === 0 ? random(300) * SECOND : random(SECOND / 4);
    const kind = random(10);
    const packet =
      kind < 5
        ? this.packet(insiders, outsiders)
        : kind < 9
          ? this.packet(outsiders, OWN.slice(1))
          : this.packet(insiders, [...OWN, ...insiders]);
    if (random(6) > 0) return [packet];
    const pieces = piecesOf({ ...packet, data: '00'.repeat(60) }, 24);
    return random(2) === 0 ? pieces : pieces.reverse();
  }

  private packet(from: readonly string[], to: readonly string[]): Packet {
    const { random } = this;
    const protocol = this.pick(['udp', 'udp', 'tcp', 'tcp', 'tcp', 'echo', 'other'] as const);
    const bits = this.pick([0x02, 0x02, 0x10, 0x12, 0x11, 0x04]);
    const port = 5000 + random(6);
    return {
      source: this.pick(from),
      destination: this.pick(to),
      protocol,
      port,
      toPort: protocol === 'echo' ? this.pick([8, 8, 0, 10, 3, 13]) : 5000 + random(6),
      hopLimit: random(50) === 0 ? 1 : 64,
      identification: random(4),
      isWhole: random(2) === 0,
      segment: `${u32(1000 + random(3))}${u32(1001)}50${u8(bits)}${u16(0xfaf0)}`,
      data: '00'.repeat(28),
      ...(random(40) === 0 && { damage: 1 }),
    };
  }

  private send(packet: Packet): void {
    const isInside = packet.source.startsWith('0a');
    const outcome = this.router.send(packet, isInside ? INSIDE : OUTSIDE, this.tick);
    this.endings.set(outcome.ended, (this.endings.get(outcome.ended) ?? 0) + 1);
    this.hash.update(JSON.stringify(outcome));
    this.check(outcome);
  }

  private check({ left }: Outcome): void {
    for (const { digits, port } of left) {
      if (port < 2) continue;
      const source = digits.slice(SOURCE, SOURCE + 8);
      assert.ok(!source.startsWith('0a'), `seen outside: ${digits}`);
      const fragment = parseInt(digits.slice(FRAGMENT, FRAGMENT + 4), 16);
      if (source !== OWN[OUTSIDE] || (fragment & FRAGMENT_BITS) !== 0) continue;
      const identification = parseInt(digits.slice(IDENTIFICATION, IDENTIFICATION + 4), 16);
      assert.ok(!this.identifications.has(identification), `twice: ${identification}`);
      this.identifications.add(identification);
    }
  }
}

test('N5508-11 N7857-10: whatever comes through a router with the profile rfc4787, no address inside is seen outside and no identification twice; a replay is the same', (t) => {
  const [first, again] = [new Soup(), new Soup()];
  t.notThrows(() => {
    first.play();
    again.play();
  });
  t.is(first.hash.digest('hex'), again.hash.digest('hex'));
  for (const ending of [
    'dropped: nat-untranslatable',
    'dropped: syn-unsolicited',
    'consumed: gateway-address',
    '',
  ])
    t.true((first.endings.get(ending) ?? 0) > 10, `${ending}: ${first.endings.get(ending) ?? 0}`);
});
