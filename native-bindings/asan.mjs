/**
 * `npm run test:asan`: the tests of the addon with a build that watches each access to memory (AddressSanitizer) and undefined behaviour.
 * Node itself is not built so; the sanitizer is loaded before it, and leaks are not looked for.
 */
import { spawnSync } from 'node:child_process';
import console from 'node:console';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, compiler } from './install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The sanitizer's library; the compiler gives back the bare name when it has none. */
function library() {
  const { stdout } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const path = stdout?.trim();
  return path !== undefined && existsSync(path) ? path : undefined;
}

function run() {
  const sanitizer = library();
  if (sanitizer === undefined) return 'the compiler has no AddressSanitizer: apt install libasan8';
  const why = build('Debug');
  if (why !== undefined) return why;
  const env = {
    ...process.env,
    ETHERLOOM_NATIVE_BUILD: 'Debug',
    LD_PRELOAD: sanitizer,
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const ava = ['node_modules/ava/entrypoints/cli.mjs', 'test/native/**/*.test.ts'];
  const { status } = spawnSync(process.execPath, ava, { cwd: root, env, stdio: 'inherit' });
  process.exitCode = status ?? 1;
  return undefined;
}

const skipped = run();
if (skipped !== undefined) console.log(`etherloom: memory errors are not looked for: ${skipped}`);
