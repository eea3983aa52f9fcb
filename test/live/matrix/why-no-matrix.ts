import { spawnSync } from 'node:child_process';

/** Why traffic cannot be made here; undefined when it can. */
export function whyNoMatrix(): string | undefined {
  for (const program of ['/usr/bin/python3', 'ethtool'])
    if (spawnSync(program, ['--version']).error !== undefined) return `${program} is not installed`;
  return undefined;
}
