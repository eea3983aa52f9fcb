/** The folder of the outputs, and the file in it that is no capture. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Refused } from '../cli/errors.js';

/**
 * Makes a folder and those above it, unless they exist. Not by `mkdir` with `recursive`, which in Node 20 never returns where the system
 * says that a folder does not exist and yet refuses to make it, as /proc does.
 * @throws Refused
 */
export function makeFolder(path: string): void {
  try {
    make(resolve(path));
  } catch (cause) {
    throw new Refused(
      `${path}: cannot make this folder for the outputs: ${why(cause)}\n    fix: choose another --out`,
    );
  }
}

function make(path: string): void {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts?.isDirectory()) return;
  if (facts === undefined) {
    const parent = dirname(path);
    // Node 20 says so itself; later ones take a name behind a file for one that does not exist.
    if (statSync(parent, { throwIfNoEntry: false })?.isFile() === true)
      throw Object.assign(new Error(`${parent} is a file`), { code: 'ENOTDIR' });
    make(parent);
  }
  mkdirSync(path);
}

/** Writes a whole file. @throws Refused */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new Refused(
      `${path}: cannot be written: ${why(cause)}\n    fix: make room, or choose another --out`,
    );
  }
}

function why(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return WORDS[code] ?? `the system refuses it (${code === '' ? String(cause) : code})`;
}

const WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'there is a file of this name',
  ENOTDIR: 'a part of the path is a file',
  EISDIR: 'there is a folder of this name',
  ENOENT: 'the system lets nothing be made there',
  EACCES: 'the permission is missing',
  EPERM: 'the permission is missing',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
};
