/**
 * Takes away what a lab made. Only what carries our marks: namespaces and files are named `etherloom-...`, a TAP bears our alias, and a
 * process is the one that was started, not one that has its number today. What is no longer there is as good as removed.
 */
import { readFileSync, rmSync } from 'node:fs';
import { ip, linkNamed, namespaces } from './ip.js';
import { MARK, netnsFolder } from './names.js';
import type { Made } from './steps.js';

const PATIENCE_MS = 1000;
const LOOK_EVERY_MS = 10;

/** @throws IpError, or the error of the file system */
export async function remove(made: Made): Promise<void> {
  switch (made.kind) {
    case 'namespace':
      return removeNamespace(made.name);
    case 'files':
      if (made.name.startsWith(MARK))
        rmSync(netnsFolder(made.name), { recursive: true, force: true });
      return;
    case 'tap':
      return removeTap(made.name);
    case 'process':
      return endProcess(made.pid, made.started);
  }
}

/** A namespace lives on without a name while a process is in it, so these go first. */
async function removeNamespace(name: string): Promise<void> {
  if (!name.startsWith(MARK) || !(await namespaces()).includes(name)) return;
  await endAll(async () => pidsIn(await ip('netns', 'pids', name)));
  await ip('netns', 'delete', name);
}

/** Without an alias it is one that was made a moment before the end: it was not there when it was written down. */
async function removeTap(name: string): Promise<void> {
  const link = await linkNamed(name);
  if (link === undefined || (link.ifalias !== undefined && !link.ifalias.startsWith(MARK))) return;
  await ip('link', 'delete', name);
}

async function endProcess(pid: number, started: number): Promise<void> {
  await endAll(() => Promise.resolve(startOf(pid) === started ? [-pid] : []));
}

/** Asks processes to end, and then makes them. */
async function endAll(remaining: () => Promise<number[]>): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const until = performance.now() + PATIENCE_MS;
    let pids = await remaining();
    for (const pid of pids) send(pid, signal);
    while (pids.length > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      pids = await remaining();
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}

function pidsIn(text: string): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** When a process started, in clock ticks since boot; undefined when there is none, or only its remains. proc(5), fields 3 and 22. */
export function startOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
