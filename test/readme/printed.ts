import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const COMMAND_LINE = new URL('../../control/cli/main.js', import.meta.url).pathname;

/** README.md of this checkout. */
export const README = new URL('../../../README.md', import.meta.url).pathname;

/** The text of a Markdown file, with what each `$ etherloom ...` line in it really prints put below that line. */
export function printed(file: string): string {
  return readFileSync(file, 'utf8').replace(
    /^```console\n\$ etherloom (.*)\n[^]*?^```$/gm,
    (_, words: string) => `\`\`\`console\n$ etherloom ${words}\n${outputOf(words)}\n\`\`\``,
  );
}

function outputOf(words: string): string {
  const root = new URL('../../..', import.meta.url).pathname;
  const command = `exec "${process.execPath}" "${COMMAND_LINE}" ${words} 2>&1`;
  const { stdout } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
  return stdout.trimEnd();
}
