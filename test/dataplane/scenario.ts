/**
 * Scenarios that read as sentences: a lab, and a story of frames with what becomes of each.
 *
 *     at 300s c1: A>B size=1518 tags=8100 => c2 c3
 *
 * says that 300 s after the beginning a frame from station A to station B comes in at c1 and leaves by c2 and c3. Other ends are
 * `=> dropped: runt` and `=> consumed: gateway-address`. A line without a time happens when the one before it did.
 *
 * Every story is told three times: frame by frame, in one burst, and with every frame traced. Each time all frames must be accounted
 * for, every slot be free again, and what leaves be what came in, byte for byte.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Compiled } from '../../control/compile/compile.js';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink, Source } from '../../dataplane/port/port.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { readStory } from './story.js';
import type { Scripted } from './story.js';

export interface Scenario {
  readonly lab: Compiled;
  readonly story: string;
}

/** Declares a test whose title is a claim and whose story is the proof. */
export function scenario(claim: string, { lab, story }: Scenario): void {
  test(claim, (t) => {
    const script = readStory(story, lab);
    const told = script.map(({ line }) => line);
    t.deepEqual(tell(t, lab, script), told);
    t.deepEqual(tell(t, lab, script, { most: BURST }), told.map(outcomeOfPorts));
    t.deepEqual(tell(t, lab, script, { traced: true }), told);
  });
}

/** Plays a script in bursts of at most `most` frames; gives its lines with what became of each frame. */
export function tell(
  t: ExecutionContext,
  lab: Compiled,
  script: readonly Scripted[],
  { most = 1, traced = false } = {},
): string[] {
  const plane = new Plane(lab.program);
  const left: Set<number>[] = script.map(() => new Set());
  const sinks = lab.ports.map((_, port) =>
    collector(plane, (serial, bytes, wireLength) => {
      const { frame, size } = script[serial - 1] ?? { frame: new Uint8Array(), size: -1 };
      t.deepEqual(bytes, frame, `bytes of frame ${serial}`);
      t.is(wireLength, size);
      t.false(left[serial - 1]?.has(port), `frame ${serial} leaves only once by a port`);
      left[serial - 1]?.add(port);
    }),
  );
  const breath = breathOn(plane, sourceOf(plane, script, traced), sinks, most);
  const ends: string[][] = [];
  for (let before = endings(plane); breath() > 0; before = endings(plane)) {
    const ended = endings(plane).filter(({ count }, i) => count > (before[i]?.count ?? 0));
    ends.push(most > 1 ? [] : ended.map(({ how }) => how));
  }
  t.is(plane.counters.unaccounted(), 0, 'all frames are accounted for');
  t.is(plane.frames.claimed, 0, 'all slots are free again');
  return script.map(({ said }, i) => {
    const ports = lab.ports.filter((_, port) => left[i]?.has(port)).map(({ port }) => port);
    return `${said} => ${[...ports, ...(ends[i] ?? [])].join(' ')}`;
  });
}

/** In a burst only the ports tell one frame from another. */
function outcomeOfPorts(line: string): string {
  return line.replace(/(dropped|consumed): .*$/, '');
}

/** How often each way to end without leaving was gone. */
export function endings({ counters }: Plane): { how: string; count: number }[] {
  const ways = { dropped: counters.dropped, consumed: counters.consumed };
  return Object.entries(ways).flatMap(([way, column]) =>
    Array.from(column, (count, i) => ({
      how: `${way}: ${reasonText(i % Reason.Count).name}`,
      count,
    })),
  );
}

/** A source that gives the frames of a script and then nothing. */
export function sourceOf(plane: Plane, script: readonly Scripted[], traced: boolean): Source {
  const { frames } = plane;
  let next = 0;
  return {
    receive(into, most) {
      let count = 0;
      for (; count < most && next < script.length; count++) {
        const scripted = script[next++];
        if (scripted === undefined) break;
        const slot = frames.claim();
        frames.bytes.set(scripted.frame, frames.start[slot]);
        frames.length[slot] = scripted.frame.length;
        frames.wireLength[slot] = scripted.size;
        frames.inPort[slot] = scripted.port;
        frames.serial[slot] = next;
        frames.tick[slot] = scripted.tick;
        frames.seconds[slot] = Math.floor(scripted.tick / 1e9);
        frames.nanoseconds[slot] = scripted.tick % 1e9;
        frames.flags[slot] = traced ? FrameFlag.Traced : 0;
        into[count] = slot;
      }
      return count;
    },
    refill: () => Promise.resolve(false),
  };
}

/** A sink that takes no frame away: it shows each to `take`. */
export function collector(
  { frames }: Plane,
  take: (serial: number, bytes: Uint8Array, wireLength: number) => void,
): Sink {
  return {
    send(from, at, count) {
      for (const slot of from.slice(at, at + count)) {
        const start = frames.start[slot] ?? 0;
        const bytes = frames.bytes.slice(start, start + (frames.length[slot] ?? 0));
        take(frames.serial[slot] ?? 0, bytes, frames.wireLength[slot] ?? 0);
      }
      return 0;
    },
    refusals: NO_REFUSALS,
  };
}
