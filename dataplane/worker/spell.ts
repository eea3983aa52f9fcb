/**
 * The inner loop of a live Worker: rounds of breaths until the spell is over, then the event loop gets its turn.
 *
 * Complication 1: to sleep or to look again. A sleeping wait costs the wake-up of a thread, so after a round that brought something the
 *   kernel is only looked at for POLL_NS more before the Worker lies down; one that has nothing to do sleeps and costs nothing.
 * Complication 2: the event loop. Requests, players and recorders make progress only between spells, so a spell ends after SPELL_NS, or
 *   with a sleep that brought nothing.
 * Complication 3: what happens though no frame comes. A host that waits for the answer to an ARP request asks again a second later, so no
 *   sleep goes beyond that, and what is then sent leaves with the next breath.
 */
import type { Native } from '../../native-bindings/native.js';
import type { Plane } from '../forward/plane.js';
import type { Arrivals } from './arrivals.js';
import { ControlWord } from './control.js';

/** The longest the event loop waits for a busy Worker. */
const SPELL_NS = 10e6;
/** The longest sleep: what native code does cannot be interrupted but by its waker. */
const SLEEP_US_MAX = 50_000;
/** After frames came, this long the Worker looks before it sleeps. */
const POLL_NS = 20e3;

export interface SpellSettings {
  readonly native: Native;
  readonly plane: Plane;
  readonly arrivals: Arrivals;
  readonly breath: () => number;
  readonly control: SharedArrayBuffer;
  /** CLOCK_MONOTONIC at tick 0, ns. */
  readonly base_ns: number;
  readonly busyPoll: boolean;
}

/**
 * Makes the function that forwards for one spell. Its argument says how many microseconds it may sleep at the most, because others
 * wait for the event loop.
 */
export function spellOn({
  native,
  plane,
  arrivals,
  breath,
  control,
  base_ns,
  busyPoll,
}: SpellSettings): (sleep_us: number) => void {
  const stop = new Int32Array(control, 0, 1);
  const words = new Float64Array(control);
  let lastWork = 0;

  /** How long the kernel may keep us: not beyond the next thing that is due, and not while more is likely to come. */
  function patience_us(now: number, sleep_us: number): number {
    if (busyPoll || now - lastWork < POLL_NS) return 0;
    const due = Math.min(arrivals.due, plane.due);
    const untilDue_us = Math.max(0, (due - now) / 1e3);
    return Math.min(SLEEP_US_MAX, sleep_us, untilDue_us);
  }

  return (sleep_us) => {
    let now = native.now() - base_ns;
    const end = now + SPELL_NS;
    for (let idle = false; now < end && !idle && Atomics.load(stop, 0) === 0;) {
      const most_us = patience_us(now, sleep_us);
      arrivals.look(most_us, now);
      if (most_us > 0) {
        words[ControlWord.Waits]++;
        words[ControlWord.Waited_ns] += native.now() - base_ns - now;
      }
      if (plane.due <= now) plane.advance(now);
      let breaths = 0;
      while (breath() > 0) breaths++;
      words[ControlWord.Breaths] += breaths;
      idle = breaths === 0 && most_us > 0;
      now = native.now() - base_ns;
      if (breaths > 0) lastWork = now;
    }
    words[ControlWord.Tick] = now;
    words[ControlWord.BurstMax] = arrivals.burstMax;
  };
}
