/** What happened to a frame at the interfaces of a host: at a child, on the way up or down, by a route. */
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { CompiledPort } from '../compile/compile.js';
import type { Link } from '../compile/links.js';
import type { FrameDescription } from './dissect.js';
import type { ChildHop, DownHop, Ending, SentView, UnsolicitedView, UpHop } from './hops.js';
import type { Passage } from './passages.js';
import { ruleAtLink } from './rules.js';
import {
  at,
  endedView,
  endingOf,
  hostViews,
  isToGroup,
  linkView,
  noted,
  ownerOf,
  parentView,
  portView,
  sentViews,
} from './views.js';
import type { Context } from './views.js';

interface Common {
  readonly after?: number;
  readonly sent: readonly SentView[];
  readonly ended?: Ending;
  readonly gathers?: true;
  readonly unsolicited?: UnsolicitedView;
}

/** What every hop of a host has. */
function common(
  context: Context,
  { notes, after }: Passage,
  link: Link,
  child?: CompiledPort,
  isOpened = false,
): Common {
  // What a stack took out of a tunnel goes on, though the packet around it has come to its end.
  const ending = isOpened ? undefined : endingOf(notes);
  return {
    ...(after !== undefined && { after }),
    sent: sentViews(context, notes),
    ...endedView(ending, (reason) => ruleAtLink(reason, context, link, child)),
    ...hostViews(context, notes),
  };
}

/** A child sends. `leads`: the steps that open the hops behind this one. */
export function childHop(context: Context, passage: Passage, leads: readonly Step[]): ChildHop {
  const { compiled, frame } = context;
  const port = passage.step === Step.Child ? passage.note[1] : context.inPort;
  const child = at(compiled.ports, port);
  const link = linkOf(child);
  const parent = parentView(link, child.endpoint);
  if (parent === undefined) throw new RangeError(`${child.port} has no parent`);
  const basics = common(context, passage, link, child);
  const [network] = link.networks;
  const owner = parent.driver === 'ipvlan' ? ownerOf(context, basics.sent) : undefined;
  const isToParent =
    network?.macvlan !== undefined &&
    network.macvlan.mode.value !== 'passthru' &&
    frame.destination === link.nic?.mac.value;
  const isRouted = leads.includes(Step.Routed) || basics.ended?.reason.name === 'no-route';
  return {
    stage: 'child',
    ...basics,
    port: portView(compiled, port),
    link: linkView(link),
    parent,
    goes: leads.includes(Step.Down) ? 'out' : isRouted ? 'by route' : 'nowhere',
    ...(owner && { owner }),
    ...(isToParent && { toParent: true }),
    ...heard(passage.notes),
  };
}

function heard(notes: readonly Note[]): { heard?: true } {
  return noted(notes, Step.Heard) === undefined ? {} : { heard: true };
}

/** The frame comes up by a NIC, or is given back to it; `noted` only at its end where it could not be parsed. */
export function upHop(context: Context, passage: Passage, leads: readonly Step[] = []): UpHop {
  const { compiled, frame } = context;
  const link =
    passage.step === Step.Up
      ? at(compiled.links, passage.note[1])
      : linkOf(at(compiled.ports, context.inPort));
  const popped = noted(passage.notes, Step.Popped);
  const user = popped === undefined ? link : at(compiled.links, popped[1]);
  const parent = parentView(user);
  const isOpened = leads.includes(Step.Decapsulated);
  const basics = common(context, passage, link, undefined, isOpened);
  const owner =
    parent?.driver === 'ipvlan' && !isToGroup(frame) ? ownerOf(context, basics.sent) : undefined;
  const own = user.children.find(
    ({ mac }) => parent?.driver === 'macvlan' && mac.value === frame.source,
  );
  const goesOn =
    isOpened ||
    leads.includes(Step.Routed) ||
    basics.gathers === true ||
    basics.unsolicited !== undefined;
  const isHeard = !goesOn && !isTagged(frame, popped !== undefined);
  return {
    stage: 'up',
    ...basics,
    link: linkView(link),
    ...(popped && { popped: { ...linkView(user), vlan: user.vid } }),
    ...(parent && { parent }),
    ...(own && isToGroup(frame) && { ownOf: { port: own.port, at: own.at } }),
    ...(owner && { owner }),
    ...(isHeard && heard(passage.notes)),
  };
}

/** Is there a tag left that the stack of a host does not take? It is offered the frame, and lets it go. */
function isTagged({ tags }: FrameDescription, isPopped: boolean): boolean {
  const left = tags[isPopped ? 1 : 0];
  return left !== undefined && left.vlan !== 0;
}

export function downHop(context: Context, passage: Passage): DownHop {
  const { compiled } = context;
  const { links, wires } = compiled;
  const link = at(links, passage.note[1]);
  const nic = links.find(({ nic, vid }) => nic !== undefined && nic === link.nic && vid === 0);
  const wire = wires.find(({ name }) => name === link.nic?.wire?.value);
  const pushed = noted(passage.notes, Step.Pushed) !== undefined;
  const { at: written } = linkView(link);
  return {
    stage: 'down',
    ...common(context, passage, link),
    link: linkView(link),
    nic: linkView(nic ?? link),
    ...(pushed && { pushed: { vlan: link.vid, ...(written && { at: written }) } }),
    ...(wire && { wire: { name: wire.name, at: wire.at } }),
  };
}

function linkOf({ port, link }: CompiledPort): Link {
  if (link === undefined) throw new RangeError(`${port} stands at no link`);
  return link;
}
