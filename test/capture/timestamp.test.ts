import test from 'ava';
import fc from 'fast-check';

import { resolutionOf, TimeConverter } from '../../dataplane/port/file/timestamp.js';

/** The definition, in exact integers. */
function expected(time: bigint, option: number): readonly [seconds: bigint, nanoseconds: bigint] {
  const exponent = BigInt(option & 0x7f);
  const perSecond = (option & 0x80) === 0 ? 10n ** exponent : 1n << exponent;
  return [time / perSecond, ((time % perSecond) * 1_000_000_000n) / perSecond];
}

const words = new DataView(new ArrayBuffer(8));

function convert(converter: TimeConverter, time: bigint, option: number): void {
  words.setUint32(0, Number(time >> 32n));
  words.setUint32(4, Number(time & 0xffff_ffffn));
  converter.convertAt(words, 0, false, resolutionOf(option));
}

test('every resolution converts exactly as far as nanoseconds go', (t) => {
  const converter = new TimeConverter();
  const edges = [
    0n,
    1n,
    0xffff_ffffn,
    1n << 32n,
    (1n << 53n) - 1n,
    (1n << 63n) + 12_345n,
    (1n << 64n) - 1n,
  ];
  for (let option = 0; option < 256; option++) {
    for (const time of edges) {
      convert(converter, time, option);
      const [seconds, nanoseconds] = expected(time, option);
      t.is(converter.seconds, Number(seconds), `${time} of ${option}`);
      t.is(converter.nanoseconds, Number(nanoseconds), `${time} of ${option}`);
    }
  }
});

test('times near each other convert as exactly as the first', (t) => {
  const resolutions = [6, 9, 0x80 | 20].map((option) => [option, resolutionOf(option)] as const);
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
      fc.array(
        fc.tuple(fc.constantFrom(...resolutions), fc.bigInt({ min: -(1n << 31n), max: 1n << 33n })),
      ),
      (start, steps) => {
        const converter = new TimeConverter();
        let time = start;
        for (const [[option, resolution], step] of steps) {
          time = time + step < 0n ? 0n : time + step;
          words.setBigUint64(0, time);
          converter.convertAt(words, 0, false, resolution);
          const [seconds, nanoseconds] = expected(time, option);
          t.is(converter.seconds, Number(seconds));
          t.is(converter.nanoseconds, Number(nanoseconds));
        }
      },
    ),
  );
  t.pass();
});
