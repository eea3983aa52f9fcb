#!/usr/bin/env node
import { run } from './run.js';

/** Whoever reads the output may have seen enough, as `head -1` has; a terminal may be gone, and a lab must still end in good order. */
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE' && cause.code !== 'EIO') throw cause;
});

const status = await run(process.argv.slice(2));
process.exitCode ??= status;
