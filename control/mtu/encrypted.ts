import { Findings } from '../model/mistake.js';
import { readSource } from '../model/source.js';
import { checkStructure } from '../model/structure.js';
import { substituteVariables } from '../model/substitute.js';

/** The keys of the networks that a topology asks to be encrypted; the text of one that has been checked. */
export function encryptedIn(text: string): ReadonlySet<string> {
  const findings = new Findings();
  const source = readSource(text, findings);
  const checked = source && checkStructure(substituteVariables(source, findings), findings);
  const networks = checked?.root.get('networks');
  const keys = Object.keys(networks?.value ?? {});
  return new Set(
    keys.filter((key) => networks?.get(key)?.get('driver_opts')?.part('encrypted') !== undefined),
  );
}
