/**
 * The programs that `command:` of services asks for: started in their sandbox, each the leader of a process group, what they print kept in a
 * log of bounded size.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Lab } from '../model/lab.js';
import type { Sandbox } from '../model/sandbox.js';
import { wordsInside } from '../sandbox/names.js';
import { namespaceOf } from '../sandbox/plan.js';
import { remove, startOf } from '../sandbox/remove.js';
import type { Made } from '../sandbox/steps.js';
import type { RunningService } from './running.js';
import { logPath } from './state.js';
import type { StateFile } from './state.js';

/** A log that has grown to this size becomes LOG.1, and a new one is begun. */
const LOG_BYTES_MAX = 4 << 20;

/** As a shell counts it: 128 and the number of the signal. */
const BY_SIGNAL = 128;
const NOT_STARTED = 127;

interface Program {
  readonly name: string;
  readonly place: RunningService['place'];
  readonly namespace: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly log: string | undefined;
  pid: number | undefined;
  exitStatus: number | undefined;
}

export class Programs {
  readonly services: readonly RunningService[];
  private readonly programs: readonly Program[];
  private readonly running = new Map<Made, ChildProcess>();

  /** @param ended is told the name of a service whose program has ended */
  constructor(
    private readonly lab: Lab,
    private readonly state: StateFile,
    private readonly ended: (name: string) => void,
  ) {
    this.programs = lab.sandboxes.map((sandbox) => {
      const namespace = namespaceOf(lab, sandbox.name);
      const place = placeOf(sandbox, namespace);
      const command = place === 'elsewhere' ? undefined : sandbox.settings.command;
      return {
        name: sandbox.name,
        place,
        namespace,
        command,
        log: command && logPath(lab.name, sandbox.name),
        pid: undefined,
        exitStatus: undefined,
      };
    });
    this.services = this.programs;
    this.note();
  }

  startAll(): void {
    for (const program of this.programs) {
      const sandbox = this.lab.sandboxes.find(({ name }) => name === program.name);
      if (sandbox !== undefined && program.command !== undefined) this.start(program, sandbox);
    }
  }

  /** Ends all that still run, group by group; at most two seconds. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.running.keys()].map((made) => remove(made)));
  }

  private start(program: Program, { settings }: Sandbox): void {
    const { namespace, command = [], log = '' } = program;
    const words = namespace === undefined ? command : wordsInside(namespace, command);
    const keep = new Log(log);
    const child = spawn(words[0] ?? '', words.slice(1), {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOSTNAME: settings.hostname,
        ...Object.fromEntries(settings.environment),
      },
      ...(settings.folder !== undefined && existsSync(settings.folder) && { cwd: settings.folder }),
    });
    child.stdout.on('data', (piece: Buffer) => {
      keep.write(piece);
    });
    child.stderr.on('data', (piece: Buffer) => {
      keep.write(piece);
    });
    const made: Made | undefined = child.pid === undefined ? undefined : processOf(child.pid);
    if (made !== undefined) {
      this.state.record(made);
      this.running.set(made, child);
      program.pid = child.pid;
    }
    const end = (status: number): void => {
      if (program.exitStatus !== undefined) return;
      program.pid = undefined;
      program.exitStatus = status;
      if (made !== undefined && this.running.delete(made)) this.state.erase(made);
      this.note();
      this.ended(program.name);
    };
    child.on('error', (cause) => {
      keep.write(Buffer.from(`etherloom: cannot start ${command[0] ?? ''}: ${cause.message}\n`));
      end(NOT_STARTED);
    });
    child.on('exit', (status, signal) => {
      end(status ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal]));
    });
    child.on('close', () => {
      keep.close();
    });
    this.note();
  }

  /** So that `ps` and `exec` of other processes know. */
  private note(): void {
    this.state.setServices(
      this.programs.map(({ name, place, namespace, command, pid, exitStatus }) => ({
        name,
        place,
        namespace: namespace ?? null,
        command: command ? [...command] : null,
        pid: pid ?? null,
        exitStatus: exitStatus ?? null,
      })),
    );
  }
}

/** A service that shares the stack of one that uses the host's uses the host's too. */
function placeOf(sandbox: Sandbox, namespace: string | undefined): RunningService['place'] {
  if (namespace !== undefined) return 'sandbox';
  return sandbox.mode === 'own' ? 'elsewhere' : 'host';
}

function processOf(pid: number): Made {
  return { kind: 'process', pid, started: startOf(pid) ?? 0 };
}

/** A file that grows to a limit, and then begins anew beside the old one. */
class Log {
  private descriptor: number | undefined;
  private bytes = 0;

  constructor(private readonly path: string) {
    this.descriptor = openSync(path, 'w', 0o644);
  }

  /** What cannot be written, as on a full disk, is left out: a program must not stand still because of its log. */
  write(piece: Buffer): void {
    if (this.descriptor === undefined) return;
    try {
      if (this.bytes + piece.length > LOG_BYTES_MAX) this.turn();
      this.bytes += writeSync(this.descriptor, piece);
    } catch {
      // left out
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private turn(): void {
    renameSync(this.path, `${this.path}.1`);
    this.close();
    this.descriptor = openSync(this.path, 'w', 0o644);
    this.bytes = 0;
  }
}
