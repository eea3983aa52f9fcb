/** `etherloom explain --why-not`: whether a frame of one container reaches another, and what to change where it does not. */
import { readFile } from 'node:fs/promises';
import { namedIn, whyNot } from '../explain/why-not.js';
import type { Change, Named, WhyNot } from '../explain/why-not.js';
import { loadLab } from '../model/load.js';
import type { Lab } from '../model/lab.js';
import { CallError } from './errors.js';
import { told } from './told.js';

/** @throws CallError when a name is not that of a container; TopologyErrors */
export async function explainWhyNot(
  topology: string,
  words: readonly string[],
  json: boolean,
): Promise<void> {
  const [from, to, ...others] = words;
  if (from === undefined || to === undefined || others.length > 0)
    throw new CallError('--why-not takes two containers, or one and a host: --why-not c1 c2');
  const lab = await loadLab(topology);
  const [sender, receiver] = [named(lab, from), named(lab, to)];
  if (sender.isHost === true)
    throw new CallError(
      `--why-not: ${from} is a host, which says nothing by itself here; ask the other way round: --why-not ${to} ${from}`,
    );
  if (sender.sandbox === receiver.sandbox && receiver.isHost !== true) {
    const shares = lab.sandboxes.some(({ name, mode }) => {
      return words.includes(name) && typeof mode === 'object';
    });
    const what = shares ? 'have one network stack' : 'are the same container';
    throw new CallError(`--why-not: ${from} and ${to} ${what}`);
  }
  const answer = whyNot(await readFile(topology, 'utf8'), lab, sender, receiver);
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : `${answerText(answer)}\n`);
}

function named(lab: Lab, word: string): Named {
  const found = namedIn(lab, word);
  if (found !== undefined) return found;
  const names = lab.sandboxes.map(({ name }) => name).join(', ');
  const hosts = lab.hosts.map(({ name }) => name).join(', ');
  throw new CallError(
    `--why-not: there is no container ${word}; there are ${names}, and the hosts ${hosts}`,
  );
}

/** The answer for people: yes with its proof, or why not and the lines to edit. */
export function answerText(answer: WhyNot): string {
  const { from, to, reaches, why = '', explanation, changes, tried, frame = '' } = answer;
  if (reaches) {
    const proof = explanation === undefined ? '' : `\n${told(explanation)}`;
    return `A frame of ${from} reaches ${to}. The proof is ${frame}:${proof}`;
  }
  const head = `No frame of ${from} reaches ${to}. ${why}`;
  const line = ({ at, says }: Change): string => `${answer.file}:${at.line}: ${says}`;
  const [best, ...others] = changes;
  if (best === undefined)
    return [
      head,
      tried.length === 0
        ? 'There is nothing in the topology to change between them.'
        : `None of the changes that were tried helps, nor do two of them together (${answer.pairsTried} pairs were tried):`,
      ...tried.map((change) => `  ${line(change)}`),
    ].join('\n');
  return [head, line(best), ...others.map((change) => `  or ${line(change)}`)].join('\n');
}
