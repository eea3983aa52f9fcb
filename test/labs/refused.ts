/** Labs that Docker refuses. */
import type { ExecutionContext } from 'ava';
import { parseLab } from '../../control/model/load.js';
import { TopologyErrors } from '../../control/model/mistake.js';

/** What is wrong with a topology has these words in it. */
export function refuses(t: ExecutionContext, yaml: string, words: string): void {
  const error = t.throws(() => parseLab(yaml, 'lab.yaml'), { instanceOf: TopologyErrors });
  t.true(error.message.includes(words), error.message);
}

/** Nothing is wrong with a topology. */
export function accepts(t: ExecutionContext, yaml: string): void {
  t.notThrows(() => parseLab(yaml, 'lab.yaml'));
}

/** The topology with other words; those that are replaced have to be there. */
export function withWords(yaml: string, was: string, is: string): string {
  if (!yaml.includes(was)) throw new Error(`the lab does not say ${was}`);
  return yaml.replace(was, is);
}
