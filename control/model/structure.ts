import { z } from 'zod';

import type { Findings } from './mistake.js';
import { didYouMean, nearest } from './nearest.js';
import type { Position } from './position.js';
import { topology, type TopologyShape } from './schema.js';
import { withParts, Written } from './written.js';

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

export interface Checked {
  readonly root: Written<TopologyShape>;
  /** Services and networks that had something cut out (`networks.lan`): their addresses are not worth a complaint. */
  readonly damaged: Set<string>;
}

/**
 * Checks the shape of the file and reports everything that has the wrong one. What is wrong is then cut out, so that what is
 * left can be checked for what it means: one run shows both kinds of mistake. Undefined: nothing sensible is left.
 */
export function checkStructure(source: Written, findings: Findings): Checked | undefined {
  z.config({ jitless: true }); // the schema runs once: compiling it to code first would cost more than it saves
  const damaged = new Set<string>();
  let root = source;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { error } = topology.safeParse(root.value);
    const issues = (error?.issues ?? []).flatMap((issue) => innermost(issue, []));
    if (issues.length === 0) return { root: root as Written<TopologyShape>, damaged };
    const wrong = issues.filter(({ code }) => code !== 'unrecognized_keys');
    for (const { path } of wrong) damaged.add(path.slice(0, 2).join('.'));
    if (round === 0) for (const issue of issues) report(issue, root, findings);
    if (wrong.some(({ path }) => path.length < 2)) return undefined;
    root = withoutWrong(root, issues);
  }
  return undefined;
}

/** Cutting can uncover a missing key above, hardly ever more. */
const ROUNDS_MAX = 5;

/** Of the branches of a union only the one the user tried to write is of interest: the one that got past its first look. */
function innermost(issue: Issue, above: Path): Issue[] {
  const path = [...above, ...(issue.path as Path)];
  if (issue.code !== 'invalid_union') return [{ ...issue, path }];
  const tried = issue.errors.find((branch) => !branch.some(isOfWrongKind));
  return tried?.flatMap((inner) => innermost(inner, path)) ?? [{ ...issue, path }];
}

function isOfWrongKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_union');
}

function report(issue: Issue, root: Written, findings: Findings): void {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys)
      reportUnknown(key, issue.message.split(' '), path, root, findings);
    return;
  }
  const { at, missing } = find(root, path);
  const whole = path.length === 0 ? 'Top-level object' : path.join('.');
  if (missing) {
    findings.refuse(at, `${whole} is missing`, `add "${String(path.at(-1))}: ..." here`);
    return;
  }
  const kinds = expectedKinds(issue);
  findings.refuse(
    at,
    `${whole} must be ${kinds.join(' or ')}`,
    `write ${kinds.map(sample).join(' or ')}`,
  );
}

function reportUnknown(
  key: string,
  known: readonly string[],
  path: Path,
  root: Written,
  findings: Findings,
): void {
  const place = path.length === 0 ? 'the top level' : path.join('.');
  const meant = nearest(key, known);
  if (!key.startsWith('x-')) {
    const fix =
      meant === undefined ? `remove it; known here: ${known.join(', ')}` : `write "${meant}"`;
    const what = `unknown key "${key}" in ${place}${didYouMean(key, known)}`;
    findings.refuse(mappingAt(root, path).keyAt(key), what, known.length > 20 ? shorter(fix) : fix);
  } else if (meant?.startsWith('x-') === true) {
    findings.note(`"${key}" in ${place} is not read; did you mean "${meant}"?`);
  }
}

function shorter(fix: string): string {
  return fix.replace(/; known here.*/s, ', or begin it with "x-" if it is a note of your own');
}

/** `a list`, `text`, ... : what would have been right. */
function expectedKinds(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [KINDS[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value));
  if (issue.code !== 'invalid_union') return ['something else'];
  return [...new Set(issue.errors.flat().flatMap(expectedKinds))];
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
};

function sample(kind: string): string {
  return SAMPLES[kind] ?? kind;
}

const SAMPLES: Readonly<Record<string, string>> = {
  'a mapping': '"key: value" lines',
  'a list': '[one, two] or "- " lines',
  text: 'text (in quotes where it looks like a number)',
  'a number': 'a number without quotes',
};

/** Where a path leads, or the last place on the way where there is something. */
function find(root: Written, path: Path): { at: Position; missing: boolean } {
  let here = root;
  for (const key of path) {
    const part = here.part(key);
    if (part === undefined) return { at: here.at, missing: true };
    here = part;
  }
  return { at: here.at, missing: false };
}

function mappingAt(root: Written, path: Path): Written {
  return path.reduce((here, key) => here.part(key) ?? here, root);
}

/** Leaves out what the issues point at; a whole service, network, host or wire stays, but empty: others name it. */
function withoutWrong(root: Written, issues: readonly Issue[]): Written {
  const wrong = new Set<string>();
  for (const issue of issues) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) wrong.add(pathKey([...path, key]));
    } else {
      wrong.add(pathKey(find(root, path).missing ? path.slice(0, -1) : path));
    }
  }
  const cut = (part: Written, path: Path): Written | undefined => {
    if (!wrong.has(pathKey(path)))
      return withParts(part, (inner, key) => cut(inner, [...path, key]));
    return path.length === 2 ? new Written<unknown>(null, part.at) : undefined;
  };
  return withParts(root, (part, key) => cut(part, [key]));
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}
