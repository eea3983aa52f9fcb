/**
 * The state file of a lab: who runs it, and everything that was made on the machine for it.
 *
 * Theory. /run/etherloom/LAB/state.json exists exactly while something of the lab may exist. It is created exclusively, which is the lock
 * against a second `up` (lock.ts is that of the moments before); it is replaced by renaming, so that it is whole at every moment; each thing is in it before it is made. Whoever
 * finds a state whose process is dead removes what it lists. A process is its number and the time it was started, so that a later
 * process with that number is not taken for it.
 */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LABS_FOLDER } from '../sandbox/names.js';
import { startOf } from '../sandbox/remove.js';
import type { Ledger, Made } from '../sandbox/steps.js';

const namespace = z.string().regex(/^etherloom-[\w.-]+$/);
const count = z.int().nonnegative();

const stateSchema = z.object({
  lab: z.string(),
  /** The topology as it was named. */
  file: z.string(),
  pid: count,
  started: count,
  /** ISO 8601. */
  since: z.string(),
  made: z.array(
    z.union([
      z.object({ kind: z.literal('namespace'), name: namespace }),
      z.object({ kind: z.literal('files'), name: namespace }),
      z.object({ kind: z.literal('tap'), name: z.string().regex(/^[^\s/]{1,15}$/) }),
      z.object({ kind: z.literal('process'), pid: count, started: count }),
    ]),
  ),
  services: z.array(
    z.object({
      name: z.string(),
      /** `elsewhere`: behind an interface or a TAP, where we cannot run anything. */
      place: z.enum(['sandbox', 'host', 'elsewhere']),
      namespace: namespace.nullable(),
      command: z.array(z.string()).nullable(),
      pid: count.nullable(),
      exitStatus: z.int().nullable(),
    }),
  ),
});

export type State = z.infer<typeof stateSchema>;
export type ServiceState = State['services'][number];

/** Somebody runs this lab already. */
export class LabTaken extends Error {
  override readonly name = 'LabTaken';
  constructor(
    lab: string,
    readonly pid: number,
  ) {
    super(`lab ${lab} is already up (process ${pid})\n    fix: etherloom down ${lab}`);
  }
}

export function labFolder(lab: string): string {
  return join(LABS_FOLDER, lab);
}

export function logPath(lab: string, service: string): string {
  return join(labFolder(lab), 'logs', `${service}.log`);
}

const statePath = (lab: string): string => join(labFolder(lab), 'state.json');

/** The state of a lab as it was last written; undefined where there is none. A state that cannot be read lists nothing. */
export function readState(lab: string): State | undefined {
  let text: string;
  try {
    text = readFileSync(statePath(lab), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    return { ...blank(lab, '', 0, 0), since: '' };
  }
}

/** Names of the labs that have a state, dead ones too. */
export function labNames(): string[] {
  try {
    return readdirSync(LABS_FOLDER).filter((lab) => existsSync(statePath(lab)));
  } catch {
    return [];
  }
}

/** Is there a folder of a lab without a state: of one that was killed before it had made anything? */
export function hasStray(lab: string): boolean {
  return (
    /^[a-z0-9][a-z0-9_-]*$/.test(lab) && existsSync(labFolder(lab)) && !existsSync(statePath(lab))
  );
}

/** Removes such a folder; call it under the lock. */
export function discardStray(lab: string): void {
  if (hasStray(lab)) rmSync(labFolder(lab), { recursive: true, force: true });
}

/** Is the process there that wrote this state? */
export function isAlive({ pid, started }: State): boolean {
  return pid > 0 && startOf(pid) === started;
}

/** The state of the lab that this process runs. */
export class StateFile implements Ledger {
  private constructor(private state: State) {}

  /** @throws LabTaken; the state of a dead process must have been cleared away before */
  static claim(lab: string, file: string): StateFile {
    const started = startOf(process.pid) ?? 0;
    const state = blank(lab, file, process.pid, started);
    mkdirSync(join(labFolder(lab), 'logs'), { recursive: true, mode: 0o755 });
    const draft = `${statePath(lab)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(state));
    try {
      linkSync(draft, statePath(lab));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      throw new LabTaken(lab, readState(lab)?.pid ?? 0);
    } finally {
      rmSync(draft, { force: true });
    }
    return new StateFile(state);
  }

  /** The state of a lab whose process is dead, to clear it away. */
  static inherit(state: State): StateFile {
    return new StateFile(state);
  }

  get lab(): string {
    return this.state.lab;
  }

  get made(): readonly Made[] {
    return this.state.made;
  }

  record(made: Made): void {
    this.write({ made: [...this.state.made, made] });
  }

  erase(made: Made): void {
    this.write({ made: this.state.made.filter((other) => other !== made) });
  }

  setServices(services: readonly ServiceState[]): void {
    this.write({ services: [...services] });
  }

  /** Nothing is left: the lab is forgotten, with its logs. */
  discard(): void {
    rmSync(labFolder(this.state.lab), { recursive: true, force: true });
  }

  private write(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    const path = statePath(this.state.lab);
    writeFileSync(`${path}.new`, JSON.stringify(this.state, null, 1));
    renameSync(`${path}.new`, path);
  }
}

function blank(lab: string, file: string, pid: number, started: number): State {
  return { lab, file, pid, started, since: new Date().toISOString(), made: [], services: [] };
}
