/**
 * The notes of a trace, sorted by where they were taken: a passage is what happened to the frame at one place. Notes about frames that a host
 * sends by itself are left out, but for the one that it sends an error about the frame; those about a frame that had waited belong to it only if it is the one being explained.
 */
import { Release, Speech, Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { Program } from '../../dataplane/program/program.js';

export interface Passage {
  readonly step:
    | Step.Bridged
    | Step.Child
    | Step.Up
    | Step.Down
    | Step.Routed
    | Step.Tunneled
    | Step.Encapsulated
    | Step.Decapsulated
    | Step.Arrived;
  readonly note: Note;
  /** Index of the passage before it. */
  readonly after?: number;
  /** Everything that was noted here, the one that opened it first. */
  readonly notes: Note[];
}

/** A note that opens a passage. */
function opens(step: Step): step is Passage['step'] {
  const tunnels = [Step.Tunneled, Step.Encapsulated, Step.Decapsulated];
  return [Step.Bridged, Step.Child, Step.Up, Step.Down, Step.Routed, ...tunnels].includes(step);
}

/** The passages in the order in which they began. */
export function passagesOf(program: Program, notes: readonly Note[]): Passage[] {
  return new Sorter(program).sort(notes);
}

class Sorter {
  private readonly passages: Passage[] = [];
  /** Slots of the frame that wait, and the passage where they do. */
  private readonly waiting = new Map<number, number>();
  /** By passage of a frame that comes to a tunnel end: to how many other ends it is still to be sent. */
  private readonly toSend = new Map<number, number>();
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
      } else if (step === Step.Opened) {
        const end = endOf(notes, i);
        if (ours) this.takeOpened(slot, notes.slice(i + 1, end));
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

  /** What became of the copy that a host took out of a tunnel; what follows is about the packet that it heard. */
  private takeOpened(host: number, inside: readonly Note[]): void {
    const before = this.current;
    this.current = this.heardAt(host) ?? before;
    this.take(inside, true);
    this.current = before;
  }

  /** The newest passage in which a host had it. */
  private heardAt(host: number): number | undefined {
    const { links, ports, networks } = this.program;
    const index = this.passages.findLastIndex(({ step, note: [, a, b] }) => {
      if (step === Step.Up) return links.host[a] === host;
      if (step === Step.Child) return links.host[b] === host;
      return step === Step.Bridged && networks.host[ports.network[a] ?? -1] === host;
    });
    return index < 0 ? undefined : index;
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
      const after = this.cameFrom(step, a, b);
      this.current =
        this.passages.push({ step, note, ...(after !== undefined && { after }), notes: [note] }) -
        1;
      // Only the way out says the address of an end.
      if (step === Step.Encapsulated) this.passages[after ?? -1]?.notes.push(note);
      if (step === Step.Tunneled)
        this.toSend.set(this.current, this.program.vnis.remoteCount[a] ?? 0);
      return;
    }
    if (step === Step.Cut) this.current = this.cutAt(a, b);
    this.current ??= this.passages.push({ step: Step.Arrived, note, notes: [] }) - 1;
    if (this.toSend.has(this.current) && step === Step.RemoteKnown)
      this.toSend.set(this.current, 1);
    if (this.toSend.has(this.current) && step === Step.Ended) this.toSend.delete(this.current);
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

  /** The bridge from which a joint leads to this link or tunnel, the tunnel of a copy, or where the frame is. */
  private cameFrom(step: Step, a: number, b: number): number | undefined {
    const { links, ports } = this.program;
    if (step === Step.Encapsulated) return this.tunnelOfCopy();
    if (step === Step.Tunneled) return this.lastAtBridge(ports.network[b], b) ?? this.current;
    if (step !== Step.Up && step !== Step.Down) return this.current;
    const joint = step === Step.Up ? links.port[a] : links.joint[a];
    const network = joint === undefined ? undefined : ports.network[joint];
    return this.lastAtBridge(network, joint) ?? this.current;
  }

  /** The newest tunnel of which not all copies are sent. */
  private tunnelOfCopy(): number | undefined {
    const open = this.passages.findLastIndex((_, index) => (this.toSend.get(index) ?? 0) > 0);
    if (open < 0) return this.current;
    this.toSend.set(open, (this.toSend.get(open) ?? 0) - 1);
    return open;
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
    if ([Step.Speaks, Step.Resumed, Step.Opened].includes(step ?? Step.Arrived)) open++;
    if (step === Step.Done && --open === 0) return i;
  }
  return notes.length;
}
