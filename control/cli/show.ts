import { reasons } from '../../dataplane/observe/reasons.js';
import { topologySchema } from '../model/schema.js';
import { CallError } from './errors.js';
import type { ShowLiveOptions } from './show-live.js';
import { tableOf } from './table.js';

/** Both columns in 100. */
const REASON_WIDTHS = [null, 71];

const LIVE = ['ports', 'fdb', 'counters', 'workers'] as const;

/**
 * `etherloom show`.
 * @throws CallError when there is nothing of that name; Refused when no lab runs that could be shown
 */
export async function show(what: string, options: ShowLiveOptions): Promise<void> {
  const live = LIVE.find((it) => it === what);
  if (live !== undefined) {
    const { showLive } = await import('./show-live.js');
    await showLive(live, options);
    return;
  }
  const { json, watch, lab } = options;
  if (watch !== undefined || lab !== undefined)
    throw new CallError(`show ${what}: --watch and --lab are for ${LIVE.join(', ')}`);
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
        `show ${what}: there is only show ${LIVE.join(', ')}, reasons and schema`,
      );
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
