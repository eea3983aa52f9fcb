/**
 * What happened to one frame, as data: the trace's numbers turned back into names, earlier frames and lines of the topology.
 * Sentences are made from it in sentences.ts; `--json` prints it as it stands.
 */
import type { Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag, Gso } from '../../dataplane/frame/frames.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import { PortRole } from '../../dataplane/program/layout.js';
import type { Compiled } from '../compile/compile.js';
import { beforeParsed, bridgeHop } from './bridge-hop.js';
import { describeFrame } from './dissect.js';
import type { FrameDescription } from './dissect.js';
import type { AnyHop, DecapsulatedHop, EncapsulatedHop, PortView } from './hops.js';
import { childHop, downHop, upHop } from './link-hops.js';
import { passagesOf } from './passages.js';
import type { Passage } from './passages.js';
import { routeHop } from './route-hops.js';
import { decapsulatedHop, encapsulatedHop, tunnelHop } from './tunnel-hops.js';
import { at, endingOf, noted, portView } from './views.js';
import type { Context } from './views.js';

/** Bytes of the headers of VXLAN over IPv4, and over IPv6 (RFC 7348 §5). */
const VXLAN_IPV4 = 50;
const VXLAN_IPV6 = 70;

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
  /** As it came in. */
  readonly frame: FrameDescription;
  /** The frame stands for several, which its sender left to the network card to cut. */
  readonly superFrame?: SuperFrame;
  /** In the order in which it came to them; at least one. */
  readonly hops: readonly AnyHop[];
  /** By which ports it left the lab. */
  readonly left: readonly PortView[];
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
  const arrived = noted(notes, Step.Arrived);
  if (arrived === undefined) throw new RangeError('the trace of this frame is not complete');
  const [, slot, inPort, number, tick] = arrived;
  const frame = frameIn(plane);
  const context = { compiled, frame, inPort, number, tick };
  const passages = passagesOf(compiled.program, notes);
  const hops: AnyHop[] = [];
  for (const [index, { after }] of passages.entries()) {
    const here = { ...context, frame: frameAt(frame, hops, after) };
    hops.push(hopOf(here, passages, index, hops));
  }
  const parsed = !beforeParsed.includes(endingOf(passages[0]?.notes ?? [])?.number ?? 0);
  const superFrame = parsed ? superFrameIn(plane, slot) : undefined;
  return {
    file: compiled.lab.file,
    port: portView(compiled, inPort),
    number,
    time_s: tick / 1e9,
    ...(where === 'live' && { clock: clockOf(plane, slot) }),
    frame,
    ...(superFrame && { superFrame }),
    hops,
    left: leftBy(hops),
  };
}

/** The frame as it is behind a hop: a route gives it other MACs, a host that translates other addresses, and a tunnel a packet around it. */
export function frameAt(
  frame: FrameDescription,
  hops: readonly AnyHop[],
  index: number | undefined,
): FrameDescription {
  const here = hops[index ?? -1];
  if (here === undefined) return frame;
  const before = frameAt(frame, hops, here.after);
  if (here.stage === 'encapsulated') return wrapped(before, here);
  if (here.stage === 'decapsulated') return unwrapped(before.inner ?? before, here);
  if (here.stage !== 'route') return before;
  const { packet } = before;
  const translated = Object.fromEntries(
    (here.translations ?? []).map(({ what, to }) => [what, to.address]),
  );
  return { ...before, ...here.addresses, ...(packet && { packet: { ...packet, ...translated } }) };
}

function wrapped(inner: FrameDescription, hop: EncapsulatedHop): FrameDescription {
  const { packet, addresses, vni, keepsTags } = hop;
  const isIpv6 = packet.destination.includes(':');
  const overhead = isIpv6 ? VXLAN_IPV6 : VXLAN_IPV4;
  return {
    length: inner.length + overhead,
    captured: inner.captured + overhead,
    ...addresses,
    tags: [],
    type: isIpv6 ? 'IPv6' : 'IPv4',
    packet,
    inner: keepsTags ? inner : { ...inner, tags: [] },
    summary: `VXLAN ${vni} ${packet.source} → ${packet.destination}, ${inner.summary}`,
  };
}

/** Out of a tunnel, with the tag of the VLAN that its segment carries. */
function unwrapped(
  inner: FrameDescription,
  { segment: { vlan } }: DecapsulatedHop,
): FrameDescription {
  if (vlan === undefined) return inner;
  const tag = { protocol: '0x8100', vlan, priority: 0, dropEligible: false };
  return { ...inner, tags: [tag, ...inner.tags] };
}

function hopOf(
  context: Context,
  passages: readonly Passage[],
  index: number,
  hops: readonly AnyHop[],
): AnyHop {
  const passage = at(passages, index);
  const leads = leadsOf(passages, index);
  switch (passage.step) {
    case Step.Bridged:
      return bridgeHop(context, passage, leads);
    case Step.Child:
      return childHop(context, passage, leads);
    case Step.Up:
      return upHop(context, passage, leads);
    case Step.Down:
      return downHop(context, passage);
    case Step.Routed:
      return routeHop(context, passage, hops[passage.after ?? -1]);
    case Step.Tunneled:
      return tunnelHop(context, passage);
    case Step.Encapsulated:
      return encapsulatedHop(context, passage, at(passages, passage.after ?? -1));
    case Step.Decapsulated:
      return decapsulatedHop(context, passage);
    default:
      return atNoStage(context, passage);
  }
}

/** Where a frame ended that could not be parsed. */
function atNoStage(context: Context, passage: Passage): AnyHop {
  const isNic = context.compiled.program.ports.role[context.inPort] === PortRole.Nic;
  return isNic ? upHop(context, passage) : bridgeHop(context, passage);
}

/** How the passages behind one begin. */
function leadsOf(passages: readonly Passage[], index: number): Step[] {
  return passages.filter(({ after }) => after === index).map(({ step }) => step);
}

function leftBy(hops: readonly AnyHop[]): PortView[] {
  return hops.flatMap(({ sent }) =>
    sent.filter(({ inner }) => inner !== true).map(({ port, at }) => ({ port, ...(at && { at }) })),
  );
}

function frameIn({ trace, program }: Plane): FrameDescription {
  const { bytes, wireLength } = trace.arrival;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return describeFrame(view, 0, bytes.length, wireLength, [...program.vteps.udpPort]);
}

function clockOf({ frames }: Plane, slot: number): string {
  const whole = new Date((frames.seconds[slot] ?? 0) * 1000)
    .toISOString()
    .slice(0, -'.000Z'.length);
  return `${whole}.${String(frames.nanoseconds[slot] ?? 0).padStart(9, '0')}Z`;
}

/** What a super-frame stands for, as parse found it. */
function superFrameIn({ frames }: Plane, slot: number): SuperFrame | undefined {
  if (((frames.flags[slot] ?? 0) & FrameFlag.Super) === 0) return undefined;
  const start = frames.start[slot] ?? 0;
  const packet = start + (frames.length[slot] ?? 0) - (frames.payload[slot] ?? 0);
  const segmentBytes = frames.gsoSize[slot] ?? 0;
  const headers = (frames.packetLength[slot] ?? 0) - segmentBytes;
  const protocol = ((frames.gsoType[slot] ?? 0) & ~Gso.Ecn) === Gso.UdpL4 ? 'UDP' : 'TCP';
  return { protocol, segments: Math.ceil((packet - headers) / segmentBytes), segmentBytes };
}
