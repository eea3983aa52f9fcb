/**
 * The laws of the code (docs: who may import whom, how long things may be, what hot code may not do), read from its sources.
 *
 * The length of a function is counted without the functions that stand inside it: a maker `xOn(plane)` is a frame around small
 * functions on purpose, and each of them is held to the same limit.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import { Reason } from '../dataplane/observe/reason.js';
import { reasons, reasonText } from '../dataplane/observe/reasons.js';

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 400;

/** From `dist/test/` up. */
const root = fileURLToPath(new URL('../../', import.meta.url));

interface SourceFile {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
  /** Files of the project that it imports, or names in a `new URL`. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

function pathsUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const named = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const urls = [...text.matchAll(/new URL\('(?<path>\.[^']+)'/g)].map((m) => m[1] ?? '');
  const imports = [...named, ...urls]
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(path), name).replace(/\.js$/, '.ts'))
    .filter((name) => name.endsWith('.ts'));
  return { path, text, syntax, imports, packages: named.filter((name) => !name.startsWith('.')) };
}

const dataplane = pathsUnder('dataplane').map(read);
const native = pathsUnder('native-bindings').map(read);
const control = pathsUnder('control').map(read);
const bench = pathsUnder('bench').map(read);
const tests = pathsUnder('test').map(read);
const product = [...native, ...dataplane, ...control, ...bench];
const everything = [...product, ...tests, ...pathsUnder('pcaps').map(read)];

/** What each folder of the data plane may import of the project, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'dataplane/observe': [],
  'dataplane/program': [],
  'dataplane/wire': ['dataplane/observe/reason.ts'],
  'dataplane/frame': ['dataplane/observe', 'dataplane/wire'],
  'dataplane/state': ['dataplane/observe', 'dataplane/frame'],
  'dataplane/forward': [
    'dataplane/observe',
    'dataplane/program',
    'dataplane/wire',
    'dataplane/frame',
    'dataplane/state',
  ],
  'dataplane/port': [
    'dataplane/observe',
    'dataplane/program',
    'dataplane/wire',
    'dataplane/frame',
    'native-bindings',
  ],
  'dataplane/worker': ['dataplane', 'native-bindings'],
};

const isUnder = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

test('the folders of the data plane import only what lies below them', (t) => {
  for (const { path, imports } of dataplane) {
    const [folder, allowed] =
      Object.entries(MAY_IMPORT).find(([name]) => isUnder(path, name)) ?? [];
    if (folder === undefined || allowed === undefined) {
      t.fail(`${path}: say in MAY_IMPORT what this folder may import`);
      continue;
    }
    const wrong = imports.filter((it) => ![folder, ...allowed].some((name) => isUnder(it, name)));
    t.deepEqual(wrong, [], `${path} may not import these`);
  }
});

test('what decides about frames does no input or output: no package, no module of Node', (t) => {
  const pure = ['wire', 'frame', 'state', 'forward', 'program', 'observe'];
  for (const { path, packages } of dataplane)
    if (pure.some((folder) => isUnder(path, `dataplane/${folder}`)))
      t.deepEqual(packages, [], `${path} may not import these`);
});

test('control imports only the data plane and the addon, but for the command that runs the benchmarks', (t) => {
  for (const { path, imports } of control) {
    const folders = [
      'control',
      'dataplane',
      'native-bindings',
      ...(path === 'control/cli/bench.ts' ? ['bench'] : []),
    ];
    const wrong = imports.filter((it) => !folders.some((folder) => isUnder(it, folder)));
    t.deepEqual(wrong, [], `${path} may not import these`);
  }
});

test('nothing that ships imports a test', (t) => {
  for (const { path, imports } of product)
    t.false(
      imports.some((it) => isUnder(it, 'test')),
      path,
    );
});

test('every file is imported by another, or is where something starts', (t) => {
  const starts = [
    'control/cli/main.ts',
    'test/fuzz/main.ts',
    'test/live/flood.ts',
    'test/live/observer.ts',
    'test/readme/main.ts',
    'test/scorecard/main.ts',
    'test/soak/main.ts',
    'test/soak/talker.ts',
  ];
  const imported = new Set(everything.flatMap(({ imports }) => imports));
  for (const { path } of [...product, ...tests]) {
    const isStart =
      starts.includes(path) || path.endsWith('.test.ts') || path.startsWith('bench/cost/');
    t.true(isStart || imported.has(path), `${path}: nobody needs it`);
  }
});

test(`no file is longer than ${FILE_LINES_MAX} lines`, (t) => {
  for (const { path, text } of everything)
    t.true(text.split('\n').length - 1 <= FILE_LINES_MAX, `${path}: cut it in two`);
});

/** The lines of a function: all of them, less those of functions inside it that begin and end on lines of their own. */
function ownLines(node: ts.Node, file: ts.SourceFile): number {
  let lines = linesOf(node, file);
  const visit = (inner: ts.Node): void => {
    if (ts.isFunctionLike(inner)) lines -= Math.max(0, linesOf(inner, file) - 1);
    else ts.forEachChild(inner, visit);
  };
  ts.forEachChild(node, visit);
  return lines;
}

function linesOf(node: ts.Node, file: ts.SourceFile): number {
  const line = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart(file)) + 1;
}

