/** What happened at the interfaces of a host, in sentences that name the mode and the line that decided. */
import type { FrameDescription } from './dissect.js';
import type { ChildHop, DownHop, ParentView, UpHop } from './hops.js';
import {
  answer,
  complaint,
  ending,
  gathering,
  leaving,
  release,
  settingPlace,
  where,
} from './phrases.js';
import { isToGroup, shortName } from './views.js';

/** `macvlan, mode private, lab.yaml:12`. */
function parentText(file: string, { driver, mode, flag }: ParentView): string {
  const place = mode.at === undefined ? '' : `, ${file}:${mode.at.line}`;
  return `${driver}, mode ${mode.value}${flag === undefined ? '' : `, flag ${flag.value}`}${place}`;
}

export function childArrival(file: string, { port, link, parent }: ChildHop): string {
  return `It came from ${port.port}${where(file, port.at)}, a child of ${link.name} (${parentText(file, parent)}).`;
}

export function upArrival(file: string, { link }: UpHop): string {
  return `It came in at ${link.name}${where(file, link.at)}, a NIC that leads out of the lab.`;
}

/** What a child's frame met at its parent, before it went anywhere. */
export function childSentences(
  file: string,
  frame: FrameDescription,
  hop: ChildHop,
  turns: boolean,
): string[] {
  const decided =
    hop.parent.driver === 'macvlan'
      ? macvlanDecision(file, frame, hop, turns)
      : ipvlanDecision(file, frame, hop);
  return [...decided, ...stack(file, hop), ...ending(file, hop.ended)];
}

/** `turns`: it went up by the parent again, to a sibling. */
function macvlanDecision(
  file: string,
  frame: FrameDescription,
  { parent, sent, goes, link, toParent }: ChildHop,
  turns: boolean,
): string[] {
  const place = settingPlace(file, 'macvlan_mode', parent.mode);
  if (goes === 'nowhere' && !turns && sent.length === 0) return [];
  if (toParent === true && goes === 'out')
    return [
      `Its destination is the MAC of ${link.name} itself, whose stack hears a macvlan child only by way of a switch: it went out by the parent.`,
    ];
  switch (parent.mode.value) {
    case 'private':
      return [`Private children never hear each other: it went out by the parent only ${place}.`];
    case 'vepa':
      return [
        `In mode vepa the switch outside decides, also between children: it went out by the parent only ${place}.`,
      ];
    case 'passthru':
      return [`A passthru child has its parent for itself: it went out by it ${place}.`];
    case 'source':
      return [
        `Children in mode source do not hear each other: it went out by the parent only ${place}.`,
      ];
  }
  if (!isToGroup(frame)) {
    if (goes === 'out')
      return [
        `No child of ${link.name} in mode bridge has the MAC ${frame.destination ?? ''}: it went out by the parent ${place}.`,
      ];
    const left = sent.length > 0 ? ` It ${leaving(file, sent)}.` : '';
    return [
      `Its destination is a child of ${link.name} in mode bridge, too: it never saw the wire ${place}.${left}`,
    ];
  }
  if (frame.type === 'MAC control')
    return [`MAC control frames are never copied to siblings: it went out by the parent only.`];
  if (sent.length === 0)
    return [
      `It is for ${whom(frame)}, and no other child of ${link.name} is in mode bridge: it went out by the parent only ${place}.`,
    ];
  return [
    `It is for ${whom(frame)}: children in mode bridge hear each other, so it ${leaving(file, sent)}; and it went out by the parent ${place}.`,
  ];
}

function whom({ destination }: FrameDescription): string {
  return destination === 'ff:ff:ff:ff:ff:ff' ? 'everybody' : `the group ${destination ?? ''}`;
}

