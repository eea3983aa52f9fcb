import { statSync } from 'node:fs';
import { loadLab } from '../model/load.js';
import { endLab } from '../supervisor/clear.js';
import { requireCapabilities } from '../supervisor/privileges.js';
import { labNames } from '../supervisor/state.js';
import { CallError, Refused } from './errors.js';

/**
 * `etherloom down`: ends a lab, or clears away what a dead one left.
 * @param which a topology or the name of a lab; default: the only one there is
 * @throws TopologyErrors, CallError; Refused when something could not be removed
 */
export async function down(which?: string): Promise<void> {
  const lab = await nameOf(which);
  if (lab === undefined) {
    say('no lab is up');
    return;
  }
  if (labNames().includes(lab)) requireCapabilities();
  const { was, failures } = await endLab(lab);
  if (failures.length > 0) throw new Refused(failures.join('\n'));
  if (was === 'absent') say(`lab ${lab} is not up`);
  else say(was === 'stopped' ? `lab ${lab} is down` : `lab ${lab} was dead; it is cleared away`);
}

async function nameOf(which: string | undefined): Promise<string | undefined> {
  if (which !== undefined) {
    const isFile = statSync(which, { throwIfNoEntry: false })?.isFile() ?? false;
    if (isFile || /[./]/.test(which)) return (await loadLab(which)).name;
    return which;
  }
  const [only, ...more] = labNames();
  if (more.length === 0) return only;
  throw new CallError(`several labs are up (${labNames().join(', ')}); name the one to end`);
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
