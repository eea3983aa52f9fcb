/**
 * What happened to one frame, as data: the trace's numbers turned back into names, earlier frames and lines of the topology.
 * Sentences are made from it in sentences.ts; `--json` prints it as it stands.
 */
import { Action } from '../../dataplane/forward/verdict.js';
import { LOCAL_PORT } from '../../dataplane/forward/plane.js';
import type { Plane } from '../../dataplane/forward/plane.js';
import { Gso, SUPER } from '../../dataplane/frame/frames.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { ReasonText } from '../../dataplane/observe/reasons.js';
import { kindIn, portIn } from '../../dataplane/state/fdb-memory.js';
import { Kind } from '../../dataplane/state/fdb.js';
import type { BridgeNetwork, Compiled } from '../compile/compile.js';
import type { Position } from '../model/position.js';
import { describeFrame } from './dissect.js';
import type { FrameDescription } from './dissect.js';
import { ruleBehind } from './rules.js';
import type { Rule } from './rules.js';

/** What the Fdb holds about a station, seen at the tick of the frame being explained. */
export interface EntryView {
  readonly port: string;
  readonly kind: 'dynamic' | 'static' | 'sticky' | 'local';
  /** The frame that taught it; absent for an entry that the topology declares. */
  readonly taughtBy?: { readonly port: string; readonly number: number; readonly before_s: number };
  /** How long ago the station was last heard. */
  readonly heardBefore_s?: number;
  /** Where the topology declares it. */
  readonly at?: Position;
}

/** A port and where it stands in the topology. */
export interface PortView {
  readonly port: string;
  readonly at?: Position;
}

/** What a super-frame stands for: segments (TCP) or datagrams (UDP) of at most so many bytes of payload. */
export interface SuperFrame {
  readonly protocol: 'TCP' | 'UDP';
  readonly segments: number;
  readonly segmentBytes: number;
}

export interface Explanation {
  readonly file: string;
  readonly port: PortView;
  /** Which frame of its port, from 1. */
  readonly number: number;
  /** Seconds since the first frame of the replay; of a running lab, since it is up. */
  readonly time_s: number;
  /** Of a running lab: when the frame came in, `2026-05-04T09:08:07.123456789Z`. */
  readonly clock?: string;
  readonly frame: FrameDescription;
  /** The frame stands for several, which its sender left to the network card to cut. */
  readonly superFrame?: SuperFrame;
  readonly network: { readonly name: string; readonly at?: Position };
  readonly source: {
    readonly outcome: 'learned' | 'moved' | 'refreshed' | 'kept' | 'not learned';
    readonly before?: EntryView;
  };
  /** The entry of the destination when the frame was decided; absent for groups and unknown stations. */
  readonly destination?: EntryView;
  readonly verdict: 'send' | 'flood' | 'drop' | 'consume';
  /** Why it was dropped or consumed. */
  readonly reason?: ReasonText;
  /** The lines of the topology, or the defaults, that the verdict rests on. */
  readonly rules: readonly Rule[];
  readonly sent: readonly PortView[];
  /** The address of the host that the frame asked for, when the host answered it. */
  readonly answered?: { readonly address: string; readonly at?: Position };
  readonly passedBy: readonly (PortView & { readonly reason: ReasonText })[];
}

/** Where a frame was seen: in a replay, whose time begins with its first frame, or in a running lab, which has a clock. */
export type Seen = 'in a replay' | 'live';

/** Explains the frame whose notes these are. Its slot must not have been reused since. */
export function explanationOf(
  compiled: Compiled,
  plane: Plane,
  notes: readonly Note[],
  where: Seen = 'in a replay',
): Explanation {
  const { ports, networks, lab } = compiled;
  const [, slot, inPort, number, tick] = take(notes, Step.Arrived);
  const port = viewOf(compiled, inPort);
  const network = at(networks, compiled.program.ports.network[inPort] ?? 0);
  const [, action, argument] = take(notes, Step.Verdict);
  const sent = notes.filter(([step]) => step === Step.Sent).map(([, out]) => viewOf(compiled, out));
  const passedBy = notes
    .filter(([step]) => step === Step.PassedBy)
    .map(([, out, reason]) => ({ ...viewOf(compiled, out), reason: reasonText(reason) }));
  const unheard = action === Action.Flood && sent.length === 0;
  const reason = unheard ? whyUnheard(notes) : action >= Action.Drop ? argument : Reason.Ok;
  const frame = frameIn(plane, slot);
  const superFrame = superFrameIn(plane, slot, reason);
  const seen = (step: Step): EntryView | undefined =>
    entryView(compiled, network, notes, step, tick);
  const lookedUp = !isGroup(frame) && !beforeLearning.includes(reason);
  const destination = lookedUp ? seen(Step.Destination) : undefined;
  return {
    file: lab.file,
    port,
    number,
    time_s: tick / 1e9,
    ...(where === 'live' && { clock: clockOf(plane, slot) }),
    frame,
    ...(superFrame && { superFrame }),
    network: { name: network.name, ...(network.at && { at: network.at }) },
    source: sourceView(
      seen(Step.SourceBefore),
      teaches(frame, reason) ? seen(Step.SourceAfter) : undefined,
      port.port,
    ),
    ...(destination && { destination }),
    verdict: unheard ? 'drop' : verdictName(action),
    ...(reason !== Reason.Ok && { reason: reasonText(reason) }),
    rules: ruleBehind(
      reason,
      network,
      at(ports, inPort).endpoint,
      destination && endpointOf(compiled, destination),
    ),
    sent,
    passedBy,
    ...answerView(compiled, notes),
  };
}