test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, (t) => {
  for (const { path, syntax } of everything) {
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) {
        const { line } = syntax.getLineAndCharacterOfPosition(node.getStart(syntax));
        const lines = ownLines(node, syntax);
        t.true(lines <= FUNCTION_LINES_MAX, `${path}:${line + 1}: ${lines} lines; cut it in two`);
      }
      ts.forEachChild(node, visit);
    };
    visit(syntax);
  }
});

/** Files outside the hot folders through which every frame goes. */
const HOT_FILES = [
  'port/replay.ts',
  'port/recorder.ts',
  'port/drawn.ts',
  'port/flows.ts',
  'port/packets.ts',
  'port/synth.ts',
  'port/tunnel-flows.ts',
  'port/device.ts',
  'port/player.ts',
  'port/recorded.ts',
  'port/segmenting.ts',
  'port/watched.ts',
  'worker/breathe.ts',
  'worker/arrivals.ts',
  'worker/spell.ts',
];

/** Files through which every frame goes. */
const hot = [
  ...dataplane.filter(({ path }) =>
    ['wire', 'frame', 'state', 'forward'].some((folder) => isUnder(path, `dataplane/${folder}`)),
  ),
  ...dataplane.filter(({ path }) => HOT_FILES.some((file) => path.endsWith(file))),
];

/** What hot code may not say, why, and the one file that may all the same. */
const BANNED: readonly (readonly [token: string, why: string, except?: string])[] = [
  ['.subarray(', 'it allocates a view', 'dataplane/frame/copy.ts'],
  ['.slice(', 'it allocates a copy'],
  ['new Map', 'look up in typed arrays (dataplane/state)'],
  ['new Set', 'look up in typed arrays (dataplane/state)'],
  ['BigInt', 'a MAC is two numbers'],
  ['Date.now', 'time is data'],
  ['performance.now', 'time is data'],
  ['process.hrtime', 'time is data'],
  ['Math.random', 'the same inputs give the same bytes'],
  ['console.', 'count it under a Reason'],
  ['.readUInt', 'read through the DataView of the pool'],
  ['JSON.', 'words are made in control'],
  ['`', 'words are made in control'],
];

/** The source without its comments, which may name what they forbid. */
function codeOf({ syntax, text }: SourceFile): string {
  const spans: (readonly [from: number, to: number])[] = [];
  const visit = (node: ts.Node): void => {
    if (node.getChildCount(syntax) === 0) spans.push([node.getStart(syntax), node.getEnd()]);
    for (const child of node.getChildren(syntax)) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(syntax);
  return spans.map(([from, to]) => text.slice(from, to)).join('');
}

test('hot code allocates nothing per frame, reads no clock and makes no words', (t) => {
  t.true(hot.length > 20);
  for (const file of hot) {
    const code = codeOf(file);
    for (const [token, why, except] of BANNED) {
      const found = code.includes(token.replaceAll(' ', ''));
      t.is(found, file.path === except, `${file.path}: no ${token} here: ${why}`);
    }
  }
});

test('no test is left out, and none shuts the others out', (t) => {
  for (const { path, text } of tests)
    t.notRegex(text, /\b(test|it)(\.\w+)*\.(skip|only|todo|failing)\b/, path);
});

/** The reasons, by the names they have in the code: a const enum leaves no names behind. */
const members = everything
  .filter(({ path }) => path === 'dataplane/observe/reason.ts')
  .flatMap(({ syntax }) => syntax.statements.filter(ts.isEnumDeclaration))
  .flatMap((declaration) => declaration.members.map(({ name }) => name.getText()))
  .filter((name) => name !== 'Count')
  .map((member, reason) => ({ member, ...reasonText(reason) }))
  .filter(({ member }) => member !== 'Ok');

test('every Reason has a name of its own, in kebab-case, that is the one in the code; it says why and who says so', (t) => {
  const texts = Object.values(reasons);
  t.is(texts.length, Reason.Count);
  t.is(members.length, Reason.Count - 1);
  t.is(new Set(texts.map(({ name }) => name)).size, texts.length);
  for (const { member, name, says, see } of members) {
    t.regex(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    const camel = name.replace(/(^|-)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());
    t.is(camel, member);
    t.not(see, '', name);
    t.notRegex(says, /^[A-Z]|[.;]$/, `${name}: a part of a sentence`);
  }
});

test('every Reason is given by the data plane and reached by a test', (t) => {
  const given = dataplane.filter(({ path }) => !path.startsWith('dataplane/observe/reason'));
  const proofs = tests.filter(({ path }) => path !== 'test/tidy.test.ts');
  for (const { member, name } of members) {
    const inCode = new RegExp(`\\bReason\\.${member}\\b`);
    const inTest = new RegExp(`\\bReason\\.${member}\\b|\\b(dropped|consumed): ${name}\\b`);
    t.true(
      given.some(({ text }) => inCode.test(text)),
      `${member}: nothing gives it`,
    );
    t.true(
      proofs.some(({ text }) => inTest.test(text)),
      `${member}: no test reaches it`,
    );
  }
});
