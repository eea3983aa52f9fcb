/** What the tunnel ends of a Program are told: their remote ends and the stations behind those. */
import type { Program } from '../program/program.js';
import { fixed } from '../state/fixed.js';
import { History } from '../state/history.js';
import { Remotes } from '../state/remotes.js';

const NO_VTEP = -1;

/** See Plane. */
export interface TunnelEnds {
  readonly remotes: readonly Remotes[];
  /** Absent where there are none. */
  readonly history: History | undefined;
  readonly floodEnds: Int32Array;
  readonly vtepAt: Int32Array;
}

export function tunnelEndsOf(program: Program): TunnelEnds {
  const { vteps, ports } = program;
  const vtepAt = new Int32Array(ports.rows).fill(NO_VTEP);
  const floodEnds = new Int32Array(program.remotes.rows);
  const history = vteps.rows > 0 ? new History() : undefined;
  const remotes =
    history === undefined
      ? []
      : Array.from({ length: vteps.rows }, (_, vtep) => {
          vtepAt[vteps.port[vtep]] = vtep;
          return remotesOf(program, vtep, history, floodEnds);
        });
  return { remotes, history, floodEnds: fixed(floodEnds), vtepAt: fixed(vtepAt) };
}

function remotesOf(
  program: Program,
  vtep: number,
  history: History,
  floodEnds: Int32Array,
): Remotes {
  const { vteps, vnis, remotes: ends, remoteStations: stations } = program;
  const first = vteps.firstVni[vtep];
  const isMine = (vni: number): boolean => vni >= first && vni < first + vteps.vniCount[vtep];
  const mine = Array.from(stations.vni, (vni, row) => ({ vni, row })).filter(({ vni }) =>
    isMine(vni),
  );
  let declared = mine.length;
  for (let vni = first; vni < first + vteps.vniCount[vtep]; vni++)
    declared += vnis.remoteCount[vni];
  const remotes = new Remotes(
    first,
    vteps.stationsMax[vtep],
    declared,
    mine.length,
    vteps.ageing_ns[vtep],
    history,
  );
  for (let vni = first; vni < first + vteps.vniCount[vtep]; vni++)
    for (let i = 0; i < vnis.remoteCount[vni]; i++) {
      const row = vnis.firstRemote[vni] + i;
      const { word0, word1, word2, word3 } = ends;
      floodEnds[row] = remotes.declareEnd(word0[row], word1[row], word2[row], word3[row]);
    }
  for (const { vni, row } of mine) {
    const { word0, word1, word2, word3, macHigh, macLow } = stations;
    const end = remotes.declareEnd(word0[row], word1[row], word2[row], word3[row]);
    remotes.declareStation(vni, macHigh[row], macLow[row], end, row);
  }
  remotes.fdb.open();
  return remotes;
}
