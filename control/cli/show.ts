import { reasons } from '../../dataplane/observe/reasons.js';
import { topologySchema } from '../model/schema.js';
import { CallError } from './errors.js';
import { tableOf } from './table.js';

/** Both columns in 100. */
const REASON_WIDTHS = [null, 71];

/** `etherloom show`. @throws CallError for anything but `reasons` and `schema` */
export function show(what: string, { json }: { json?: true }): void {
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
      throw new CallError(`show ${what}: there is only show reasons and show schema`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
