import type { Position } from './position.js';

/** One thing the user has to change before the topology means something. */
export interface Mistake {
  readonly at: Position;
  /** What is wrong; exactly Docker's words where Docker refuses the same thing. */
  readonly what: string;
  /** What to write instead. */
  readonly fix: string;
  /** The observed refusal of Docker that `what` repeats, by its id in the table of refusals (`N03`, `P33`, ...). */
  readonly docker?: string;
}

/** All mistakes of a topology file, in file order. Its message is the whole report. */
export class TopologyErrors extends Error {
  override readonly name = 'TopologyErrors';
  readonly mistakes: readonly Mistake[];

  /** A mistake that aliases repeat is named once. */
  constructor(
    readonly file: string,
    mistakes: readonly Mistake[],
  ) {
    const different = new Map(
      mistakes.map((mistake) => [
        `${mistake.at.line}:${mistake.at.column} ${mistake.what}`,
        mistake,
      ]),
    );
    const inFileOrder = [...different.values()].sort(
      (one, other) => one.at.line - other.at.line || one.at.column - other.at.column,
    );
    super(inFileOrder.map((mistake) => renderMistake(file, mistake)).join('\n'));
    this.mistakes = inFileOrder;
  }
}

/** Two lines: `file:line:column: what`, as the GNU coding standards want it, and the way out. */
export function renderMistake(file: string, { at, what, fix }: Mistake): string {
  return `${file}:${at.line}:${at.column}: ${printable(what)}\n    fix: ${printable(fix)}`;
}

/** Text from a file may hold anything; control characters would speak to the terminal instead of the reader. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** What the checks of one file find on their way: mistakes stop the lab, notes only inform. */
export class Findings {
  readonly mistakes: Mistake[] = [];
  readonly notes = new Set<string>();

  refuse(at: Position, what: string, fix: string, docker?: string): void {
    this.mistakes.push({ at, what, fix, ...(docker !== undefined && { docker }) });
  }

  note(sentence: string): void {
    this.notes.add(sentence);
  }
}
