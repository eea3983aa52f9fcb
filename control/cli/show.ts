import { reasons } from '../../dataplane/observe/reasons.js';
import { topologySchema } from '../model/schema.js';
import { CallError } from './errors.js';
import type { ShowLiveOptions } from './show-live.js';
import type { ShowReplayOptions } from './show-replay.js';
import { LIVE, REPLAYED } from './show-words.js';
import type { Replayed } from './show-words.js';
import { tableOf } from './table.js';

const REPLAY_WORDS = ['in', 'at', 'mac', 'history'] as const;

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
  const replayed = REPLAYED.find((it) => it === what && !isLiveFdb(it, topology, options));
  const live = replayed === undefined ? LIVE.find((it) => it === what) : undefined;
  if (replayed === undefined) refuseReplayed(what, topology, options);
  if (live !== undefined) {
    const { showLive } = await import('./show-live.js');
    await showLive(live, options);
    return;
  }
  const { json, watch, lab } = options;
  if (watch !== undefined || lab !== undefined)
    throw new CallError(`show ${what}: --watch and --lab are for ${LIVE.join(', ')} of a running lab`);
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
        `show ${what}: there is only show ${[...new Set([...LIVE, ...REPLAYED])].join(', ')}, reasons and schema`,
      );
  }
}

/** A running lab has an Fdb, too: that is meant where nothing is said that a replay needs. */
function isLiveFdb(
  what: Replayed,
  topology: string | undefined,
  options: ShowReplayOptions,
): boolean {
  const isTold = REPLAY_WORDS.some((it) => options[it] !== undefined);
  return what === 'fdb' && topology === undefined && !isTold;
}

/** What only a replay has a use for. */
function refuseReplayed(
  what: string,
  topology: string | undefined,
  options: ShowReplayOptions,
): void {
  const given = REPLAY_WORDS.find((it) => options[it] !== undefined);
  const word = given === undefined ? topology : `--${given}`;
  if (word !== undefined)
    throw new CallError(`show ${what}: ${word} is for ${REPLAYED.join(', ')}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
