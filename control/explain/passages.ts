/**
 * The notes of a trace, sorted by where they were taken: a passage is what happened to the frame at one place. Notes about frames that a host
 * sends by itself are left out, but for the one that it sends an error about the frame; those about a frame that had waited belong to it only if it is the one being explained.
 */
import { Release, Speech, Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { Program } from '../../dataplane/program/program.js';

export interface Passage {
  readonly step: Step.Bridged | Step.Child | Step.Up | Step.Down | Step.Routed | Step.Arrived;
  readonly note: Note;
  /** Index of the passage before it. */
  readonly after?: number;
  /** Everything that was noted here, the one that opened it first. */
  readonly notes: Note[];
}

/** A note that opens a passage. */
function opens(step: Step): step is Passage['step'] {
  return [Step.Bridged, Step.Child, Step.Up, Step.Down, Step.Routed].includes(step);
}

/** The passages in the order in which they began. */
export function passagesOf(program: Program, notes: readonly Note[]): Passage[] {
  return new Sorter(program).sort(notes);
}

class Sorter {
  private readonly passages: Passage[] = [];
  /** Slots of the frame that wait, and the passage where they do. */
  private readonly waiting = new Map<number, number>();
  private current: number | undefined;

  constructor(private readonly program: Program) {}

  sort(notes: readonly Note[]): Passage[] {
    this.take(notes, true);
    return this.passages;
  }

  /** `ours`: the notes are about the frame being explained. */
  private take(notes: readonly Note[], ours: boolean): void {
    for (let i = 0; i < notes.length; i++) {
      const note = notes[i];
      if (note === undefined) continue;
      const [step, slot] = note;
      if (step === Step.Speaks || step === Step.Resumed) {
        const end = endOf(notes, i);
        this.takeOther(
          note,
          step === Step.Resumed ? this.waiting.get(slot) : undefined,
          notes.slice(i + 1, end),
          ours,
        );
        i = end;
      } else if (ours) {
        this.takeOne(note);
      }
    }
  }

  private takeOther(
    note: Note,
    waitedAt: number | undefined,
    inside: readonly Note[],
    ours: boolean,
  ): void {
    const before = this.current;
    if (waitedAt !== undefined) {
      this.passages[waitedAt]?.notes.push(note);
      this.current = waitedAt;
    } else if (ours && (note[0] === Step.Resumed || note[1] === Speech.Error)) {
      this.passages[this.placeOf(note)]?.notes.push(note);
    }
    this.take(inside, waitedAt !== undefined);
    this.current = before;
  }

  /** Where the piece with this number, which leaves by this interface, was cut off: where the one before it was. */
  private cutAt(piece: number, iface: number): number | undefined {
    if (piece === 1) return this.current;
    const isBefore = ([step, number, out]: Note): boolean =>
      step === Step.Cut && number === piece - 1 && out === iface;
    const found = this.passages.findLastIndex(({ notes }) => notes.some(isBefore));
    return found < 0 ? this.current : found;
  }

  /** A host lets fragments go on when the first one has left it. */
  private placeOf([step, , , , why]: Note): number {
    const isFragment = step === Step.Resumed && why === Release.FirstFragment;
    const routed = isFragment
      ? this.passages.findLastIndex((passage) => passage.step === Step.Routed)
      : -1;
    return routed < 0 ? (this.current ?? 0) : routed;
  }

  private takeOne(note: Note): void {
    const [step, a, b] = note;
    if (step === Step.Arrived) return;
    if (opens(step)) {
      const after = this.cameFrom(step, a);
      this.current =
        this.passages.push({ step, note, ...(after !== undefined && { after }), notes: [note] }) -
        1;
      return;
    }
    if (step === Step.Cut) this.current = this.cutAt(a, b);
    this.current ??= this.passages.push({ step: Step.Arrived, note, notes: [] }) - 1;
    if (step === Step.Waiting) this.waiting.set(b, this.current);
    this.passages[this.ownerOf(step, a, b) ?? this.current]?.notes.push(note);
  }

  /** What a bridge does behind its flood belongs to it, not to where the flood has led. */
  private ownerOf(step: Step, a: number, b: number): number | undefined {
    if (step === Step.Retagged) return this.lastAtBridge(this.program.ports.network[a]);
    const isAnswer = step === Step.Answered || step === Step.Ignored;
    const answersAtBridge = isAnswer && b < this.program.networks.rows;
    return answersAtBridge ? this.lastAtBridge(b) : undefined;
  }

  /** The bridge from which a joint leads to this link, or where the frame is. */
  private cameFrom(step: Step, link: number): number | undefined {
    const { links, ports } = this.program;
    if (step !== Step.Up && step !== Step.Down) return this.current;
    const joint = step === Step.Up ? links.port[link] : links.joint[link];
    const network = joint === undefined ? undefined : ports.network[joint];
    return this.lastAtBridge(network, joint) ?? this.current;
  }

  /** The newest passage of a bridge, if it sent the frame by `joint`. */
  private lastAtBridge(network: number | undefined, joint?: number): number | undefined {
    const index = this.passages.findLastIndex(
      ({ step, note }) => step === Step.Bridged && this.program.ports.network[note[1]] === network,
    );
    const sent = this.passages[index]?.notes.some(
      ([step, port]) => step === Step.Sent && port === joint,
    );
    return index >= 0 && (joint === undefined || sent) ? index : undefined;
  }
}

/** Index of the `Done` that ends what the note at `from` opens. */
function endOf(notes: readonly Note[], from: number): number {
  let open = 0;
  for (let i = from; i < notes.length; i++) {
    const step = notes[i]?.[0];
    if (step === Step.Speaks || step === Step.Resumed) open++;
    if (step === Step.Done && --open === 0) return i;
  }
  return notes.length;
}
