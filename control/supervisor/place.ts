/** Which Worker owns which networks. */
import { availableParallelism } from 'node:os';
import type { BridgeNetwork } from '../compile/compile.js';

export interface Placement {
  /** For each Worker the numbers of its networks, ascending. */
  readonly workers: readonly (readonly number[])[];
  /** What the user should know: more Workers were asked for than can be used. */
  readonly note?: string;
}

/**
 * Deals the networks that have ports out to Workers: the largest first, each to the Worker with the fewest ports so far. A network is never
 * divided: its table has one writer.
 * @param wanted number of Workers; default: one for each network, but a core is left to the programs in the sandboxes
 */
export function placeNetworks(
  networks: readonly BridgeNetwork[],
  wanted?: number,
  cores = availableParallelism(),
): Placement {
  const used = networks.flatMap(({ endpoints }, number) =>
    endpoints.length === 0 ? [] : [{ number, ports: endpoints.length }],
  );
  const count = Math.min(used.length, wanted ?? Math.max(cores - 1, 1));
  const workers = Array.from({ length: count }, () => ({ ports: 0, networks: [] as number[] }));
  for (const { number, ports } of [...used].sort((one, other) => other.ports - one.ports)) {
    const lightest = workers.reduce((best, worker) => (worker.ports < best.ports ? worker : best));
    lightest.networks.push(number);
    lightest.ports += ports;
  }
  const dealt = workers.map((worker) => worker.networks.sort((one, other) => one - other));
  if (wanted === undefined || wanted <= Math.max(used.length, 1)) return { workers: dealt };
  const networksText = used.length === 1 ? 'one network has' : `${used.length} networks have`;
  return {
    workers: dealt,
    note: `${networksText} ports, and a network is served by one worker: ${count} of ${wanted} workers are used`,
  };
}
