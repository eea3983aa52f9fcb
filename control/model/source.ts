import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type CST,
  type Node,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';

import type { Findings } from './mistake.js';
import type { Position } from './position.js';
import { Written, writtenList, writtenMapping, type Part } from './written.js';

/** A topology is written by hand; what is larger was made to hurt. */
const TEXT_LENGTH_MAX = 1024 * 1024;
const DEPTH_MAX = 64;
const REPEATED_MAX = 100_000;

/** The start of the file, for what concerns all of it. */
export const START: Position = { line: 1, column: 1 };

/**
 * YAML 1.2 text as a tree of values with positions, or undefined after refusing it. Aliases and merge keys (`<<`) are
 * resolved here, in document order, so that nothing later knows of them.
 */
export function readSource(text: string, findings: Findings): Written | undefined {
  if (text.length > TEXT_LENGTH_MAX) {
    findings.refuse(START, 'the file is larger than 1 MiB', 'split the lab into smaller ones');
    return undefined;
  }
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = deeperThan(DEPTH_MAX, tokens);
  if (tooDeep !== undefined) {
    findings.refuse(positionAt(tooDeep), 'values are nested too deeply', FIX_DEPTH);
    return undefined;
  }
  const composer = new Composer({ uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  for (const { code, message, pos } of document?.errors ?? []) {
    findings.refuse(positionAt(pos[0]), message, FIXES[code] ?? FIX_SYNTAX);
  }
  if (second !== undefined) {
    const what = 'the file holds more than one YAML document';
    const fix = 'keep one document per file: remove the "---" and what follows';
    findings.refuse(positionAt(second.range[0]), what, fix);
  }
  if (document === undefined || findings.mistakes.length > 0) return undefined;
  if (document.contents === null || isEmpty(document.contents)) {
    findings.refuse(START, 'empty compose file', 'write at least "services:" with one service');
    return undefined;
  }
  return new Converter(findings, positionAt).convert(document.contents);
}

/**
 * Where nesting gets deeper than `most`, if it does. Composing a document is recursive, and a file of brackets would exhaust
 * the stack (inside a regular expression even beyond any catching), so this looks first, and without recursion.
 */
function deeperThan(most: number, tokens: readonly CST.Token[]): number | undefined {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > most) return token.offset;
    for (const inside of tokensIn(token)) waiting.push({ token: inside, depth: depth + 1 });
  }
  return undefined;
}

function tokensIn(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}

const FIX_SYNTAX = 'correct the YAML here; the rest is checked once it can be read';
const FIX_DEPTH = `a topology never needs more than ${DEPTH_MAX} levels`;
const FIXES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces: YAML does not allow tabs there',
  BAD_ALIAS: 'anchor names cannot be empty and are followed by a space',
};

function isEmpty(node: ParsedNode): boolean {
  return isScalar(node) && node.value === null;
}

/**
 * Turns YAML nodes into Written values. Each node is converted once, however often aliases repeat it, and carries the number
 * of values it stands for: a file in which each alias repeats ten others is refused by that count, long before it hurts.
 */
class Converter {
  private readonly done = new Map<Node, { written: Written; size: number }>();
  private readonly anchors = new Map<string, Node>();
  private repeated = 0;

  constructor(
    private readonly findings: Findings,
    private readonly positionAt: (offset: number) => Position,
  ) {}

  convert(root: ParsedNode): Written | undefined {
    const before = this.findings.mistakes.length;
    const { written } = this.node(root);
    return this.findings.mistakes.length > before ? undefined : written;
  }

  private node(node: Node): { written: Written; size: number } {
    const at = this.positionOf(node);
    if (isAlias(node)) return this.alias(node.source, at);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nothingAt(at);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    const result = this.content(node, at);
    this.done.set(node, result);
    return result;
  }

  private content(node: Node, at: Position): { written: Written; size: number } {
    if (isMap(node)) return this.mapping(node, at);
    return isScalar(node) ? scalar(node.value, at) : this.list(node, at);
  }

  private alias(name: string, at: Position): { written: Written; size: number } {
    const anchored = this.anchors.get(name);
    const result = anchored === undefined ? undefined : this.done.get(anchored);
    if (result !== undefined) return this.repeat(result, at);
    const what = anchored === undefined ? `unknown anchor '${name}'` : `*${name} repeats itself`;
    this.findings.refuse(at, what, `write "&${name}" before the value it stands for, further up`);
    return nothingAt(at);
  }

  private repeat(result: { written: Written; size: number }, at: Position): typeof result {
    const before = this.repeated;
    this.repeated += result.size;
    if (this.repeated <= REPEATED_MAX) return result;
    if (before <= REPEATED_MAX) {
      const what = `aliases repeat more than ${REPEATED_MAX} values`;
      this.findings.refuse(at, what, 'repeat less: aliases of aliases multiply');
    }
    return nothingAt(at);
  }

  private list(node: Node, at: Position): { written: Written; size: number } {
    const list: Written[] = [];
    let size = 1;
    for (const item of isSeq(node) ? node.items : []) {
      const converted = this.node(item as Node);
      list.push(converted.written);
      size += converted.size;
    }
    return { written: writtenList(at, list), size };
  }

  private mapping(node: YAMLMap, at: Position): { written: Written; size: number } {
    const own = new Map<string, Part>();
    const merged = new Map<string, Part>();
    let size = 1;
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      const keyAt = this.positionOf(keyNode);
      const key = this.keyOf(keyNode, keyAt);
      const converted = pair.value === null ? nothingAt(keyAt) : this.node(pair.value as Node);
      size += converted.size;
      if (key === undefined) continue;
      const earlier = own.get(key);
      if (key === '<<') this.merge(converted.written, merged);
      else if (earlier === undefined) own.set(key, { keyAt, written: converted.written });
      else this.refuseTwice(key, keyAt, earlier.keyAt);
    }
    for (const [key, part] of merged) if (!own.has(key)) own.set(key, part);
    return { written: writtenMapping(at, own), size };
  }

  /** Compose-file keys are text; numbers and booleans are read as the text they are written with. */
  private keyOf(node: Node, at: Position): string | undefined {
    const key = isScalar(node) && node.value !== null ? (node.source ?? '') : '';
    if (key !== '' && key !== '__proto__') return key;
    this.findings.refuse(at, 'a key must be text', 'write a plain word, or text in quotes');
    return undefined;
  }

  private refuseTwice(key: string, at: Position, earlier: Position): void {
    const what = `mapping key "${key}" already defined at line ${earlier.line}`;
    this.findings.refuse(at, what, 'keep one of the two');
  }

  /** `<<: *base` or `<<: [*base, *more]`: earlier ones win, and what stands beside `<<` wins over all of them. */
  private merge(source: Written, into: Map<string, Part>): void {
    if (Array.isArray(source.value)) {
      for (const { written } of source.allParts().values()) this.merge(written, into);
      return;
    }
    if (source.value === null) return;
    if (typeof source.value !== 'object') {
      const what = 'map merge requires map or sequence of maps as the value';
      this.findings.refuse(source.at, what, 'write "<<: *anchor" where the anchor names a mapping');
      return;
    }
    for (const [key, part] of source.allParts()) {
      if (!into.has(String(key))) into.set(String(key), part);
    }
  }

  private positionOf(node: Node): Position {
    return this.positionAt(node.range?.[0] ?? 0);
  }
}

function scalar(value: unknown, at: Position): { written: Written; size: number } {
  return { written: new Written(value, at), size: 1 };
}

function nothingAt(at: Position): { written: Written; size: number } {
  return scalar(null, at);
}
