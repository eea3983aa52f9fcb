/** The ways of outer packets: over which interfaces they get from a tunnel end to another, as far as the topology knows. */
import { RouteKind } from '../../dataplane/program/layout.js';
import { contains, parseAddress } from '../address.js';
import type { Address } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { ifaceOf } from '../compile/routes.js';
import { linkNamed } from '../compile/links.js';
import type { Vni, Vtep } from '../model/vtep.js';
import type { Interface } from './interfaces.js';

/** More routers than this are a circle. */
const ROUTERS_MAX = 16;

/** How packets get to one end, or to a group. */
export interface Way {
  readonly to: string;
  /** Those that send and those that receive, in order; none where there is no route. */
  readonly interfaces: readonly Interface[];
}

/** The ways from a tunnel end to all others that it speaks to: those that are declared, and those that declare it. */
export function waysOf(
  compiled: Compiled,
  interfaces: ReadonlyMap<number, Interface>,
  vtep: Vtep,
): Way[] {
  const { lab, tunnels } = compiled;
  const host = lab.hosts.findIndex(({ name }) => name === vtep.host);
  const declared = vtep.vnis.flatMap(endsOf);
  const others = tunnels.vteps.filter((other) => other.host !== vtep.host);
  const learned = others.flatMap((other) => {
    const isAsked = other.vnis.some(
      (vni) => shares(vtep, other, vni) && endsOf(vni).some((end) => isOn(interfaces, host, end)),
    );
    return isAsked ? (addressOf(compiled, other) ?? []) : [];
  });
  return [...new Set([...declared, ...learned])].map((to) => ({
    to,
    interfaces: isGroup(to)
      ? groupWay(compiled, interfaces, vtep, to)
      : unicastWay(compiled, interfaces, host, to),
  }));
}

function endsOf({ remotes, stations }: Vni): string[] {
  return [...remotes.map(({ value }) => value), ...stations.map(({ remote }) => remote)];
}

/** Does a tunnel end hear what another sends in this segment? */
function shares(vtep: Vtep, other: Vtep, { vni }: Vni): boolean {
  return (
    other.family === vtep.family &&
    other.udpPort.value === vtep.udpPort.value &&
    vtep.vnis.some((own) => own.vni === vni)
  );
}

function isOn(interfaces: ReadonlyMap<number, Interface>, host: number, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && [...interfaces.values()].some(owns(host, address));
}

function owns(host: number, { family, value }: Address): (one: Interface) => boolean {
  return (one) =>
    one.host === host && one.addresses.some((own) => own.family === family && own.value === value);
}

/** From where it sends: what it says, or the first address of the NIC by which its own way begins. */
function addressOf({ lab }: Compiled, { local, host, family }: Vtep): string | undefined {
  if (local !== undefined) return local.value;
  const nics = lab.hosts.find(({ name }) => name === host)?.nics ?? [];
  const texts = nics.flatMap(({ addresses }) => addresses.map(({ value }) => value));
  return texts
    .map((text) => text.split('/')[0] ?? '')
    .find((text) => parseAddress(text)?.family === family);
}

function isGroup(text: string): boolean {
  return /^ff/i.test(text) || /^2(2[4-9]|3\d)\./.test(text);
}

/** A group is spoken to on one link, and heard there by all who are in it. */
function groupWay(
  compiled: Compiled,
  interfaces: ReadonlyMap<number, Interface>,
  vtep: Vtep,
  group: string,
): Interface[] {
  const members = compiled.tunnels.vteps.filter(
    (other) =>
      other !== vtep &&
      other.vnis.some(
        (vni) => shares(vtep, other, vni) && vni.remotes.some(({ value }) => value === group),
      ),
  );
  return [vtep, ...members].flatMap(({ host, dev }) => {
    const link = dev === undefined ? -1 : linkNamed(compiled.links, host, dev.value);
    return link < 0 ? [] : (interfaces.get(ifaceOf(compiled, link)) ?? []);
  });
}

function unicastWay(
  { routes }: Compiled,
  interfaces: ReadonlyMap<number, Interface>,
  from: number,
  text: string,
): Interface[] {
  const to = parseAddress(text);
  const way: Interface[] = [];
  let host = from;
  for (let routers = 0; to !== undefined && routers <= ROUTERS_MAX; routers++) {
    const route = routes.find((one) => one.host === host && contains(one.to, to));
    const out = interfaces.get(route?.iface ?? -1);
    if (route === undefined || (route.kind ?? RouteKind.Unicast) !== RouteKind.Unicast) return way;
    if (out === undefined) return way;
    way.push(out);
    const hop = { family: to.family, value: route.via ?? to.value };
    const receiver = [...interfaces.values()].find(
      (one) =>
        one.segments.some((it) => out.segments.includes(it)) &&
        one.host !== host &&
        owns(one.host, hop)(one),
    );
    if (receiver === undefined) return way;
    way.push(receiver);
    if ([...interfaces.values()].some(owns(receiver.host, to))) return way;
    host = receiver.host;
  }
  return way;
}
