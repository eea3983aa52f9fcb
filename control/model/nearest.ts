/** The known word a misspelt one was probably meant to be: the nearest within a third of its length. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.ceil(Math.min(word.length, 30) / 3) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** ` (did you mean "bridge"?)`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}

/** Levenshtein: how many letters to insert, remove or change. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of Array.from(from).entries()) {
    const current = [row + 1];
    for (let column = 1; column <= to.length; column++) {
      const left = current[column - 1] ?? 0;
      const up = above[column] ?? 0;
      const diagonal = above[column - 1] ?? 0;
      const change = letter === to[column - 1] ? 0 : 1;
      current.push(Math.min(left + 1, up + 1, diagonal + change));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
