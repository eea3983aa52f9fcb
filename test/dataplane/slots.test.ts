import test from 'ava';
import fc from 'fast-check';
import { SLOT_BYTES, Slots, slotsFor } from '../../dataplane/state/slots.js';

function slotsOf(things: number): Slots {
  return new Slots(new Int32Array((slotsFor(things) * SLOT_BYTES) / 4));
}

/** All that is found by a hash, in the order in which it is. */
function found(slots: Slots, hash: number): number[] {
  const all: number[] = [];
  for (let slot = slots.first(hash); slot >= 0; slot = slots.next(hash, slot))
    all.push(slots.at(slot));
  return all;
}

// Few hashes, at both ends of the table and just before its end, so that they crowd and go round it.
const hash = fc.constantFrom(0, 1, 0x1000_0000, 0x7fff_ffff, -0x8000_0000, -0x2000_0000, -2, -1);

test('property: by its hash is found what was entered and has not left, the first first', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.tuple(hash, fc.nat({ max: 11 })), { maxLength: 80 }),
      (most, steps) => {
        const slots = slotsOf(most);
        let model: { readonly hash: number; readonly thing: number }[] = [];
        for (const [entered, thing] of steps) {
          const known = model.find((it) => it.thing === thing);
          if (known !== undefined) {
            slots.leave(known.hash, thing);
            model = model.filter((it) => it !== known);
          } else if (model.length < most) {
            slots.enter(entered, thing);
            model.push({ hash: entered, thing });
          }
          for (const asked of [0, 1, -1, -2, 0x1000_0000, 0x7fff_ffff, -0x8000_0000, -0x2000_0000])
            t.deepEqual(
              found(slots, asked),
              model.filter((it) => it.hash === asked).map((it) => it.thing),
            );
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('three slots for two things, so that a search always ends', (t) => {
  t.deepEqual([1, 2, 3, 4, 1000].map(slotsFor), [2, 3, 5, 6, 1500]);
  const slots = slotsOf(2);
  slots.enter(-1, 0);
  slots.enter(-1, 1);
  t.deepEqual(found(slots, -1), [0, 1]);
  t.deepEqual(found(slots, 0), []);
});
