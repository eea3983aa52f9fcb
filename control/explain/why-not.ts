/**
 * Why a frame of one container does not reach another, and what would have to be changed so that it does: every candidate is tried in a copy
 * of the topology, smallest first.
 */
import { compile } from '../compile/compile.js';
import type { Compiled } from '../compile/compile.js';
import type { Lab } from '../model/lab.js';
import { parseLab } from '../model/load.js';
import { TopologyErrors } from '../model/mistake.js';
import type { Position } from '../model/position.js';
import type { Sandbox } from '../model/sandbox.js';
import { candidatesFor } from './candidates.js';
import { edited, together, treeOf } from './edits.js';
import type { Edit, Tree } from './edits.js';
import type { Explanation } from './explanation.js';
import { obstacleOf } from './obstacle.js';
import type { Party } from './party.js';
import { rehearse, rehearseToHost } from './rehearsal.js';
import type { Attempt } from './rehearsal.js';

/** How many pairs of changes are tried where no single one helps. */
const PAIRS_MAX = 200;

/** How many pairs of endpoints are tried, the nearest first: containers may be in hundreds of networks each. */
const ENDPOINT_PAIRS_MAX = 64;

/** A change with which the frame gets there. */
export interface Change {
  readonly at: Position;
  /** `write macvlan_mode: bridge instead of private`. */
  readonly says: string;
}

export interface WhyNot {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly reaches: boolean;
  /** Which frame the explanation is about: the one that arrived, or the one that got lost. */
  readonly frame?: string;
  readonly explanation?: Explanation;
  /** Why it does not get there. */
  readonly why?: string;
  /** The smallest change first, then an alternative; empty where none of those tried helps, or none is needed. */
  readonly changes: readonly Change[];
  /** What was tried without success, and how many pairs of that; told where nothing helps. */
  readonly tried: readonly Change[];
  readonly pairsTried: number;
}

/** Who is meant by a word of the user, in any version of the lab. */
export interface Named {
  readonly word: string;
  /** Of a host its own name. */
  readonly sandbox: string;
  readonly isHost?: true;
  /** One of its networks, where the word says which. */
  readonly network?: string;
}

/** The container, the endpoint of one, or the host that a word names; undefined where there is none. */
export function namedIn({ sandboxes, hosts }: Lab, word: string): Named | undefined {
  const whole = sandboxes.find(({ name }) => name === word);
  if (whole !== undefined) return { word, sandbox: ownerOf(whole) };
  const endpoint = sandboxes
    .flatMap(({ endpoints }) => endpoints)
    .find(({ port }) => port === word);
  if (endpoint !== undefined) return { word, sandbox: endpoint.sandbox, network: endpoint.network };
  const host = hosts.find(({ name }) => name === word);
  return host && { word, sandbox: host.name, isHost: true };
}

function ownerOf({ name, mode }: Sandbox): string {
  return typeof mode === 'object' ? mode.shares : name;
}

/** Answers the question for a topology file whose text this is. */
export function whyNot(text: string, lab: Lab, from: Named, to: Named): WhyNot {
  const compiled = compile(lab);
  const first = attemptIn(compiled, from, to);
  const { attempt } = first;
  const { explanation } = attempt;
  const answer = {
    file: lab.file,
    from: from.word,
    to: to.word,
    reaches: attempt.reached,
    ...(attempt.what !== '' && { frame: attempt.what }),
    ...(explanation && { explanation }),
  };
  if (attempt.reached) return { ...answer, changes: [], tried: [], pairsTried: 0 };
  const tree = treeOf(text);
  const search = new Search(tree, lab.file, from, to);
  const candidates = candidatesFor(compiled, tree, first.from, first.to);
  const changes = search.smallest(candidates);
  return {
    ...answer,
    why: obstacleOf(compiled, attempt, first.from, first.to),
    changes: changes.map(changeOf),
    tried: changes.length > 0 ? [] : candidates.map(changeOf),
    pairsTried: search.pairsTried,
  };
}

function changeOf({ at, says }: Edit): Change {
  return { at, says };
}

/** Tries edits in copies of a topology. */
class Search {
  pairsTried = 0;

  constructor(
    private readonly tree: Tree,
    private readonly file: string,
    private readonly from: Named,
    private readonly to: Named,
  ) {}

