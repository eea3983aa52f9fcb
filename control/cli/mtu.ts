/** `etherloom mtu`: the MTU that fits what carries each network, and which declared one is wrong. */
import { loadLab } from '../model/load.js';
import { renderMistake } from '../model/mistake.js';
import type { Mistake } from '../model/mistake.js';
import { mtuOf } from '../mtu/mtu.js';
import { mtuTable } from '../mtu/table.js';
import { Refused } from './errors.js';

/** @throws TopologyErrors; Refused when an MTU is larger than what fits */
export async function mtu(topology: string, { json }: { readonly json?: true }): Promise<void> {
  const lab = await loadLab(topology);
  const report = mtuOf(lab);
  const { networks, mistakes, notes } = report;
  const lines = (all: readonly Mistake[]) => all.map((one) => renderMistake(lab.file, one));
  const text = json
    ? JSON.stringify({ topology: lab.file, ...report }, null, 2)
    : [mtuTable(lab.file, networks), ...lines(notes.map(asNote))].join('\n');
  process.stdout.write(`${text}\n`);
  if (mistakes.length > 0) throw new Refused(lines(mistakes).join('\n'));
}

function asNote(note: Mistake): Mistake {
  return { ...note, what: `note: ${note.what}` };
}
