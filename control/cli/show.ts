import { reasons } from '../../dataplane/observe/reasons.js';
import { topologySchema } from '../model/schema.js';
import { CallError } from './errors.js';
import type { ShowLiveOptions } from './show-live.js';
import type { ShowReplayOptions } from './show-replay.js';
import { LIVE, REPLAYED } from './show-words.js';
import { tableOf } from './table.js';

/** Both columns in 100. */
const REASON_WIDTHS = [null, 71];

export type ShowOptions = ShowLiveOptions & ShowReplayOptions;

/**
 * `etherloom show`.
 * @throws CallError when there is nothing of that name; Refused when no lab runs that could be shown; what `showReplayed` throws
 */
export async function show(
  what: string,
  topology: string | undefined,
  options: ShowOptions,
): Promise<void> {
  const live = LIVE.find((it) => it === what);
  const replayed = REPLAYED.find((it) => it === what);
  if (replayed === undefined) refuseReplayed(what, topology, options);
  if (live !== undefined) {
    const { showLive } = await import('./show-live.js');
    await showLive(live, options);
    return;
  }
  const { json, watch, lab } = options;
  if (watch !== undefined || lab !== undefined)
    throw new CallError(`show ${what}: --watch and --lab are for ${LIVE.join(', ')}`);
  if (replayed !== undefined) {
    const { showReplayed } = await import('./show-replay.js');
    await showReplayed(replayed, topology, options);
    return;
  }
  switch (what) {
    case 'reasons': {
      const rows = Object.values(reasons).filter(({ see }) => see !== '');
      if (json) print(JSON.stringify(rows, null, 2));
      else
        print(
          tableOf(
            ['reason', 'because (see)'],
            rows.map((row) => [row.name, `${row.says} (${row.see})`]),
            REASON_WIDTHS,
          ),
        );
      return;
    }
    case 'schema':
      print(JSON.stringify(topologySchema(), null, 2));
      return;
    default:
      throw new CallError(
        `show ${what}: there is only show ${[...LIVE, ...REPLAYED].join(', ')}, reasons and schema`,
      );
  }
}

/** What only a replay has a use for. */
function refuseReplayed(
  what: string,
  topology: string | undefined,
  options: ShowReplayOptions,
): void {
  const given = (['in', 'at'] as const).find((it) => options[it] !== undefined);
  const word = given === undefined ? topology : `--${given}`;
  if (word !== undefined)
    throw new CallError(`show ${what}: ${word} is for ${REPLAYED.join(', ')}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
