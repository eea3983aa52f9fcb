import { describeLab } from '../describe.js';
import { loadLab } from '../model/load.js';

/** `etherloom check`. @throws TopologyErrors with every mistake of the file */
export async function check(topology: string): Promise<void> {
  process.stdout.write(`${describeLab(await loadLab(topology)).trimEnd()}\n`);
}
