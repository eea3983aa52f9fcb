import { namedIn, whyNot } from '../../control/explain/why-not.js';
import type { WhyNot } from '../../control/explain/why-not.js';
import { parseLab } from '../../control/model/load.js';

const FILE = 'lab.yaml';

/** What is answered to the question why a frame of one does not reach the other, in a lab of one file. */
export function asked(yaml: string, from: string, to: string): WhyNot {
  const lab = parseLab(yaml, FILE);
  const [sender, receiver] = [namedIn(lab, from), namedIn(lab, to)];
  if (sender === undefined || receiver === undefined) throw new Error('no such container');
  return whyNot(yaml, lab, sender, receiver);
}
