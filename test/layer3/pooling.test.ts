/** Which address of a pool a source has in the profile rfc4787, and which port (RFC 4787 §4; RFC 7857 §4, §9). */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { NatOption, NatProfile, NatSelection } from '../../dataplane/program/nat-layout.js';
import { randomOf } from '../random.js';
import { ip } from './packets.js';
import type { Packet } from './packets.js';
import {
  insiders,
  natWith,
  open,
  opener,
  outsiders,
  POOL,
  PORT_FIRST,
  portOfSecond,
  PORTS,
  range,
  selections,
} from './pool.js';
import { INSIDE, OUTSIDE, Router } from './router.js';
import type { Rule } from './router.js';

const RUNS = 8;
const port = fc.integer({ min: 1, max: 0xffff });

test('N4787-2: a source keeps its address, whoever it speaks to: with the profile rfc4787 in every way to choose, with Linux persistent only', (t) => {
  const addressesOf = (selection: NatSelection, profile?: NatProfile): number[] => {
    const router = new Router(natWith({ toCount: 16, selection }, profile));
    return insiders.map((source) => {
      const found = Array.from({ length: 40 }, (_, i) =>
        open(router, opener('udp', source, 50_000 + i, outsiders[i % 2] ?? '')),
      );
      return new Set(found.map((one) => one?.source)).size;
    });
  };
  t.deepEqual(addressesOf(NatSelection.Persistent), [1, 1, 1, 1]);
  t.true(addressesOf(NatSelection.Hash).every((count) => count > 1));
  for (const selection of Object.values(selections))
    t.deepEqual(addressesOf(selection, NatProfile.Rfc4787), [1, 1, 1, 1]);
});

test('N4787-2: with the profile rfc4787 a source has the same address for every protocol, and none where that has no port left, though another has', (t) => {
  const one = { toCount: 16, toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST };
  const router = new Router(natWith(one, NatProfile.Rfc4787));
  const address = (protocol: Packet['protocol'], source: string, port: number) =>
    open(router, opener(protocol, source, port, outsiders[0] ?? ''))?.source;
  const mine = insiders.map((source) => address('udp', source, 5000));
  t.is(new Set(mine).size, 4, 'they have several');
  for (const [i, source] of insiders.entries()) {
    t.is(address('tcp', source, 5000), mine[i]);
    t.is(address('echo', source, 5000), mine[i]);
    t.is(address('udp', source, 5001), undefined, 'it is not given one that others could have');
  }
  router.checkConservation();
});

test('N5382-4: with the profile rfc4787 a SYN from outside to an address of a pool waits as one to the host itself does, and goes nowhere', (t) => {
  const [peer = ''] = outsiders;
  const router = new Router(natWith({ toCount: 16 }, NatProfile.Rfc4787));
  const call = (to: string): Packet => opener('tcp', peer, 6000, to);
  t.deepEqual(router.send(call(POOL), OUTSIDE, 0), { left: [], ended: '' });
  const unsolicited = { left: [], ended: 'dropped: syn-unsolicited' };
  t.deepEqual(router.send(call(POOL), OUTSIDE, 1e9), unsolicited);
  const last = ip('203.0.113.79');
  t.deepEqual(router.send(call(last), OUTSIDE, 2e9), { left: [], ended: '' });
  t.is(router.plane.frames.claimed, 2);
  const later = router.send(opener('udp', insiders[0] ?? '', 5000, peer), INSIDE, 9e9);
  t.is(later.left.length, 3, 'two errors, and itself');
  t.is(router.plane.frames.claimed, 0, 'both have been dropped');
  router.checkConservation();
});

test('N7857-4: with the profile rfc4787 a source may have another address for each protocol where the topology says so, and has always the same for one', (t) => {
  const pool = natWith({ toCount: 16 }, NatProfile.Rfc4787);
  const addresses = (options: number): (string | undefined)[][] => {
    const router = new Router({ ...pool, options });
    return insiders.flatMap((source) =>
      [0, 1].map((i) =>
        (['udp', 'tcp', 'echo'] as const).map(
          (protocol) =>
            open(router, opener(protocol, source, 5000 + i, outsiders[i] ?? ''))?.source,
        ),
      ),
    );
  };
  for (const all of addresses(0)) t.is(new Set(all).size, 1);
  const apart = addresses(NatOption.PoolsApart);
  t.true(apart.some((all) => new Set(all).size > 1));
  for (let i = 0; i < apart.length; i += 2) t.deepEqual(apart[i], apart[i + 1]);
});

test('N7857-9: with the profile rfc4787 the port of a source is kept where it is free, and else replaced by one drawn at random: the same again in a replay, another with another seed', (t) => {
  const portsOf = (seed: number, rule: Rule = {}): number[] => {
    const router = new Router(natWith({ ...rule, seed }, NatProfile.Rfc4787));
    return Array.from({ length: 40 }, (_, i) => {
      const [kept, other] = insiders.map(
        (source) => open(router, opener('udp', source, 5000 + i, outsiders[0] ?? ''))?.port,
      );
      t.is(rule.toPortFirst ?? kept, rule.toPortFirst ?? 5000 + i);
      return other ?? 0;
    });
  };
  const drawn = portsOf(1);
  t.deepEqual(portsOf(1), drawn);
  t.notDeepEqual(portsOf(2), drawn);
  // Neither do they follow each other nor does one say where the next is.
  const steps = new Set(drawn.slice(1).map((other, i) => other - (drawn[i] ?? 0)));
  t.true(steps.size > 35, `${steps.size} distances`);
  t.true(Math.max(...drawn) - Math.min(...drawn) > 0x8000, 'from all over the range');
  const some = { toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST + 255 };
  t.deepEqual(portsOf(1, some), portsOf(1, some));
  t.notDeepEqual(portsOf(1, some), portsOf(2, some));
});

test('N4787-4 N7857-8: with the profile rfc4787 an even port becomes an even one, an odd port an odd one', (t) => {
  const property = fc.property(port, (p) => {
    assert.equal(portOfSecond(p, NatProfile.Rfc4787) % 2, p % 2);
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('N4787-1: with the profile rfc4787 a source has one port for all whom it speaks to', (t) => {
  const router = new Router(natWith(range, NatProfile.Rfc4787));
  const of = (to: string | undefined): string => {
    const outside = open(router, opener('udp', insiders[0] ?? '', 5000, to ?? ''));
    return `${outside?.source} ${outside?.port}`;
  };
  t.is(of(outsiders[0]), of(outsiders[1]));
});

test('N4787-1 N4787-3: with the profile rfc4787 no two of 200 sources have one port, however few they speak to, and each has always the same', (t) => {
  const property = fc.property(fc.integer({ min: 1 }), (seed) => {
    const random = randomOf(seed);
    const router = new Router(natWith(range, NatProfile.Rfc4787));
    const [inside, outside] = [new Map<string, string>(), new Map<string, string>()];
    for (let i = 0; i < 200; i++) {
      const to = outsiders[random(outsiders.length)] ?? '';
      const one = opener('udp', insiders[random(4)] ?? '', 5000 + random(30), to);
      const found = open(router, one, i);
      if (found === undefined) continue;
      const [mine, theirs] = [one, found].map(({ source, port }) => `${source} ${port}`);
      if (mine === undefined || theirs === undefined) continue;
      assert.equal(outside.get(mine) ?? theirs, theirs);
      assert.equal(inside.get(theirs) ?? mine, mine);
      outside.set(mine, theirs);
      inside.set(theirs, mine);
    }
    assert.equal(inside.size, PORTS, 'all are taken');
    router.checkConservation();
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: RUNS });
  });
});
