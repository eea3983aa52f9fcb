import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';

import { assembleLab } from './assemble.js';
import type { Lab } from './lab.js';
import { Findings, TopologyErrors } from './mistake.js';
import { readSource, START } from './source.js';
import { checkStructure } from './structure.js';
import { substituteVariables } from './substitute.js';

/** Reads a topology file. Throws TopologyErrors with everything that is wrong with it; a missing file is wrong, too. */
export async function loadLab(file: string): Promise<Lab> {
  return parseLab(await readText(file), file);
}

/** The same for text that is at hand; `file` is only a name for it. */
export function parseLab(text: string, file: string): Lab {
  const findings = new Findings();
  const source = readSource(text, findings);
  const checked = source && checkStructure(substituteVariables(source, findings), findings);
  const lab = checked && assembleLab(checked, file, findings);
  if (lab === undefined || findings.mistakes.length > 0) {
    throw new TopologyErrors(file, findings.mistakes);
  }
  return lab;
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const what = CANNOT_READ[code] ?? `the file cannot be read (${code})`;
    throw new TopologyErrors(file, [{ at: START, what, fix: 'name a readable Compose file' }]);
  }
  const text = bytes.toString('utf8');
  if (isUtf8(bytes) && !text.includes('\0')) return text;
  const before = text.slice(0, Math.max(text.search(/[\ufffd\0]/), 0)).split(/\r\n|\r|\n/);
  const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const fix = 'save it as UTF-8 text, if it is a Compose file at all';
  throw new TopologyErrors(file, [{ at, what: 'the file is not UTF-8 text', fix }]);
}

const CANNOT_READ: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a directory, not a file',
  EACCES: 'the file may not be read: permission denied',
};
