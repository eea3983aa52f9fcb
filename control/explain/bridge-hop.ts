/** What happened to a frame at a bridge, or at the switch of a wire. */
import { Action } from '../../dataplane/forward/verdict.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { BridgeHop, EntryView } from './hops.js';
import type { Passage } from './passages.js';
import { ruleAtBridge, ruleAtHost, ruleAtWire, vlanRule } from './rules.js';
import type { Rule } from './rules.js';
import {
  at,
  endingOf,
  entryView,
  hostViews,
  isToGroup,
  noted,
  portView,
  sentViews,
  tagView,
} from './views.js';
import type { Context } from './views.js';

/** The passage of a bridge; of one that lets go of a frame while it is parsed, nothing but the end was noted. */
export function bridgeHop(
  context: Context,
  { notes, after, step, note }: Passage,
  leads: readonly Step[] = [],
): BridgeHop {
  const { compiled, frame } = context;
  const port = step === Step.Bridged ? note[1] : context.inPort;
  const place = placeOf(context, port);
  const sent = sentViews(context, notes);
  const views = hostViews(context, notes);
  const goesOn =
    leads.includes(Step.Routed) ||
    leads.includes(Step.Decapsulated) ||
    views.gathers === true ||
    views.unsolicited !== undefined;
  const { verdict, reason } = verdictOf(notes, sent.length, goesOn);
  const seen = (step: Step): EntryView | undefined =>
    entryView(context, place.bridge, noted(notes, step));
  const refused = step === Step.Bridged ? (note[3] as Reason) : Reason.Ok;
  const isEarly = beforeLearning.includes(reason) || refused !== Reason.Ok;
  const destination = isToGroup(frame) || isEarly ? undefined : seen(Step.Destination);
  const teaches = !isEarly && frame.destination !== PAUSE;
  const rules = place.rules(reason, destination?.port);
  const said = reason === Reason.Ok ? undefined : reasonText(reason);
  return {
    stage: place.stage,
    ...(after !== undefined && { after }),
    network: { name: place.name, ...(place.at && { at: place.at }) },
    port: portView(compiled, port),
    ...vlanOf(context, port, step === Step.Bridged && refused === Reason.Ok ? note[2] : -1),
    source: sourceView(
      seen(Step.SourceBefore),
      teaches ? seen(Step.SourceAfter) : undefined,
      at(compiled.ports, port).port,
    ),
    ...(destination && { destination }),
    verdict,
    ...(said && {
      reason: said,
      ended: { verdict: verdict === 'consume' ? verdict : 'drop', reason: said, rules },
    }),
    rules,
    sent,
    passedBy: notes
      .filter(([step]) => step === Step.PassedBy)
      .map(([, other, why]) => ({
        ...portView(compiled, other),
        reason: reasonText(why),
        rules: place.rules(why, at(compiled.ports, other).port),
      })),
    ...views,
  };
}

/** What is the same for bridges and wires, whatever stands behind it. */
function placeOf({ compiled, frame }: Context, port: number) {
  const { networks, wires, ports, program } = compiled;
  const row = program.ports.network[port] ?? 0;
  const from = at(ports, port);
  const bridge = networks[row];
  if (bridge !== undefined)
    return {
      stage: 'bridge' as const,
      name: bridge.name,
      at: bridge.at,
      bridge,
      rules: (reason: Reason, to: string | undefined): readonly Rule[] => [
        ...ruleAtHost(reason, compiled, bridge.host, frame),
        ...ruleAtBridge(
          reason,
          bridge,
          from,
          ports.find(({ port }) => port === to),
        ),
      ],
    };
  const wire = at(wires, row - networks.length);
  return {
    stage: 'wire' as const,
    name: wire.name,
    at: wire.at,
    bridge: undefined,
    rules: (reason: Reason): readonly Rule[] =>
      ruleAtWire(reason, wire, program.networks.mtu[row] ?? 0),
  };
}

/** In which VLAN it was; `control` is negative where the bridge does not look at VLANs, or did not take it. */
function vlanOf({ compiled }: Context, port: number, control: number): Pick<BridgeHop, 'vlan'> {
  const [rule] = vlanRule(at(compiled.ports, port));
  return control < 0 || rule === undefined ? {} : { vlan: { ...tagView(control), rule } };
}

/** `goesOn`: the host has it, and it does not end here. */
function verdictOf(
  notes: readonly Note[],
  sent: number,
  goesOn: boolean,
): { verdict: BridgeHop['verdict']; reason: Reason } {
  const note = noted(notes, Step.Verdict);
  const ending = endingOf(notes);
  if (note === undefined || (note[1] === Action.Flood && sent === 0))
    return { verdict: ending?.verdict ?? 'drop', reason: ending?.number ?? Reason.NoOtherPort };
  const [, action, argument] = note;
  if (action === Action.Consume && goesOn) return { verdict: 'route', reason: Reason.Ok };
  if (action === Action.Consume && ending !== undefined)
    return { verdict: ending.verdict, reason: ending.number };
  if (action === Action.Send) return { verdict: 'send', reason: Reason.Ok };
  if (action === Action.Flood) return { verdict: 'flood', reason: Reason.Ok };
  return { verdict: action === Action.Drop ? 'drop' : 'consume', reason: argument };
}

const PAUSE = '01:80:c2:00:00:01';

/** Reasons for which a frame ends while it is parsed. */
export const beforeParsed: readonly number[] = [
  Reason.Runt,
  Reason.SnappedHeader,
  Reason.VlanTagTruncated,
  Reason.OffloadInvalid,
];

/** Reasons for which a bridge lets go of a frame before it learns the source. It learns nothing from one to the PAUSE address either. */
const beforeLearning: readonly number[] = [
  ...beforeParsed,
  Reason.MtuExceeded,
  Reason.SourceAddressInvalid,
  Reason.PauseFrame,
  Reason.VlanReserved,
];

/** `after` is what the frame left behind; absent when it taught nothing. */
function sourceView(
  before: EntryView | undefined,
  after: EntryView | undefined,
  port: string,
): BridgeHop['source'] {
  const was = before && { before };
  if (after === undefined) return { outcome: 'not learned', ...was };
  if (before === undefined) return { outcome: 'learned' };
  if (after.port !== port) return { outcome: 'kept', ...was };
  return { outcome: before.port === port ? 'refreshed' : 'moved', ...was };
}
