/**
 * A command written as one text, cut into words as Compose does it: blanks divide, quotes and backslashes hold together, and no shell
 * is there to expand variables or to understand operators.
 */

/** What is wrong with such a text. */
export interface Unreadable {
  readonly what: string;
  readonly fix: string;
}

const OPERATORS = ';&|<>';

/** The words of a command, or what is wrong with it. */
export function splitWords(text: string): string[] | Unreadable {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote !== '' && character === quote) quote = '';
    else if (character === '\\' && quote !== "'") {
      const next = text.charAt(++i);
      if (next === '') return { what: 'the command ends with a backslash', fix: 'remove it' };
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (quote !== '') word = (word ?? '') + character;
    else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (OPERATORS.includes(character)) {
      const what = `no shell reads this command, and "${character}" would not be understood`;
      return { what, fix: 'write [sh, -c, "..."], or put it in quotes' };
    } else word = (word ?? '') + character;
  }
  if (quote !== '') return { what: `the command has no closing ${quote}`, fix: 'close the quotes' };
  return word === undefined ? words : [...words, word];
}
