import { readDevice, readRecord } from './device.js';
import type { Wire, WirePort } from './lab.js';
import type { Findings } from './mistake.js';
import type { LiveShape, TopologyShape, WireShape } from './schema.js';
import { entries, present, type Entry, type Written } from './written.js';

/** `x-wires`: the segments between the hosts, and where they lead out of the topology. */
export function readWires(
  root: Written<TopologyShape>,
  file: string,
  findings: Findings,
): readonly Wire[] {
  return entries(root.get('x-wires')).map((entry) => readWire(entry, file, findings));
}

function readWire(
  { key, keyAt, written }: Entry<WireShape | null>,
  file: string,
  findings: Findings,
): Wire {
  checkPlaceName('wire', key, keyAt, findings);
  const wire = present(written);
  const relay = wire?.get('reflective_relay');
  return {
    name: key,
    at: keyAt,
    ports: entries(wire?.get('ports')).map((port) => readPort(key, port, file, findings)),
    reflectiveRelay: relay === undefined ? { value: false } : { value: relay.value, at: relay.at },
  };
}

function readPort(
  wire: string,
  { key, keyAt, written }: Entry<LiveShape | null>,
  file: string,
  findings: Findings,
): WirePort {
  checkPlaceName('port', key, keyAt, findings);
  const port = present(written);
  const record = readRecord(port, file, findings);
  return {
    name: key,
    at: keyAt,
    port: `${wire}.${key}`,
    device: readDevice(port, file, findings) ?? { kind: 'nothing' },
    ...(record && { record }),
  };
}

/** Names of hosts, wires and their ports become names of files, as those of services do. */
export function checkPlaceName(
  kind: 'host' | 'wire' | 'port',
  name: string,
  at: Written['at'],
  findings: Findings,
): void {
  if (/^[a-zA-Z0-9._-]+$/.test(name)) return;
  const fix = 'use letters, digits, ".", "_" and "-"';
  findings.refuse(at, `"${name}" is not a name for a ${kind}`, fix);
}
