import { askLab } from '../live/ask.js';
import type { Dialogue } from '../live/ask.js';
import type { What } from '../live/protocol.js';
import { tableOfShown } from '../live/tables.js';

export interface ShowLiveOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly lab?: string;
}

/** Puts the cursor into the upper left corner and takes away what stands below. */
const CLEAR = '\x1b[H\x1b[J';

/**
 * `etherloom show ports|fdb|counters|workers`: a table, or with `--watch` one each second until Ctrl-C.
 * @throws CallError, Refused when there is no such lab
 */
export async function showLive(what: What, options: ShowLiveOptions): Promise<void> {
  const { json, lab, watch = false } = options;
  const dialogue = await askLab({ ask: 'show', what, watch }, lab);
  await print(dialogue, json === true, watch);
}

async function print(dialogue: Dialogue, json: boolean, watch: boolean): Promise<void> {
  const redraw = watch && !json && process.stdout.isTTY;
  process.stdout.on('error', () => {
    dialogue.close();
  });
  for await (const answer of dialogue.answers()) {
    if (answer.tells === 'ended') process.stderr.write(`${answer.why}\n`);
    if (answer.tells !== 'shown') continue;
    const { shown } = answer;
    const text = json ? JSON.stringify(shown, null, watch ? 0 : 2) : tableOfShown(shown);
    process.stdout.write(redraw ? `${CLEAR}${text}\n` : `${text}\n`);
  }
}
