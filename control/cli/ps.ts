import type { ServiceState } from '../supervisor/state.js';
import { runningLab } from './labs.js';
import { tableOf } from './table.js';

export interface PsOptions {
  readonly lab?: string;
  readonly json?: true;
}

/** `etherloom ps`. @throws CallError, Refused */
export function ps({ lab, json }: PsOptions): void {
  const { lab: name, file, pid, since, services } = runningLab(lab);
  const text = json
    ? JSON.stringify({ lab: name, file, pid, since, services }, null, 2)
    : tableOf(['service', 'sandbox', 'program', 'command'], services.map(rowOf));
  process.stdout.write(`${text}\n`);
}

function rowOf({ name, place, namespace, command, pid, exitStatus }: ServiceState): string[] {
  const sandbox = namespace ?? (place === 'host' ? 'the stack of this machine' : 'elsewhere');
  return [name, sandbox, programOf(pid, exitStatus), command?.join(' ') ?? '-'];
}

function programOf(pid: number | null, exitStatus: number | null): string {
  if (pid !== null) return `runs as ${pid}`;
  return exitStatus === null ? '-' : `exit status ${exitStatus}`;
}
