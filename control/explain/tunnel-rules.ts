/** Which lines of the topology stand behind what a tunnel end does not let pass. */
import { Reason } from '../../dataplane/observe/reason.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { Compiled } from '../compile/compile.js';
import type { CompiledVni } from '../compile/vteps.js';
import type { Vtep } from '../model/vtep.js';
import { list } from './phrases.js';
import { mtuRule } from './route-rules.js';
import { rule, ruleAtHost } from './rules.js';
import type { Rule } from './rules.js';
import { noted } from './views.js';
import type { Context } from './views.js';

/** Where a frame was when a tunnel end gave it up. */
export interface AtTunnel {
  readonly context: Context;
  /** What was noted there. */
  readonly notes: readonly Note[];
  readonly vtep: Vtep;
  readonly vni: CompiledVni | undefined;
  /** The interface by which its host would have sent it. */
  readonly iface: number;
}

export function ruleAtTunnel(reason: Reason, place: AtTunnel): readonly Rule[] {
  const { context, notes, vtep, vni, iface } = place;
  const { compiled, frame } = context;
  switch (reason) {
    case Reason.VxlanMtu:
      return [mtuRule({ context, iface })];
    case Reason.VxlanWithoutRemote:
      return [rule(`${vtep.port} lists no remotes`, vni ?? vtep)];
    case Reason.VxlanNeighborKnown:
      return stationRules(compiled, noted(notes, Step.SpokenFor)?.[1]);
    case Reason.VxlanNeighborUnknown:
      return [rule(`neighbors of ${vtep.port} is ${vtep.neighbors.value}`, vtep.neighbors)];
    case Reason.VxlanStationElsewhere:
      return stationRules(compiled, noted(notes, Step.RemoteBefore)?.[2]);
    case Reason.VxlanInnerTag:
      return [rule(`inner_tags of ${vtep.port} is ${vtep.innerTags.value}`, vtep.innerTags)];
    default:
      return ruleAtHost(reason, compiled, vtep.host, frame);
  }
}

/** What the topology says of a station behind another end. */
function stationRules({ tunnels }: Compiled, row: number | undefined): Rule[] {
  const { station } = tunnels.remoteStations[row ?? -1] ?? {};
  if (station === undefined) return [];
  const { mac, remote, addresses } = station;
  const called = addresses.length === 0 ? '' : `, which has ${list(addresses)},`;
  return [rule(`${mac}${called} is declared to be behind ${remote}`, station)];
}