function ipvlanDecision(
  file: string,
  frame: FrameDescription,
  { parent, sent, goes, owner, link }: ChildHop,
): string[] {
  const { mode, flag = { value: 'bridge' } } = parent;
  const modePlace = settingPlace(file, 'ipvlan_mode', mode);
  const flagPlace = settingPlace(file, 'ipvlan_flag', flag);
  const isL3 = mode.value !== 'l2';
  if (owner !== undefined && (isL3 || !isToGroup(frame))) {
    const routes = isL3 ? `, before any route ${modePlace}` : '';
    return [
      `${owner.address}${where(file, owner.at)} is the address of ${owner.port}, another child of ${link.name}: it ${leaving(file, sent)}${routes}.`,
    ];
  }
  if (isL3) {
    if (goes !== 'by route') return [];
    const siblings =
      flag.value === 'vepa'
        ? `with the flag vepa siblings are not looked for ${flagPlace}`
        : `no child of ${link.name} has the address ${frame.packet?.destination ?? ''}`;
    return [`In mode ${mode.value} the routes of ${link.host} decide ${modePlace}: ${siblings}.`];
  }
  if (isToGroup(frame) && goes === 'out') {
    if (sent.length === 0)
      return [
        `It is for ${whom(frame)}, and ${link.name} has no other child: it went out by the parent.`,
      ];
    return [
      `It is for ${whom(frame)}, so it ${leaving(file, sent)}, all other children of ${link.name}; and it went out by the parent ${modePlace}.`,
    ];
  }
  if (goes !== 'out') return [];
  const vepa = flag.value === 'vepa';
  return [
    vepa
      ? `With the flag vepa the switch outside decides, also between children: it went out by the parent ${flagPlace}.`
      : `Its destination ${frame.destination ?? ''} is not the MAC that the children of ${link.name} share: it went out by the parent ${modePlace}.`,
  ];
}

/** The stack of the host hears it; where it ends there, its end says so. */
function stack(file: string, hop: ChildHop | UpHop): string[] {
  const { heard, ended, link, released } = hop;
  const hears = heard === true && ended === undefined;
  return [
    ...(hears ? [`The stack of ${link.host} heard it, too.`] : []),
    ...answer(file, hop),
    ...complaint(file, hop),
    ...release(released),
  ];
}

/** What a frame met that came up by a NIC. `intro`: how it came there was not told yet. */
export function upSentences(
  file: string,
  frame: FrameDescription,
  hop: UpHop,
  intro: boolean,
): string[] {
  const { link, popped, ended } = hop;
  const nic = `${link.host} got it by ${shortName(link)}${where(file, link.at)}`;
  const untagged =
    popped &&
    `took the tag of VLAN ${popped.vlan} off: it is on ${shortName(popped)}${where(file, popped.at)}`;
  const first = intro
    ? [untagged === undefined ? `${nic}.` : `${nic} and ${untagged}.`]
    : untagged === undefined
      ? []
      : [`${link.host} ${untagged}.`];
  return [
    ...first,
    ...toChildren(file, frame, hop),
    ...stack(file, hop),
    ...ending(file, ended),
    ...gathering(file, hop),
  ];
}

function toChildren(file: string, frame: FrameDescription, hop: UpHop): string[] {
  const { parent, sent, ownOf, owner, link, popped } = hop;
  if (parent === undefined) return [];
  const listening = sent.filter(({ listens }) => listens !== undefined);
  const others = sent.filter(({ listens }) => listens === undefined);
  const heardBy = listening.map(
    ({ port, listens }) =>
      `${port} listens to its source${where(file, listens?.at)}: it ${leaving(
        file,
        sent.filter((one) => one.port === port),
      )}.`,
  );
  const name = (popped ?? link).name;
  if (others.length === 0) {
    if (ownOf === undefined) return heardBy;
    return [
      ...heardBy,
      `It is what ${ownOf.port} had sent, and no other child hears that from a switch (${parentText(file, parent)}).`,
    ];
  }
  const left = `it ${leaving(file, others)}`;
  if (ownOf !== undefined)
    return [
      ...heardBy,
      `A switch gave back what ${ownOf.port} had sent (${parentText(file, parent)}): ${left}.`,
    ];
  if (isToGroup(frame))
    return [...heardBy, `It is for ${whom(frame)}, so all children of ${name} hear it: ${left}.`];
  if (owner !== undefined)
    return [
      ...heardBy,
      `${owner.address}${where(file, owner.at)} is the address of ${owner.port ?? ''}, a child of ${name} (${parentText(file, parent)}): ${left}.`,
    ];
  if (parent.mode.value === 'passthru')
    return [...heardBy, `The passthru child of ${name} gets everything: ${left}.`];
  return [...heardBy, `Its destination ${frame.destination ?? ''} is a child of ${name}: ${left}.`];
}

/** How it left the host. */
export function downSentences(file: string, hop: DownHop): string[] {
  const { link, nic, pushed, wire, sent, ended } = hop;
  const tag = pushed ? ` with the tag of VLAN ${pushed.vlan}${where(file, pushed.at)}` : '';
  const left =
    wire !== undefined
      ? [
          `It left ${link.host} by ${shortName(nic)}${where(file, nic.at)}${tag} onto the wire ${wire.name}${where(file, wire.at)}.`,
        ]
      : sent.length > 0
        ? [`It ${leaving(file, sent)}${tag}.`]
        : [];
  return ended === undefined ? left : ending(file, ended);
}
