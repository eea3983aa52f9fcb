/** What happened to a frame at tunnel ends: into a tunnel, on the way to another end, and out of it. */
import { Interfaces } from '../../dataplane/forward/interfaces.js';
import { Speech, Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import { originIn, portIn } from '../../dataplane/state/fdb-memory.js';
import { addressText, contains, parseAddress } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { linkNamed } from '../compile/links.js';
import type { CompiledRoute } from '../compile/routes.js';
import type { CompiledVni } from '../compile/vteps.js';
import type { Vtep } from '../model/vtep.js';
import { wordsText } from './conntrack-words.js';
import type {
  AddressView,
  DecapsulatedHop,
  EncapsulatedHop,
  RemoteView,
  SegmentView,
  TunnelHop,
} from './hops.js';
import type { Passage } from './passages.js';
import { rule } from './rules.js';
import type { Rule } from './rules.js';
import { macText } from './text.js';
import { ruleAtTunnel } from './tunnel-rules.js';
import {
  addressesOf,
  at,
  endedView,
  endingOf,
  hostViews,
  interfaceView,
  noted,
  portView,
  sentViews,
} from './views.js';
import type { Context } from './views.js';

const NO_INTERFACE = -1;

/** A tunnel end, and one of its segments where it is known which. */
interface Place {
  readonly vtep: Vtep;
  readonly vni: CompiledVni | undefined;
  /** Number of the host whose stack sends and hears. */
  readonly host: number;
}

/** By a note of `Tunneled` or `Decapsulated`. */
function placeOf({ tunnels, ports, program }: Compiled, [, row, port]: Note): Place {
  const { vtep } = at(ports, port);
  if (vtep === undefined) throw new RangeError('no tunnel end stands there');
  const host = program.vteps.host[tunnels.vteps.indexOf(vtep)] ?? 0;
  return { vtep, vni: tunnels.vnis[row], host };
}

/** What all hops of tunnels have; `iface`: the interface by which it leaves the host. */
function common(context: Context, { notes, after }: Passage, place: Place, iface = NO_INTERFACE) {
  const ending = endingOf(notes);
  return {
    ...(after !== undefined && { after }),
    sent: sentViews(context, notes),
    ...endedView(ending, (reason) => ruleAtTunnel(reason, { context, notes, ...place, iface })),
    ...hostViews(context, notes),
  };
}

/** It comes to a tunnel end. */
export function tunnelHop(context: Context, passage: Passage): TunnelHop {
  const { compiled } = context;
  const { note, notes } = passage;
  const place = placeOf(compiled, note);
  const basics = common(context, passage, place);
  const known = noted(notes, Step.RemoteKnown);
  const end = noted(notes, Step.Encapsulated);
  return {
    stage: 'tunnel',
    ...basics,
    port: portView(compiled, note[2]),
    ...(place.vni && { segment: segmentView(place.vni) }),
    ...(known && end && { known: remoteView(context, addressIn(place, end), known) }),
    ...(!known && !basics.ended && place.vni && { listed: listedOf(place.vni) }),
  };
}

function segmentView({ vni, at, vlan }: CompiledVni): SegmentView {
  return { vni, at, ...(vlan !== undefined && { vlan }) };
}

function listedOf({ remotes }: CompiledVni): NonNullable<TunnelHop['listed']> {
  const [first] = remotes;
  const group = first !== undefined && isGroup(first.value) ? first.value : undefined;
  return {
    count: remotes.length,
    ...(group !== undefined && { group }),
    ...(first?.at && { at: first.at }),
  };
}

/** 224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291 §2.7). */
function isGroup(text: string): boolean {
  const { family, value = 0n } = parseAddress(text) ?? {};
  return family === 4 ? value >> 28n === 0xen : value >> 120n === 0xffn;
}

/** The address that a note says. */
function addressIn({ vtep }: Place, [, ...words]: Note): string {
  return wordsText(vtep.family, words);
}

/** What is known of an end, as a note holds it. */
function remoteView({ compiled, tick }: Context, remote: string, note: Note): RemoteView {
  const [, place, serial, taughtAt, heardAt] = note;
  if (taughtAt < 0) {
    const { station } = at(compiled.tunnels.remoteStations, serial);
    return { remote: station.remote, kind: 'declared', at: station.at };
  }
  return {
    remote,
    kind: 'learned',
    taughtBy: {
      port: compiled.ports[originIn(place)]?.port ?? 'another port',
      number: serial,
      before_s: (tick - taughtAt) / 1e9,
    },
    heardBefore_s: (tick - heardAt) / 1e9,
  };
}

/** It, or a copy of it, leaves for another end; `tunnel` is the passage before. */
export function encapsulatedHop(
  context: Context,
  passage: Passage,
  tunnel: Passage,
): EncapsulatedHop {
  const { compiled } = context;
  const { notes, note } = passage;
  const place = placeOf(compiled, tunnel.note);
  const { vtep, vni } = place;
  const remote = addressIn(place, note);
  const road = roadTo(compiled, place, remote);
  const { route, iface } = road;
  const link = interfaceView(compiled, iface);
  const packet = { source: sourceFor(compiled, vtep, iface), destination: remote };
  const waits = notes.some(([step, where]) => step === Step.Waiting && where >= 0);
  const resumed = noted(notes, Step.Resumed) !== undefined;
  const told = notes.find(([step, speech]) => step === Step.Speaks && speech === Speech.Error);
  const addressed = noted(notes, Step.Addressed);
  const addresses = addressed ? addressesOf(compiled, addressed) : groupAddresses(compiled, road);
  return {
    stage: 'encapsulated',
    ...common({ ...context, frame: { ...context.frame, packet } }, passage, place, iface),
    host: vtep.host,
    vni: vni?.vni ?? 0,
    remote: noted(tunnel.notes, Step.RemoteKnown) ? { address: remote } : listedAs(vni, remote),
    ...(road.group && { isGroup: true as const }),
    ...(vtep.innerTags.value && { keepsTags: true as const }),
    udpPort: vtep.udpPort.value,
    ...(route && { route: rule(route.text, route.at ? { at: route.at } : {}) }),
    ...(link && { link }),
    nextHop: route?.via === undefined ? remote : addressText(vtep.family, route.via),
    ...(waits && { waits: resumed ? ('resumed' as const) : ('waiting' as const) }),
    ...(told && { toldMtu: told[3] }),
    ...(addresses && { addresses }),
    packet,
  };
}

/** With the place where it is listed, if it is. */
function listedAs(vni: CompiledVni | undefined, address: string): AddressView {
  const listed = vni?.remotes.find(({ value }) => value === address);
  return { address, ...(listed?.at && { at: listed.at }) };
}

interface Road {
  readonly iface: number;
  readonly route?: CompiledRoute;
  /** The address, where it is a group. */
  readonly group?: bigint;
}

/** By which interface packets for an end leave, as the data plane found it (forward/tunnel-roads). */
function roadTo({ routes, links, program }: Compiled, { vtep, host }: Place, remote: string): Road {
  const address = parseAddress(remote);
  if (address === undefined) return { iface: NO_INTERFACE };
  if (isGroup(remote)) {
    const link = linkNamed(links, vtep.host, vtep.dev?.value ?? '');
    const iface = link < 0 ? NO_INTERFACE : program.networks.rows + link;
    return { iface, group: address.value };
  }
  const route = routes.find((one) => one.host === host && contains(one.to, address));
  return route === undefined ? { iface: NO_INTERFACE } : { iface: route.iface, route };
}

/** RFC 1112 §6.4, RFC 2464 §7: what is for a group needs no next hop. */
function groupAddresses({ program }: Compiled, { iface, group }: Road) {
  if (group === undefined || iface < 0) return undefined;
  const link = iface - program.networks.rows;
  const low = Number(group & 0xffff_ffffn);
  const { macHigh, macLow } = program.links;
  return {
    source: macText(macHigh[link] ?? 0, macLow[link] ?? 0),
    destination:
      group >> 32n === 0n ? macText(0x0100, 0x5e00_0000 + (low & 0x7f_ffff)) : macText(0x3333, low),
  };
}

/** The address that packets come from. */
function sourceFor(
  { program, addresses }: Compiled,
  { local, family }: Vtep,
  iface: number,
): string {
  if (local !== undefined) return local.value;
  const row = iface < 0 ? -1 : new Interfaces(program).speaker(iface, family);
  return addresses[row]?.value ?? '';
}

/** It comes out of a tunnel. */
export function decapsulatedHop(context: Context, passage: Passage): DecapsulatedHop {
  const { compiled } = context;
  const { note, notes } = passage;
  const place = placeOf(compiled, note);
  const origin = noted(notes, Step.CameFrom);
  const remote = origin === undefined ? '' : addressIn(place, origin);
  if (place.vni === undefined) throw new RangeError('it came out of no tunnel');
  return {
    stage: 'decapsulated',
    ...common(context, passage, place),
    port: portView(compiled, note[2]),
    segment: segmentView(place.vni),
    remote,
    source: sourceView(context, place, notes, remote),
  };
}

function sourceView(
  context: Context,
  place: Place,
  notes: readonly Note[],
  remote: string,
): DecapsulatedHop['source'] {
  const [before, was, after] = [Step.RemoteBefore, Step.RemoteWas, Step.RemoteAfter].map((step) =>
    noted(notes, step),
  );
  const known = before && {
    before: remoteView(context, was ? addressIn(place, was) : remote, before),
  };
  if (after === undefined) return { outcome: 'not learned', ...known, ...muteRule(place) };
  if (before === undefined) return { outcome: 'learned' };
  if (known?.before.kind === 'declared') return { outcome: 'kept', ...known };
  if (was === undefined) return { outcome: 'refreshed', ...known };
  const isMoved = portIn(before[1]) !== portIn(after[1]);
  return { outcome: isMoved ? 'moved' : 'not learned', ...known };
}

/** What says that nobody is learned there. */
function muteRule({ vtep: { learning } }: Place): { rule?: Rule } {
  return learning.value ? {} : { rule: rule('learning is false', learning) };
}
