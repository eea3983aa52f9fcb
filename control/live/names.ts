/** What the rows of a Program are called in what `show` says. */
import type { Compiled } from '../compile/compile.js';

/** Of a row of `networks`: the name of a network, or of a wire. */
export function networkName({ networks, wires }: Compiled, row: number): string {
  return (networks[row] ?? wires[row - networks.length])?.name ?? '';
}

/** Of the network or wire that a port belongs to; empty for a NIC that leads out of the topology. */
export function networkOfPort(compiled: Compiled, port: number): string {
  const { endpoint } = compiled.ports[port] ?? {};
  return endpoint?.network ?? networkName(compiled, compiled.program.ports.network[port] ?? 0);
}
