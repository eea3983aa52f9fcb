import { basename, dirname, resolve } from 'node:path';
import type { Findings } from './mistake.js';
import type { TopologyShape } from './schema.js';
import type { Written } from './written.js';

/** Where the name of the folder has nothing that a project name may have. */
const NAMELESS = 'lab';

/** The name of the lab, by Compose's rule: `name`, or the folder's name without what a project name may not have. */
export function projectName(
  root: Written<TopologyShape>,
  file: string,
  findings: Findings,
): string {
  const written = root.get('name');
  if (written === undefined) return normalised(basename(dirname(resolve(file))));
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(written.value)) {
    const what = `invalid project name "${written.value}": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number`;
    findings.refuse(written.at, what, `write "${normalised(written.value)}"`);
  } else if (written.value.length > NAME_MAX) {
    const what = `a project name of ${written.value.length} characters is too long`;
    findings.refuse(written.at, what, `write at most ${NAME_MAX} characters`);
  }
  return written.value;
}

/** So that the path of the control socket fits into its 107 bytes (unix(7)). */
const NAME_MAX = 63;

function normalised(name: string): string {
  const kept = name
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, '')
    .replace(/^[-_]+/, '');
  return kept.slice(0, NAME_MAX) || NAMELESS;
}
