import { CallError } from './errors.js';

/**
 * The number of an option.
 * @throws CallError when it is not a whole number from 1 to `most`
 */
export function wholeNumber(option: string, word: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = /^[1-9]\d*$/.test(word) ? Number(word) : 0;
  if (number >= 1 && number <= most) return number;
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
  throw new CallError(`${option} ${word}: give a whole number from 1 ${upTo}`);
}

const WORKERS_MAX = 64;

/** The number of `--workers`. @throws CallError when it is none, or too large */
export function workersOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber('--workers', text, WORKERS_MAX);
}
