/**
 * How a traced frame is forwarded: as any other, with notes of the state around it. The stages do not know that they are watched, so a
 * trace cannot change what it shows, and frames without the TRACED bit pay one branch.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { objection } from './emit.js';
import type { Plane } from './plane.js';
import { Action, ACTION_BITS, ARGUMENT_BITS } from './verdict.js';
import type { Verdict } from './verdict.js';

const ADDRESSES = 12;

/** Makes the function that forwards one frame and notes what happens to it. */
export function witnessOn(
  plane: Plane,
  decide: (frame: Frame, inPort: number) => Verdict,
  emit: (frame: Frame, inPort: number, verdict: Verdict) => void,
): (frame: Frame, inPort: number) => void {
  const { frames, program, trace, fdbs } = plane;
  const { start, length, serial, tick, view } = frames;

  /** Notes the entry of the address that stands `offset` bytes into the frame, if there is one. */
  function noteEntry(step: Step, frame: Frame, inPort: number, offset: number): void {
    if (length[frame] < ADDRESSES) return;
    const fdb = fdbs[program.ports.network[inPort]];
    const at = start[frame] + offset;
    const entry = fdb.find(view.getUint16(at), view.getInt32(at + 2), tick[frame]);
    if (entry < 0) return;
    const place = (fdb.kindOf(entry) << 16) | fdb.portOf(entry);
    trace.note(step, place, fdb.serialOf(entry), fdb.taughtAt(entry), fdb.heardAt(entry));
  }

  function noteVerdict(inPort: number, verdict: Verdict): void {
    const argument = verdict & ARGUMENT_BITS;
    const action = verdict & ACTION_BITS;
    trace.note(Step.Verdict, action, argument);
    if (action === Action.Send) trace.note(Step.Sent, argument);
    if (action !== Action.Flood) return;
    const network = program.ports.network[inPort];
    const first = program.networks.firstPort[network];
    for (let port = first; port < first + program.networks.portCount[network]; port++) {
      const against = objection(program, inPort, port);
      if (against === Reason.Ok) trace.note(Step.Sent, port);
      else trace.note(Step.PassedBy, port, against);
    }
  }

  return (frame, inPort) => {
    trace.begin(frame, inPort, serial[frame], tick[frame]);
    noteEntry(Step.SourceBefore, frame, inPort, 6);
    const verdict = decide(frame, inPort);
    noteEntry(Step.SourceAfter, frame, inPort, 6);
    noteEntry(Step.Destination, frame, inPort, 0);
    noteVerdict(inPort, verdict);
    plane.answered = -1;
    emit(frame, inPort, verdict);
    if (plane.answered >= 0) trace.note(Step.Answered, plane.answered);
  };
}
