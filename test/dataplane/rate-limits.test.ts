/** How many ICMP errors a host sends (RFC 1812 §4.3.2.8; Linux icmp_ratelimit, icmp_msgs_per_sec, icmp_msgs_burst). */
import test from 'ava';
import fc from 'fast-check';
import { PERIOD_NS, RateLimits } from '../../dataplane/state/rate-limits.js';

const SECOND = 1e9;

/** An error to the IPv4 address with this number. */
const tell = (limits: RateLimits, to: number, tick: number): boolean =>
  limits.allows(0, 0, 0, to, PERIOD_NS, tick);

test('R-12: who has heard nothing for long hears six errors at once, and then one a second', (t) => {
  const limits = new RateLimits();
  const at = [0, 0, 0, 0, 0, 0, 0, 0.5, 1, 1, 3, 3, 3].map((s) => s * SECOND);
  const told = at.map((tick) => tell(limits, 1, tick));
  t.deepEqual(told.map(Number), [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0]);
});

test('R-12: one that is told too much takes nothing from the others', (t) => {
  const limits = new RateLimits();
  const told = Array.from({ length: 1000 }, () => tell(limits, 1, 0));
  t.is(told.filter(Boolean).length, 6);
  t.true(tell(limits, 2, 0));
  t.true(limits.allows(0xfd00_0000, 0, 0, 1, PERIOD_NS, 0), 'an IPv6 address with the same end');
});

test('R-12: fifty errors at once, whoever they are for, and 1,000 a second', (t) => {
  const limits = new RateLimits();
  const count = (tick: number): number => {
    const asked = Array.from({ length: 100 }, (_, i) => tell(limits, tick + i + 1, tick));
    return asked.filter(Boolean).length;
  };
  t.is(count(0), 50);
  t.is(count(19e6), 0, 'nothing comes back in portions smaller than of 20 ms');
  t.is(count(20e6), 20);
  t.is(count(45e6), 25);
  t.is(count(10 * SECOND), 50, 'nor is more saved up');
});

test('R-12: the table is bounded, and who has a place in it loses it to the newest of many only when it was silent longest', (t) => {
  const limits = new RateLimits();
  const [noisy, first] = [1, 1000];
  for (let i = 0; i < 6; i++) tell(limits, noisy, 0);
  for (let other = 0; other < 20_000; other++) {
    const tick = (other * SECOND) / 900;
    tell(limits, first + other, tick);
    if (other % 100 === 0) tell(limits, noisy, tick);
  }
  t.false(tell(limits, noisy, (20_000 * SECOND) / 900), 'its debts are not forgotten');
});

test('R-12: where time runs backwards it stands still', (t) => {
  const limits = new RateLimits();
  for (let i = 0; i < 6; i++) tell(limits, 1, 10 * SECOND);
  t.false(tell(limits, 1, 0));
  t.false(tell(limits, 1, 10.5 * SECOND));
  t.true(tell(limits, 1, 11 * SECOND));
});

test('R-12, property: in any time a destination is told no more than six errors and one for each second of it', (t) => {
  const steps = fc.array(fc.integer({ min: 0, max: 3 * SECOND }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (pauses) => {
      const limits = new RateLimits();
      let now = 0;
      let told = 0;
      for (const pause of pauses) {
        now += pause;
        if (tell(limits, 1, now)) told++;
        t.true(told <= 6 + now / SECOND);
      }
    }),
  );
});

test('R-13: a source that leaves redirects unheeded hears nine, after pauses of 40 ms doubled each time, and then none until it is silent for 20.48 s', (t) => {
  const limits = new RateLimits();
  const redirects = (ms: number): boolean => limits.redirects(0, 0, 0, 1, ms * 1e6);
  let now = 0;
  t.true(redirects(now));
  for (let times = 1; times < 9; times++) {
    t.false(redirects(now + 20 * 2 ** times), String(times));
    now += 20 * 2 ** times + 1;
    t.true(redirects(now), String(times));
  }
  t.false(redirects(now + 20_000));
  t.false(redirects(now + 40_000), 'it was heard in between');
  t.true(redirects(now + 60_481));
  t.false(redirects(now + 60_482));
  t.true(limits.redirects(0, 0, 0, 2, 0), 'another source');
});
