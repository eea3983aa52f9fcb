/** Changes of a topology file, tried on its values and told as lines to edit. */
import { parse } from 'yaml';
import type { Position } from '../model/position.js';

/** A mapping, a list, or a value of a topology file. */
export type Tree = Mapping | Tree[] | string | number | boolean | null | undefined;

/** Values by their keys. */
export interface Mapping {
  [key: string]: Tree;
}

/** One change: what is written where, and the sentence for it. */
export interface Edit {
  /** Where it belongs in the file. */
  readonly at: Position;
  /** `write macvlan_mode: bridge instead of private`. */
  readonly says: string;
  /** 1 changes a value, 2 adds a key; several changes are as large as all of them together. */
  readonly size: number;
  readonly apply: (tree: Tree) => void;
}

/** The text of a file as values, without anchors and merge keys. */
export function treeOf(text: string): Tree {
  return JSON.parse(JSON.stringify(parse(text, { merge: true, uniqueKeys: false }))) as Tree;
}

/** The text of the file with an edit; lines are not where they were. */
export function edited(tree: Tree, edit: Edit): string {
  const copy = structuredClone(tree);
  edit.apply(copy);
  return JSON.stringify(copy);
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(tree: Tree, path: readonly string[]): Tree {
  let at = tree;
  for (const key of path) at = isMapping(at) ? at[key] : undefined;
  return at;
}

/** Writes a value at a path. Mappings that are missing are made; of a list of names on the way a mapping is made. */
export function setAt(tree: Tree, path: readonly string[], value: Tree): void {
  let at = tree;
  for (const [depth, key] of path.entries()) {
    if (!isMapping(at)) return;
    if (depth === path.length - 1) {
      at[key] = value;
      return;
    }
    const next = mappingOf(at[key]);
    at[key] = next;
    at = next;
  }
}

/** A list of names as their mapping, and nothing as an empty one. */
function mappingOf(tree: Tree): Mapping {
  if (isMapping(tree)) return tree;
  const names = Array.isArray(tree) ? tree.filter((name) => typeof name === 'string') : [];
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Adds a name to a list, or a key without a value to a mapping. */
export function addAt(
  tree: Tree,
  path: readonly string[],
  name: string,
  where: readonly string[],
): void {
  const there = valueAt(tree, path);
  if (Array.isArray(there)) setAt(tree, path, [...there, name]);
  else if (isMapping(there)) setAt(tree, [...path, name], null);
  else setAt(tree, path, [...where, name]);
}

/** Takes a key away. */
export function removeAt(tree: Tree, path: readonly string[], key: string): void {
  const there = valueAt(tree, path);
  if (isMapping(there)) Reflect.deleteProperty(there, key);
}

function isMapping(tree: Tree): tree is Mapping {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}

interface Setting {
  readonly value: unknown;
  readonly at?: Position;
}

/**
 * Writes a value instead of the one that is there, or adds the key where it is a default; `owner` is where it would be added. The key may stand
 * at any of `paths`, and is added where its neighbors stand, or at the first. `written`: the value, where it is told in other words than it is written.
 */
export function settingEdit(
  key: string,
  value: string | number | boolean,
  was: Setting | undefined,
  owner: Position | undefined,
  paths: readonly (readonly string[])[],
  written: Tree = value,
): Edit[] {
  if (was !== undefined && String(was.value) === String(value)) return [];
  const at = was?.at ?? owner;
  if (at === undefined) return [];
  const isWritten = was?.at !== undefined;
  return [
    {
      at,
      says: isWritten
        ? `write ${key}: ${value} instead of ${String(was.value)}`
        : `add ${key}: ${value} to ${placeOf(paths[0] ?? [])}`,
      size: isWritten ? 1 : 2,
      apply: (tree) => {
        const path =
          paths.find((one) => valueAt(tree, one) !== undefined) ??
          paths.find((one) => isMapping(valueAt(tree, one.slice(0, -1)))) ??
          paths[0];
        if (path !== undefined) setAt(tree, path, written);
      },
    },
  ];
}

/** `the driver_opts of net`, `the x-port of c1 in net`, `node-1`: what a key is added to. */
function placeOf(path: readonly string[]): string {
  const [root, service, , network] = path;
  const [owner = '', section = ''] = path.slice(-3, -1);
  if (root === 'services' && owner !== service) return `the ${section} of ${service} in ${network}`;
  return ['driver_opts', 'x-port', 'x-bridge'].includes(section)
    ? `the ${section} of ${owner}`
    : section;
}

/** Both changes at once; told at the line of the first. */
export function together(one: Edit, other: Edit, file: string): Edit {
  return {
    at: one.at,
    says: `${one.says}, and at ${file}:${other.at.line} ${other.says}`,
    size: one.size + other.size,
    apply: (tree) => {
      one.apply(tree);
      other.apply(tree);
    },
  };
}
