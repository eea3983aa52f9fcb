/** An Explanation as it is printed. */
import type { Explanation } from '../explain/explanation.js';
import { treeOf } from '../explain/sentences.js';

/** The sentences about a frame, numbered from the second on; those of a way that branches are indented, a dash before each branch. */
export function told(explanation: Explanation): string {
  const [first, ...steps] = treeOf(explanation);
  let number = 0;
  const lines = steps.map(({ sentence, depth, opens }) => {
    if (depth === 0) return `  ${++number}. ${sentence}`;
    return `${'  '.repeat(depth + 1)} ${opens ? '-' : ' '} ${sentence}`;
  });
  return [first?.sentence, ...lines].join('\n');
}
