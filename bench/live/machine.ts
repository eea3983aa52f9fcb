import { cpus, loadavg, release } from 'node:os';

/** On what was measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  /** How many programs wanted a core in the minute before: what they did is in the figures. */
  readonly loadBefore: number;
}

export function thisMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    kernel: release(),
    node: process.version,
    loadBefore: loadavg()[0] ?? NaN,
  };
}
