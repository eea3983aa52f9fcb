/** The titles of all tests that name requirements, read from the sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** From `dist/test/scorecard/` up. */
const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Title {
  /** Relative to the project. */
  readonly path: string;
  /** What stands behind the ids; what a template fills in is `…`. */
  readonly text: string;
  /** Without the letters of their parts: N4787-3a is one of N4787-3. */
  readonly ids: readonly string[];
}

const ID = /(?<![\w-])(?:N\d{4}-\d+(?:\.\d+)?|NCT-\d+|[A-Z]-\d+)(?=[a-z]?(?![\w.-]))/g;
const BEGINS = /^(?:N\d{4}|NCT-\d|[A-Z]-\d)/;

/**
 * In the order of their files. A title is a text that begins with ids and a colon, wherever it stands: some are declared one by one, others are
 * rows of tables. So a title that stands for several runs counts once.
 */
export function titles(): Title[] {
  return readdirSync(join(root, 'test'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
    .flatMap(titlesIn);
}

function titlesIn(path: string): Title[] {
  const source = readFileSync(join(root, path), 'utf8');
  const found: Title[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    const title = text === undefined ? undefined : titleOf(path, text);
    if (title !== undefined) found.push(title);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return found;
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)]
    .map(({ text }) => text)
    .join('…');
}

function titleOf(path: string, text: string): Title | undefined {
  const colon = text.indexOf(': ');
  if (colon < 0 || !BEGINS.test(text)) return undefined;
  const ids = [...new Set(text.slice(0, colon).match(ID) ?? [])];
  // Which family and profile a run is of is no part of the claim.
  const claim = text.slice(colon + 2).replace(/^[^:]*…[^:]*: /, '');
  return { path, text: claim, ids };
}