  /** The smallest edit that helps, and one alternative; pairs of edits where no single one does. */
  smallest(candidates: readonly Edit[]): Edit[] {
    const single = this.helping(bySize(candidates));
    if (single.length > 0) return single;
    const pairs = candidates.flatMap((one, i) =>
      candidates
        .slice(i + 1)
        .filter(({ at, says }) => at !== one.at || keyOf(says) !== keyOf(one.says))
        .map((other) => together(one, other, this.file)),
    );
    const smallest = bySize(pairs).slice(0, PAIRS_MAX);
    this.pairsTried = smallest.length;
    return this.helping(smallest).slice(0, 1);
  }

  private helping(edits: readonly Edit[]): Edit[] {
    const found: Edit[] = [];
    for (const edit of edits) {
      if (found.length > 1) break;
      if (this.helps(edit)) found.push(edit);
    }
    return found;
  }

  private helps(edit: Edit): boolean {
    try {
      const lab = parseLab(edited(this.tree, edit), this.file);
      return attemptIn(compile(lab), this.from, this.to).attempt.reached;
    } catch (cause) {
      if (cause instanceof TopologyErrors) return false;
      throw cause;
    }
  }
}

/** The key that a change is about: of two changes of the same one, the second would undo the first. */
function keyOf(says: string): string {
  return says.split(':')[0] ?? '';
}

function bySize(edits: readonly Edit[]): Edit[] {
  return edits.toSorted((one, other) => one.size - other.size);
}

/** How it goes between two: by those of their endpoints between which it works, else by the first ones. */
function attemptIn(
  compiled: Compiled,
  from: Named,
  to: Named,
): { attempt: Attempt; from: Party; to: Party } {
  const pairs = partiesOf(compiled, from).flatMap((one) =>
    partiesOf(compiled, to).map((other) => ({ from: one, to: other })),
  );
  const near = pairs.toSorted((one, other) => distance(one) - distance(other));
  let best: { attempt: Attempt; from: Party; to: Party } | undefined;
  for (const pair of near.slice(0, ENDPOINT_PAIRS_MAX)) {
    const attempt = attemptBetween(compiled, pair);
    if (attempt.reached) return { ...pair, attempt };
    best ??= { ...pair, attempt };
  }
  if (best === undefined) throw new RangeError(`${from.word} or ${to.word} is nobody`);
  return best;
}

/** Endpoints of the same network, or of the same parent, are tried first. */
function distance({ from, to }: { from: Party; to: Party }): number {
  if (from.network === undefined || to.network === undefined) return 3;
  if (from.network === to.network) return 0;
  return from.link !== undefined && from.link === to.link ? 1 : 2;
}

function attemptBetween(compiled: Compiled, { from, to }: { from: Party; to: Party }): Attempt {
  if (to.isHost === true) return attemptToHost(compiled, from, to.sandbox.name);
  const [a, b] = [from, to].map(({ endpoint }) =>
    compiled.ports.findIndex((port) => endpoint !== undefined && port.endpoint === endpoint),
  );
  for (const [index, party] of [
    [a, from],
    [b, to],
  ] as const)
    if (index === undefined || index < 0)
      return { reached: false, what: '', because: whyNoPort(party) };
  return rehearse(compiled, a ?? 0, b ?? 0);
}

function attemptToHost(compiled: Compiled, from: Party, host: string): Attempt {
  const port = compiled.ports.findIndex(
    ({ endpoint }) => endpoint !== undefined && endpoint === from.endpoint,
  );
  if (port < 0) return { reached: false, what: '', because: whyNoPort(from) };
  return rehearseToHost(compiled, port, host);
}

function whyNoPort({ sandbox: { name, mode } }: Party): string {
  return mode === 'host'
    ? `${name} has the network stack of its host, and no port of its own`
    : `${name} has no network`;
}

/** The endpoints that a name may mean; one party without an endpoint where it has none. */
function partiesOf(
  { lab, links }: Compiled,
  { sandbox: name, network: only, isHost }: Named,
): Party[] {
  if (isHost === true) {
    const at = lab.hosts.find((host) => host.name === name)?.at;
    const sandbox = { name, host: name, mode: 'host', endpoints: [], ...(at && { at }) } as const;
    return [{ sandbox, isHost }];
  }
  const sandbox = lab.sandboxes.find((one) => one.name === name);
  if (sandbox === undefined) return [];
  const parties = sandbox.endpoints
    .filter(({ network }) => only === undefined || network === only)
    .map((endpoint) => {
      const network = lab.networks.find(({ endpoints }) => endpoints.includes(endpoint));
      const link = links.find(
        ({ children, bridge }) => children.includes(endpoint) || bridge === network,
      );
      return { sandbox, endpoint, ...(network && { network }), ...(link && { link }) };
    });
  return parties.length > 0 ? parties : [{ sandbox }];
}