function answerView(
  { addresses }: Compiled,
  notes: readonly Note[],
): Pick<Explanation, 'answered'> {
  const note = notes.find(([step]) => step === Step.Answered);
  if (note === undefined) return {};
  const { value: address, at: written } = at(addresses, note[1]);
  return { answered: { address, ...(written && { at: written }) } };
}

function endpointOf({ ports }: Compiled, entry: EntryView) {
  return ports.find(({ port }) => port === entry.port)?.endpoint;
}

function whyUnheard(notes: readonly Note[]): Reason {
  const isolated = notes.some(
    ([step, , why]) => step === Step.PassedBy && why === Reason.PortIsolated,
  );
  return isolated ? Reason.PortIsolated : Reason.NoOtherPort;
}

function verdictName(action: number): Explanation['verdict'] {
  if (action === Action.Send) return 'send';
  if (action === Action.Flood) return 'flood';
  return action === Action.Drop ? 'drop' : 'consume';
}

function isGroup({ destination }: FrameDescription): boolean {
  return destination !== undefined && (parseInt(destination.slice(0, 2), 16) & 1) === 1;
}

function frameIn({ frames }: Plane, slot: number): FrameDescription {
  const start = frames.start[slot] ?? 0;
  const end = start + (frames.length[slot] ?? 0);
  return describeFrame(frames.view, start, end, frames.wireLength[slot] ?? 0);
}

function clockOf({ frames }: Plane, slot: number): string {
  const whole = new Date((frames.seconds[slot] ?? 0) * 1000)
    .toISOString()
    .slice(0, -'.000Z'.length);
  return `${whole}.${String(frames.nanoseconds[slot] ?? 0).padStart(9, '0')}Z`;
}

/** What a super-frame stands for, as parse found it; nothing where parse could not make sense of it. */
function superFrameIn({ frames }: Plane, slot: number, reason: Reason): SuperFrame | undefined {
  const flags = frames.flags[slot] ?? 0;
  if ((flags & SUPER) === 0 || beforeParsed.includes(reason)) return undefined;
  const start = frames.start[slot] ?? 0;
  const packet = start + (frames.length[slot] ?? 0) - (frames.payload[slot] ?? 0);
  const segmentBytes = frames.gsoSize[slot] ?? 0;
  const headers = (frames.packetLength[slot] ?? 0) - segmentBytes;
  const protocol = ((frames.gsoType[slot] ?? 0) & ~Gso.Ecn) === Gso.UdpL4 ? 'UDP' : 'TCP';
  return { protocol, segments: Math.ceil((packet - headers) / segmentBytes), segmentBytes };
}

/** Reasons for which a frame ends while it is parsed. */
const beforeParsed: readonly number[] = [
  Reason.Runt,
  Reason.SnappedHeader,
  Reason.VlanTagTruncated,
  Reason.OffloadInvalid,
];

function viewOf({ ports }: Compiled, port: number): PortView {
  const endpoint = at(ports, port);
  return { port: endpoint.port, ...(endpoint.at && { at: endpoint.at }) };
}

const kinds = ['dynamic', 'dynamic', 'static', 'sticky', 'local'] as const;

function entryView(
  compiled: Compiled,
  network: BridgeNetwork,
  notes: readonly Note[],
  step: Step,
  tick: number,
): EntryView | undefined {
  const note = notes.find(([found]) => found === step);
  if (note === undefined) return undefined;
  const [, place, serial, taughtAt, heardAt] = note;
  const port = portIn(place);
  const kind: Kind = kindIn(place);
  if (kind === Kind.Local || port === LOCAL_PORT) {
    const { mac } = network.bridge;
    return { port: 'gateway', kind: 'local', ...(mac.at && { at: mac.at }) };
  }
  const view = { port: at(compiled.ports, port).port, kind: at(kinds, kind) };
  if (taughtAt < 0) return { ...view, at: at(compiled.stations, serial).at };
  return {
    ...view,
    taughtBy: { port: view.port, number: serial, before_s: (tick - taughtAt) / 1e9 },
    heardBefore_s: (tick - heardAt) / 1e9,
  };
}

/** Reasons for which a bridge lets go of a frame before it learns the source. */
const beforeLearning: readonly number[] = [
  ...beforeParsed,
  Reason.MtuExceeded,
  Reason.SourceAddressInvalid,
  Reason.PauseFrame,
];

/** Does a bridge learn from a frame that ended so? Never from one to the PAUSE address. */
function teaches({ destination }: FrameDescription, reason: number): boolean {
  return destination !== '01:80:c2:00:00:01' && !beforeLearning.includes(reason);
}

/** `after` is what the frame left behind; absent when it taught nothing. */
function sourceView(
  before: EntryView | undefined,
  after: EntryView | undefined,
  port: string,
): Explanation['source'] {
  const was = before && { before };
  if (after === undefined) return { outcome: 'not learned', ...was };
  if (before === undefined) return { outcome: 'learned' };
  if (after.port !== port) return { outcome: 'kept', ...was };
  return { outcome: before.port === port ? 'refreshed' : 'moved', ...was };
}

function take(notes: readonly Note[], step: Step): Note {
  const note = notes.find(([found]) => found === step);
  if (note === undefined) throw new RangeError('the trace of this frame is not complete');
  return note;
}

/** An element that must exist. */
function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing stands at ${index}`);
  return item;
}
