/** Why a frame did not get where it was to go, in a sentence: of all that its explanation tells, what stood in the way. */
import type { Compiled } from '../compile/compile.js';
import type { Explanation } from './explanation.js';
import type { AnyHop } from './hops.js';
import type { Party } from './party.js';
import { list, settingPlace, where } from './phrases.js';
import type { Attempt } from './rehearsal.js';
import { sentencesAt } from './sentences.js';

/** Says what kept the lost frame of an attempt from its receiver. */
export function obstacleOf({ lab }: Compiled, attempt: Attempt, from: Party, to: Party): string {
  const { explanation, because, what } = attempt;
  const head = because === undefined ? '' : `${because}. `;
  if (explanation === undefined) return head === '' ? 'They cannot speak.' : head.trim();
  const isBack = explanation.port.port !== from.endpoint?.port;
  const receiver = isBack ? from : to;
  const told =
    ownHost(lab.file, from, to) ?? tellingOf(lab.file, explanation, isBack ? to : from, receiver);
  const where = placeOf(lab.file, receiver);
  const subject = `${head}${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  const tag = tagAt(explanation, receiver);
  if (tag !== undefined)
    return `${subject} gets to ${where} with the tag of VLAN ${tag}, but its stack takes no tags.`;
  return `${subject} does not get to ${where}: ${told}`;
}

/** The VLAN with whose tag the frame left by the port of a party; undefined where it did not, or with none but a priority tag. */
function tagAt({ hops }: Explanation, { endpoint }: Party): number | undefined {
  const sent = hops.flatMap((hop) => hop.sent).find(({ port }) => port === endpoint?.port);
  const tag = sent?.tag;
  return tag === undefined || tag === 'none' || tag.vlan === 0 ? undefined : tag.vlan;
}

/** What everybody meets once: a host and the children of its own NICs are deaf to each other. */
function ownHost(file: string, { network, link }: Party, to: Party): string | undefined {
  if (to.isHost !== true || network === undefined || link?.host !== to.sandbox.name)
    return undefined;
  const { macvlan, ipvlan } = network;
  const place = where(file, (macvlan ?? ipvlan)?.parent?.at ?? network.driver.at);
  if (macvlan !== undefined)
    return `a host never hears the macvlan children of its own NIC, nor they it: what they send goes out by the parent${place}.`;
  if (ipvlan?.mode.value === 'l2')
    return `what an ipvlan child sends to everybody is not given to its own host, so nobody there answers${place}.`;
  return undefined;
}

function placeOf(file: string, { sandbox, endpoint }: Party): string {
  return `${endpoint?.port ?? sandbox.name}${where(file, endpoint?.at ?? sandbox.at)}`;
}

/** The sentence of the hop that decided, the sender's own parent first. */
function tellingOf(file: string, explanation: Explanation, from: Party, to: Party): string {
  const { hops } = explanation;
  const index = [
    hops.findIndex((hop) => hop.stage === 'child' && from.link === to.link),
    hops.findIndex((hop) => passes(hop, to)),
    hops.findIndex((hop) => hop.ended?.verdict === 'drop' && isWith(hop, to)),
    hops.findIndex(({ ended }) => ended?.verdict === 'drop'),
    hops.findIndex((hop) => isWith(hop, to) && hop.stage === 'up'),
    hops.findIndex((hop) => 'waits' in hop && hop.waits === 'waiting'),
    hops.findLastIndex(({ ended }) => ended !== undefined),
    hops.length - 1,
  ].find((found) => found >= 0);
  const hop = hops[index ?? 0];
  if (hop === undefined) return 'nothing is known of it.';
  const deaf = deafness(file, hop, to);
  if (deaf !== undefined) return deaf;
  const sentences = sentencesAt(explanation, hop, index ?? 0);
  const [first = ''] = sentences;
  const decided = hop.ended !== undefined || hop.stage === 'bridge' || hop.stage === 'wire';
  const told = decided ? (sentences.at(-1) ?? '') : first;
  const elsewhere =
    hop.stage === 'up' && hop.ended === undefined && to.link !== undefined
      ? ` ${to.sandbox.name} is on ${to.link.name}.`
      : '';
  return `${lower(told)}${elsewhere}`;
}

/** Why a child does not hear what came as far as its parent, where its mode says so. */
function deafness(
  file: string,
  hop: AnyHop,
  { endpoint, network, link }: Party,
): string | undefined {
  if (hop.stage !== 'up' || endpoint === undefined || link === undefined) return undefined;
  if ((hop.popped ?? hop.link).name !== link.name) return undefined;
  const { port, sources } = endpoint;
  const [first] = sources;
  if (network?.macvlan?.mode.value === 'source')
    return first === undefined
      ? `in mode source ${port} listens to nobody, for it has no sources.`
      : `in mode source ${port} listens to ${list(sources.map(({ value }) => value))} alone${where(file, first.at)}.`;
  const mode = network?.ipvlan?.mode;
  if (mode === undefined || mode.value === 'l2' || hop.ended?.verdict === 'drop') return undefined;
  const place = settingPlace(file, 'ipvlan_mode', mode);
  return `in mode ${mode.value} the children of ${link.name} hear no broadcasts and answer no ARP ${place}.`;
}

/** Sentences that begin with a name keep it. */
function lower(sentence: string): string {
  return sentence.replace(/^(It|Its|In|No|With|Private|Children|The|A) /, (word) =>
    word.toLowerCase(),
  );
}

/** Does a flood pass by the port of the receiver? */
function passes(hop: AnyHop, { endpoint }: Party): boolean {
  return 'passedBy' in hop && hop.passedBy.some(({ port }) => port === endpoint?.port);
}

/** Is the receiver on the host, or on the bridge, of this hop? */
function isWith(hop: AnyHop, { sandbox, network }: Party): boolean {
  if ('network' in hop) return hop.stage === 'bridge' && hop.network.name === network?.name;
  return 'link' in hop && hop.link.host === sandbox.host && hop.stage === 'up';
}
