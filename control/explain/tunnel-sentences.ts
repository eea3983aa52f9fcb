/** What happened at tunnel ends, in sentences. */
import type { Position } from '../model/position.js';
import { placeText } from './conntrack-words.js';
import type { FrameDescription } from './dissect.js';
import type { DecapsulatedHop, EncapsulatedHop, SegmentView, TunnelHop } from './hops.js';
import {
  complaint,
  ending,
  entry,
  gathering,
  leaving,
  release,
  ruleText,
  waiting,
  where,
} from './phrases.js';
import { isToGroup, shortName } from './views.js';

/** Which way it goes from a tunnel end. */
export function tunnelSentences(file: string, frame: FrameDescription, hop: TunnelHop): string[] {
  const { port, segment, known, listed, ended } = hop;
  const place = `It came to the tunnel end ${port.port}${where(file, port.at)}`;
  const which = segment === undefined ? '' : `: ${segmentText(file, segment, port.at)}`;
  const mac = frame.destination ?? '';
  return [
    `${place}${which}.`,
    ...(known ? [`Its destination ${mac} is behind ${known.remote}, ${entry(file, known)}.`] : []),
    ...(listed ? [listedText(file, frame, listed)] : []),
    ...ending(file, ended),
  ];
}

/** `VNI 42`, `VNI 1010 of VLAN 10 (lab.yaml:12)`. */
function segmentText(
  file: string,
  { vni, vlan, at }: SegmentView,
  portAt: Position | undefined,
): string {
  const place = at?.line === portAt?.line ? '' : where(file, at);
  return `VNI ${vni}${vlan === undefined ? '' : ` of VLAN ${vlan}`}${place}`;
}

function listedText(
  file: string,
  frame: FrameDescription,
  { count, group, at }: NonNullable<TunnelHop['listed']>,
): string {
  const place = where(file, at);
  const to =
    group !== undefined
      ? `it goes to the group ${group}${place}`
      : count === 1
        ? `it goes to the only end that is listed${place}`
        : `a copy goes to each of the ${count} ends that are listed${place}`;
  return `${reasonToSpread(frame)} ${to}.`;
}

function reasonToSpread(frame: FrameDescription): string {
  const mac = frame.destination ?? '';
  if (mac === 'ff:ff:ff:ff:ff:ff') return 'It is for everybody, so';
  if (isToGroup(frame)) return `Its destination ${mac} is a group, so`;
  return `Nobody knows behind which end its destination ${mac} is, so`;
}

/** On the way to one of the other ends. */
export function encapsulatedSentences(file: string, hop: EncapsulatedHop): string[] {
  const { addresses, sent, ended, isGroup } = hop;
  return [
    ...roadText(file, hop),
    ...waiting(hop),
    ...(addresses && isGroup === undefined
      ? [`The next hop has the MAC ${addresses.destination}.`]
      : []),
    ...(sent.length > 0 && ended === undefined ? [`It ${leaving(file, sent)}.`] : []),
    ...(hop.toldMtu === undefined
      ? complaint(file, hop)
      : [
          `Its sender was told so by ICMP, in the name of its destination: packet too big, MTU ${hop.toldMtu}.`,
        ]),
    ...ending(file, ended),
  ];
}

function roadText(file: string, hop: EncapsulatedHop): string[] {
  const { remote, udpPort, route, link, nextHop, host, waits, ended, isGroup } = hop;
  const to = placeText({ address: remote.address, port: udpPort });
  const end = `in UDP to ${isGroup ? 'the group ' : ''}${to}${where(file, remote.at)}`;
  if (link === undefined) return [`It should go ${end}.`];
  const outer = `I${end.slice(1)} it`;
  const goes = ended === undefined ? 'goes' : 'would go';
  if (route === undefined)
    return [`${outer} ${goes} out by ${shortName(link)}${where(file, link.at)}.`];
  const asks =
    waits === undefined
      ? ''
      : `; the MAC of the next hop ${nextHop} is not known, so ${host} asks for it by ${shortName(link)}`;
  return [`${outer} ${goes} by the route ${route.rule}${where(file, route.at)}${asks}.`];
}

/** Out of a tunnel: who sent it is learned. */
export function decapsulatedSentences(
  file: string,
  frame: FrameDescription,
  hop: DecapsulatedHop,
): string[] {
  const { port, segment, remote, ended, released } = hop;
  const which = segmentText(file, segment, port.at);
  return [
    `It came out of the tunnel at ${port.port}${where(file, port.at)}: ${which}, from ${remote}.`,
    ...(ended && hop.source.outcome === 'not learned'
      ? []
      : learning(file, frame.source ?? '', hop)),
    ...ending(file, ended),
    ...release(released),
    ...gathering(file, hop),
  ];
}

function learning(file: string, mac: string, { source, remote, port }: DecapsulatedHop): string[] {
  const { outcome, before, rule } = source;
  const known = before && entry(file, before);
  const was = `${before?.remote ?? ''}, ${known ?? ''}`;
  switch (outcome) {
    case 'learned':
      return [`Its source ${mac} was learned there: it is behind ${remote}.`];
    case 'moved':
      return [`Its source ${mac} moved behind ${remote}; until now it was behind ${was}.`];
    case 'refreshed':
      return [`Its source ${mac} was known to be behind ${was}; it was heard again.`];
    case 'kept':
      return [`Its source ${mac} is behind ${was}: that entry does not move.`];
    case 'not learned': {
      const because = rule === undefined ? '' : `: ${ruleText(file, rule)}`;
      const known = before === undefined ? '' : `; it is behind ${was}`;
      return [`Its source ${mac} was not learned at ${port.port}${because}${known}.`];
    }
  }
}
