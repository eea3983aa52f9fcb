/** Whether the machine has what the ports of a lab are to be joined to. */
import { readFileSync } from 'node:fs';
import { Refused } from '../cli/errors.js';
import type { Compiled, CompiledPort } from '../compile/compile.js';
import type { Value } from '../model/position.js';

/** The interfaces of our network namespace; /sys may show those of another one. */
function interfaces(): string[] {
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n');
  return lines.flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? []);
}

/** @throws Refused that names every interface that is missing, and its line */
export function requireDevices({ lab, ports }: Compiled): void {
  const present = interfaces();
  const missing = ports.flatMap(({ device, port }) => {
    const name = expected(device);
    if (name === undefined || present.includes(name.value)) return [];
    const { line = 1, column = 1 } = name.at ?? {};
    const what = `port ${port}: this machine has no interface ${name.value}`;
    return [`${lab.file}:${line}:${column}: ${what}\n    fix: ${fixFor(device)}`];
  });
  if (missing.length > 0) throw new Refused(missing.join('\n'));
}

/** The interface that must be there before the lab is. */
function expected(device: CompiledPort['device']): Value<string> | undefined {
  if (device.kind === 'interface') return device.interface;
  return device.kind === 'tap' && device.owner === undefined ? device.tap : undefined;
}

function fixFor({ kind }: CompiledPort['device']): string {
  const see = '"ip -brief link" lists those there are';
  return kind === 'tap' ? `${see}; with "owner: root" the TAP is made` : see;
}
