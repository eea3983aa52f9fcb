import { askLab } from '../live/ask.js';
import { EXPLAINED_MAX } from '../live/protocol.js';
import { CallError } from './errors.js';
import type { ExplainOptions } from './explain.js';
import { wholeNumber } from './number.js';
import { told } from './told.js';

/** Options of `explain` that go with `--live`. */
export interface ExplainLiveOptions {
  readonly live?: string;
  readonly filter?: string;
  readonly count?: string;
  readonly lab?: string;
}

/** Options of `explain` that say which frame of which capture: `--live` leaves nothing to say. */
const FOR_CAPTURES = ['in', 'frame', 'hex', 'port', 'whyNot'] as const;

/**
 * `etherloom explain --live`: the next frames that come in by a port, as they pass.
 * @throws CallError; Refused when there is no such lab
 */
export async function explainLive(
  port: string,
  topology: string | undefined,
  options: ExplainLiveOptions & ExplainOptions,
): Promise<void> {
  if (topology !== undefined)
    throw new CallError(`--live asks a running lab, which has its topology: leave ${topology} out`);
  const given = FOR_CAPTURES.find((option) => options[option] !== undefined);
  if (given !== undefined)
    throw new CallError(`--${given === 'whyNot' ? 'why-not' : given} does not go with --live`);
  const { filter, lab } = options;
  const count = wholeNumber('--count', options.count ?? '5', EXPLAINED_MAX);
  const asked = { ask: 'explain', port, count, ...(filter !== undefined && { filter }) } as const;
  const dialogue = await askLab(asked, lab);
  process.stdout.on('error', () => {
    dialogue.close();
  });
  for await (const answer of dialogue.answers()) {
    if (answer.tells === 'ended') process.stderr.write(`${answer.why}\n`);
    if (answer.tells !== 'explained') continue;
    const { explanation } = answer;
    process.stdout.write(`${options.json ? JSON.stringify(explanation) : told(explanation)}\n`);
  }
}
