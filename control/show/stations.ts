/** Who lives where, as networks and wires have learned it: read from the memory of their Fdbs, also while the Workers of a running lab write it. */
import { listFdb } from '../../dataplane/state/fdb-entries.js';
import type { FdbEntry } from '../../dataplane/state/fdb-entries.js';
import { Kind } from '../../dataplane/state/fdb-kinds.js';
import type { Compiled } from '../compile/compile.js';
import { macText } from '../explain/text.js';
import { networkName } from '../live/names.js';

export interface Station {
  readonly network: string;
  readonly mac: string;
  /** In a network that filters VLANs: that in which it was heard; absent for untagged frames. */
  readonly vlan?: number;
  /** `gateway` is the bridge itself. */
  readonly port: string;
  readonly kind: 'dynamic' | 'static' | 'sticky' | 'local';
  /** How long ago it was last heard; absent where it has not been heard and needs not be. */
  readonly heard_s?: number;
  /** The frame that taught it, or moved it there. */
  readonly taughtBy?: { readonly port: string; readonly number: number; readonly ago_s: number };
  /** Where the topology declares it: `lab.yaml:12`. */
  readonly at?: string;
}

const KINDS = ['dynamic', 'dynamic', 'static', 'sticky', 'local'] as const;

/** The stations of all networks and wires at a tick, by network and port; without those that are too old to be found. */
export function stationsOf(
  compiled: Compiled,
  fdbs: readonly SharedArrayBuffer[],
  now: number,
): Station[] {
  const { ageing_ns } = compiled.program.networks;
  return fdbs.flatMap((memory, network) =>
    listFdb(memory)
      .entries.filter(
        ({ kind, heardAt }) => kind !== Kind.Dynamic || now - heardAt < (ageing_ns[network] ?? 0),
      )
      .toSorted(
        (one, other) => rank(one) - rank(other) || one.high - other.high || one.low - other.low,
      )
      .map((entry) => stationOf(compiled, network, entry, now)),
  );
}

/** The gateway last. */
function rank({ kind, port }: FdbEntry): number {
  return kind === Kind.Local ? Infinity : port;
}

function stationOf(compiled: Compiled, network: number, entry: FdbEntry, now: number): Station {
  const { networks, ports, stations, lab } = compiled;
  const { high, low, kind, origin, taughtBy, taughtAt, heardAt } = entry;
  const vlan = high >>> 16;
  const head = {
    network: networkName(compiled, network),
    mac: macText(high & 0xffff, low),
    ...(vlan > 0 && { vlan }),
  };
  const where = (line: number | undefined) =>
    line === undefined ? {} : { at: `${lab.file}:${line}` };
  if (kind === Kind.Local)
    return {
      ...head,
      port: 'gateway',
      kind: 'local',
      ...where(networks[network]?.bridge.mac.at?.line),
    };
  const port = ports[entry.port]?.port ?? '';
  const source = ports[origin]?.port ?? port;
  const view = { ...head, port, kind: KINDS[kind] };
  if (taughtAt < 0) return { ...view, ...where(stations[taughtBy]?.at.line) };
  return {
    ...view,
    heard_s: ago(now, heardAt),
    taughtBy: { port: source, number: taughtBy, ago_s: ago(now, taughtAt) },
  };
}

/** Seconds; never less than 0, for the Worker looks at the clock before it receives and we look later or earlier. */
export function ago(now: number, tick: number): number {
  return Math.max(0, now - tick) / 1e9;
}
