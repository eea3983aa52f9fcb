import test from 'ava';
import { told } from '../../control/cli/told.js';
import { explanationOf } from '../../control/explain/explanation.js';
import { ping, question, reply } from '../../control/explain/speech.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { tagged } from '../../pcaps/build/ethernet.js';
import { sourceOf } from '../dataplane/scenario.js';
import { randomOf } from '../random.js';
import { lab, speaker } from './hops.js';

const RUNS = 400;
const FRAMES = 4;

const OUTSIDE = ['192.168.99.1', '192.168.99.2', '8.8.8.8'];
const VLANS = [0, 5, 10, 50, 60, 70, 100];

/** A frame between any two of the lab, with or without tags, and the open port it comes in by. */
function anyFrame(below: (limit: number) => number): { port: number; frame: Uint8Array } {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const addresses = lab.ports.flatMap(({ endpoint }) => endpoint?.ipv4?.value ?? []);
  const someone = () => speaker(pick([...addresses, ...OUTSIDE]));
  const [from, to] = [someone(), someone()];
  const frame = pick([ping(from, to), question(from, to.ip), reply(from, to)]);
  const tags = below(3);
  const dressed = Array.from({ length: tags }).reduce<Uint8Array>(
    (inner) => tagged(pick(VLANS), inner),
    frame,
  );
  const kept = below(20) === 0 ? dressed.slice(0, below(dressed.length)) : dressed;
  const open = lab.ports.flatMap(({ isOpen }, port) => (isOpen ? [port] : []));
  return { port: pick(open), frame: kept };
}

test('the ports by which a frame is said to have left are those by which it left', (t) => {
  const below = randomOf(4);
  for (let run = 0; run < RUNS; run++) {
    const script = Array.from({ length: FRAMES }, (_, i) => {
      const { port, frame } = anyFrame(below);
      return { line: '', said: '', port, tick: i * 1e6, frame, size: frame.length };
    });
    const plane = new Plane(lab.program);
    const { frames, counters, trace } = plane;
    const left: string[] = [];
    const sinks = lab.ports.map(({ port }) => ({
      send: (from: Int32Array, at: number, count: number) => {
        const slots = from.slice(at, at + count);
        for (const slot of slots) if (frames.serial[slot] === FRAMES) left.push(port);
        return 0;
      },
      refusals: NO_REFUSALS,
    }));
    const breath = breathOn(plane, sourceOf(plane, script, true), sinks, 1);
    for (let i = 1; i < FRAMES; i++) breath();
    const before = counters.originated[0];
    breath();
    const explanation = explanationOf(lab, plane, trace.since(trace.newest));
    const said = explanation.left.map(({ port }) => port);
    const text = told(explanation);
    // What the host says by itself bears the number of the frame for which it speaks.
    if (counters.originated[0] === before) t.deepEqual(said.toSorted(), left.toSorted(), text);
    else
      t.true(
        said.every((port) => left.includes(port)),
        text,
      );
    t.notRegex(text, /undefined|NaN/);
  }
});
