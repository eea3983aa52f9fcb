/** The scorecard: each requirement, whether it is met, and the tests that prove it. */
import { chapters } from './requirements.js';
import type { Chapter, Reason, Requirement } from './requirements.js';
import { titles } from './titles.js';
import type { Title } from './titles.js';

/** docs/nat-scorecard.md of this checkout. */
export const SCORECARD = new URL('../../../docs/nat-scorecard.md', import.meta.url).pathname;

const MET = 'yes';

/** A requirement, and what is known of it. */
export interface Score extends Requirement {
  readonly linux?: Reason;
  readonly rfc4787?: Reason;
  readonly proofs: readonly Title[];
}

const found = titles();

/** Every id that a title names. */
export const named: readonly string[] = [...new Set(found.flatMap(({ ids }) => ids))];

function scoreOf(requirement: Requirement): Score {
  const { id, reason } = requirement;
  const proofs = found.filter(({ ids }) => ids.includes(id));
  return { ...(reason && { linux: reason, rfc4787: reason }), ...requirement, proofs };
}

export const scores: readonly Score[] = chapters
  .flatMap(({ requirements }) => requirements)
  .map(scoreOf);

/** The whole document. */
export function scorecard(): string {
  const ids = scores.length;
  const short = (profile: 'linux' | 'rfc4787'): number =>
    scores.filter((score) => score[profile] !== undefined).length;
  const proved = scores.filter(({ proofs }) => proofs.length > 0).length;
  return [
    '# Scorecard',
    'Each requirement has an id, by which the titles of tests name it; N4787-3a is a part of N4787-3. (S) is what only should be so, (M) what may be so. A title that stands for several runs, as one for each family and profile, counts once; the number leads to the file of the first.',
    `Of ${ids} requirements the profile linux meets ${ids - short('linux')} wholly, the profile rfc4787 ${ids - short('rfc4787')}; ${proved} have tests, the others reasons. Written by \`npm run scorecard\` from \`test/scorecard\` and the titles of all tests.`,
    ...chapters.flatMap((chapter) => [`## ${chapter.title}`, tableOf(chapter)]),
  ]
    .join('\n\n')
    .concat('\n');
}

function tableOf({ hasProfiles, requirements }: Chapter): string {
  const answers = hasProfiles ? ['Linux profile', 'rfc4787 profile'] : ['Met'];
  const head = ['Id', 'Requirement', ...answers, 'Proved by'];
  const rows = requirements.map(scoreOf).map((score) => {
    const { id, says, linux = MET, rfc4787 = MET } = score;
    return [id, says, ...(hasProfiles ? [linux, rfc4787] : [linux]), proofOf(score)];
  });
  return aligned([head, ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))]);
}

function proofOf({ proofs: [first, ...others] }: Score): string {
  if (first === undefined) return '';
  return `[${others.length + 1}](../${first.path}): ${first.text}`;
}

/** The columns are as wide as their widest cell: so it is the same text after it was formatted. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [head, ...body] = rows.map((row) =>
    lineOf(row.map((cell, i) => cell.padEnd(widths[i] ?? 0))),
  );
  const rule = lineOf(widths.map((width) => '-'.repeat(width)));
  return [head, rule, ...body].join('\n');
}
