/** Numbers of the trace as what they stand for in the topology. */
import type { ReasonText } from '../../dataplane/observe/reasons.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { Reason } from '../../dataplane/observe/reason.js';
import { Release, Speech, Step, Wait } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import { LOCAL_PORT } from '../../dataplane/forward/plane.js';
import { Action } from '../../dataplane/forward/verdict.js';
import { Place, kindIn, originIn, portIn } from '../../dataplane/state/fdb-memory.js';
import { Kind } from '../../dataplane/state/fdb-kinds.js';
import type { BridgeNetwork, Compiled } from '../compile/compile.js';
import type { Link } from '../compile/links.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Position } from '../model/position.js';
import type { Rule } from './rules.js';
import type { FrameDescription } from './dissect.js';
import type {
  EntryView,
  FrameName,
  LinkView,
  ParentView,
  PortView,
  SentView,
  SilencedView,
  TagView,
  UnsolicitedView,
} from './hops.js';
import { macText } from './text.js';

/** What all that looks at a trace needs. */
export interface Context {
  readonly compiled: Compiled;
  readonly frame: FrameDescription;
  readonly inPort: number;
  /** Which frame of that port. */
  readonly number: number;
  /** When the frame came in. */
  readonly tick: number;
}

/** An element that must exist. */
export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing stands at ${index}`);
  return item;
}

/** The first note of this step. */
export function noted(notes: readonly Note[], step: Step): Note | undefined {
  return notes.find(([found]) => found === step);
}

export function portView({ ports }: Compiled, port: number): PortView {
  const { port: name, at: written } = at(ports, port);
  return { port: name, ...(written && { at: written }) };
}

/** An interface of a host; a VLAN of a NIC stands where a network or a route names it. */
export function linkView({ nic, name, host, vid, networks, bridge }: Link): LinkView {
  const [network] = networks;
  const parent = (network?.macvlan ?? network?.ipvlan)?.parent;
  const naming = parent?.at ?? bridge?.bridge?.uplink?.nic.at;
  const written = vid === 0 && nic !== undefined ? nic.at : (naming ?? network?.at ?? nic?.at);
  const shown = nic === undefined ? `the dummy of ${network?.name ?? ''}` : name;
  return { name: shown, host, ...(written && { at: written }) };
}

/** The interface of a host that has this number (dataplane/forward/interfaces); undefined where there is none. */
export function interfaceView(compiled: Compiled, iface: number): LinkView | undefined {
  const { networks, links, program } = compiled;
  const network = networks[iface];
  if (network !== undefined) {
    const { name, host, at: written } = network;
    return { name, host, ...(written && { at: written }) };
  }
  const link = links[iface - program.networks.rows];
  return link && linkView(link);
}

/** The MACs that a note of `Addressed` says. */
export function addressesOf({ program }: Compiled, [, high, low, iface]: Note) {
  const { networks, links } = program;
  const isBridge = iface < networks.rows;
  const { macHigh, macLow } = isBridge ? networks : links;
  const row = isBridge ? iface : iface - networks.rows;
  return {
    source: macText(macHigh[row] ?? 0, macLow[row] ?? 0),
    destination: macText(high, low),
  };
}

/** `eth0.50` of `node-1.eth0.50`. */
export function shortName({ name, host }: LinkView): string {
  return name.startsWith(`${host}.`) ? name.slice(host.length + 1) : name;
}

/** What the network of a child, or the first one on a link, says about the parent; undefined where there is none. */
export function parentView({ networks }: Link, endpoint?: Endpoint): ParentView | undefined {
  const network =
    networks.find(({ endpoints }) => endpoint !== undefined && endpoints.includes(endpoint)) ??
    networks[0];
  if (network?.macvlan !== undefined) return { driver: 'macvlan', mode: network.macvlan.mode };
  const ipvlan = network?.ipvlan;
  return ipvlan && { driver: 'ipvlan', mode: ipvlan.mode, flag: ipvlan.flag };
}

/** All that `Sent` and `Retagged` say about where the frame went. */
export function sentViews({ compiled, frame }: Context, notes: readonly Note[]): SentView[] {
  return notes
    .filter(([step]) => step === Step.Sent)
    .map(([, port]) => {
      const { isOpen, endpoint } = at(compiled.ports, port);
      const retagged = notes.find(([step, where]) => step === Step.Retagged && where === port);
      const source = endpoint?.sources.find(({ value }) => value === frame.source);
      return {
        ...portView(compiled, port),
        ...(!isOpen && { inner: true as const }),
        ...(retagged && { tag: retagged[2] < 0 ? ('none' as const) : tagView(retagged[2]) }),
        ...(source && { listens: source.at ? { at: source.at } : {} }),
      };
    });
}

/** Tag control information in words. */
export function tagView(control: number): TagView {
  return { vlan: control & 0xfff, priority: control >>> 13 };
}

/** How the frame, or this copy of it, ended at a place. */
export function endingOf(
  notes: readonly Note[],
): { verdict: 'drop' | 'consume'; number: Reason; reason: ReasonText } | undefined {
  const note = noted(notes, Step.Ended);
  if (note === undefined) return undefined;
  const [, action, number] = note;
  const verdict = action === Action.Drop ? 'drop' : 'consume';
  return { verdict, number, reason: reasonText(number) };
}

/** The end of a frame as a hop tells it, if it ended there: `rulesOf` gives the lines behind a Reason. */
export function endedView(
  ending: ReturnType<typeof endingOf>,
  rulesOf: (reason: Reason) => readonly Rule[],
) {
  if (ending === undefined) return {};
  const { verdict, reason, number } = ending;
  return { ended: { verdict, reason, rules: rulesOf(number) } };
}

/** What is said where nothing is wrong. */
export const REDIRECT = 'redirect';

/** What an ICMP error says, by Complaint. */
const complaints = [
  'net unreachable',
  'host unreachable',
  'port unreachable',
  'protocol unreachable',
  'packet too big',
  'administratively prohibited',
  'time exceeded',
  'fragment reassembly time exceeded',
  'parameter problem',
  REDIRECT,
] as const;

/** What the host answered or complained of, and what its hearing the frame set free. */
export function hostViews({ compiled }: Context, notes: readonly Note[]) {
  const answer = noted(notes, Step.Answered);
  const address = answer && at(compiled.addresses, answer[1]);
  const ignored = noted(notes, Step.Ignored);
  const complaint = notes.find(([step, speech]) => step === Step.Speaks && speech === Speech.Error);
  const silenced = noted(notes, Step.Silenced);
  const released = resumed(compiled, notes, Release.NextHop);
  const gathered = resumed(compiled, notes, Release.FirstFragment);
  const waitsFor = (what: Wait) =>
    notes.find(([step, where]) => step === Step.Waiting && where === (what as number));
  const gathers = waitsFor(Wait.FirstFragment) !== undefined;
  const unsolicited = waitsFor(Wait.OpenedFromInside);
  return {
    ...(address && {
      answered: { address: address.value, ...(address.at && { at: address.at }) },
    }),
    ...(ignored && { ignored: ignoredView(compiled, ignored) }),
    ...(complaint && { complaint: at(complaints, complaint[2]) }),
    ...(silenced && { silenced: silencedView(compiled, silenced) }),
    ...(released.length > 0 && { released }),
    ...(gathered.length > 0 && { gathered }),
    ...(gathers && { gathers: true as const }),
    ...(unsolicited && { unsolicited: unsolicitedView(compiled, unsolicited[3]) }),
  };
}

function ignoredView({ addresses, lab }: Compiled, [, row, , host]: Note) {
  const address = at(addresses, row);
  const { arpIgnore } = at(lab.hosts, host);
  return {
    address: address.value,
    ...(address.at && { at: address.at }),
    rule: { rule: `arp_ignore is ${arpIgnore.value}`, ...(arpIgnore.at && { at: arpIgnore.at }) },
  };
}

function silencedView({ lab, links, program }: Compiled, note: Note): SilencedView {
  const [, complaint, out] = note;
  const { host, name } = at(links, out - program.networks.rows);
  const silent = lab.hosts.find((one) => one.name === host)?.nat?.suppressIcmpErrors ?? [];
  const written = silent.find(({ value }) => `${host}.${value}` === name);
  return {
    complaint: at(complaints, complaint),
    by: name,
    ...(written?.at && { at: written.at }),
  };
}

function unsolicitedView({ lab }: Compiled, host: number): UnsolicitedView {
  const { name, nat } = at(lab.hosts, host);
  return { host: name, ...(nat?.profile.at && { at: nat.profile.at }) };
}

/** The frames that waited and were set free for this reason; not the frame itself, which may be one of them. */
function resumed({ ports }: Compiled, notes: readonly Note[], why: Release): FrameName[] {
  const waiting = notes.filter(([step]) => step === Step.Waiting).map(([, , slot]) => slot);
  return notes
    .filter(
      ([step, slot, , , reason]) =>
        step === Step.Resumed && reason === why && !waiting.includes(slot),
    )
    .map(([, , port, number]) => ({ port: at(ports, port).port, number }));
}

const kinds = ['dynamic', 'dynamic', 'static', 'sticky', 'local'] as const;

/** The entry that a note holds, as it was when the frame came in. */
export function entryView(
  { compiled, tick }: Context,
  network: BridgeNetwork | undefined,
  note: Note | undefined,
): EntryView | undefined {
  if (note === undefined) return undefined;
  const [, place, serial, taughtAt, heardAt] = note;
  const port = portIn(place);
  const kind: Kind = kindIn(place);
  if (kind === Kind.Local || port === LOCAL_PORT) {
    const written = network?.bridge.mac.at;
    return { port: 'gateway', kind: 'local', ...(written && { at: written }) };
  }
  const view = { port: at(compiled.ports, port).port, kind: at(kinds, kind) };
  if (taughtAt < 0) return { ...view, at: at(compiled.stations, serial).at };
  return {
    ...view,
    taughtBy: {
      port: originOf(compiled, place),
      number: serial,
      before_s: (tick - taughtAt) / 1e9,
    },
    heardBefore_s: (tick - heardAt) / 1e9,
  };
}

/** The port by which the frame that taught an entry came into the lab. */
export function originOf({ ports }: Compiled, place: number): string {
  const origin = originIn(place);
  return at(ports, origin === Place.OriginUnknown ? portIn(place) : origin).port;
}

/** The child of an ipvlan parent that a frame went to, by the address it is for. */
export function ownerOf({ compiled, frame }: Context, sent: readonly SentView[]) {
  const [only] = sent;
  const endpoint = compiled.ports.find(({ port }) => port === only?.port)?.endpoint;
  if (only === undefined || sent.length > 1 || endpoint === undefined) return undefined;
  const { ipv4, ipv6 } = endpoint;
  const address = frame.type === 'IPv6' ? (ipv6 ?? ipv4) : (ipv4 ?? ipv6);
  if (address === undefined) return undefined;
  const written: Position | undefined = address.at ?? endpoint.at;
  return { address: address.value, port: only.port, at: written };
}

/** Is its destination a group, everybody among them? */
export function isToGroup({ destination }: FrameDescription): boolean {
  return destination !== undefined && (parseInt(destination.slice(0, 2), 16) & 1) === 1;
}
