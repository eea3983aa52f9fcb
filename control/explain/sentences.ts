/**
 * An Explanation in sentences, in the order in which things happened.
 */
import { bridgeArrival, bridgeSentences } from './bridge-sentences.js';
import { tagsText } from './dissect.js';
import { frameAt } from './explanation.js';
import type { Explanation } from './explanation.js';
import type { AnyHop } from './hops.js';
import {
  childArrival,
  childSentences,
  downSentences,
  upArrival,
  upSentences,
} from './link-sentences.js';
import { seconds } from './phrases.js';
import { routeSentences } from './route-sentences.js';
import {
  decapsulatedSentences,
  encapsulatedSentences,
  tunnelSentences,
} from './tunnel-sentences.js';

/** A sentence, and where it stands in the tree of a way that branches. */
export interface Told {
  readonly sentence: string;
  /** How many floods lie between it and the start that had more than one way on. */
  readonly depth: number;
  /** It is the first of its branch. */
  readonly opens: boolean;
}

/** The sentences, the first one naming the frame. */
export function sentencesOf(explanation: Explanation): string[] {
  return treeOf(explanation).map(({ sentence }) => sentence);
}

/** The same with their places in the tree. */
export function treeOf(explanation: Explanation): Told[] {
  const { frame, number, port, hops } = explanation;
  const head = [
    `Frame ${number} of ${port.port}, ${time(explanation)}: ${frame.length} bytes, ${tagsText(frame.tags)}${frame.summary}.`,
    ...arrival(explanation),
    ...offload(explanation),
    ...malformation(explanation),
  ];
  const depths: number[] = [];
  const told = hops.flatMap((hop, index) => {
    const branches = branchesAt(hops, hop.after);
    const above = hop.after === undefined ? 0 : (depths[hop.after] ?? 0);
    const depth = above + (branches > 1 ? 1 : 0);
    depths.push(depth);
    return sentencesAt(explanation, hop, index).map((sentence, i) => {
      return { sentence, depth, opens: i === 0 && branches > 1 };
    });
  });
  return [...head.map((sentence) => ({ sentence, depth: 0, opens: false })), ...told];
}

/** One line, for a comment on the frame in a capture. */
export function commentOf(explanation: Explanation): string {
  return sentencesOf(explanation).join(' ');
}

/** How many hops came after this one. */
function branchesAt(hops: readonly AnyHop[], index: number | undefined): number {
  return index === undefined ? 1 : hops.filter(({ after }) => after === index).length;
}

function time({ clock, time_s }: Explanation): string {
  if (clock === undefined) return `${seconds(time_s)} after the first`;
  return `at ${clock.slice(clock.indexOf('T') + 1, -1)} UTC`;
}

function arrival({ file, hops }: Explanation): string[] {
  const [first] = hops;
  switch (first?.stage) {
    case 'bridge':
    case 'wire':
      return [bridgeArrival(file, first)];
    case 'child':
      return [childArrival(file, first)];
    case 'up':
      return [upArrival(file, first)];
    default:
      return [];
  }
}

function offload({ superFrame }: Explanation): string[] {
  if (superFrame === undefined) return [];
  const { protocol, segments, segmentBytes } = superFrame;
  const pieces = protocol === 'TCP' ? 'segments' : 'datagrams';
  return [
    `It is a ${protocol} super-frame of ${segments} ${pieces} of ${segmentBytes} bytes; whoever puts it on a wire cuts it and completes the checksums.`,
  ];
}

/** A fault that the frame goes on with; one that ends it is told at its end. */
function malformation({ frame, hops }: Explanation): string[] {
  const { malformed } = frame;
  if (malformed === undefined || hops.some(({ ended }) => malformed.reason === ended?.reason.name))
    return [];
  const [first] = hops;
  const bridged = first?.stage === 'bridge' || first?.stage === 'wire';
  const unseen = bridged ? ' A bridge does not look at that.' : '';
  return [`What it carries is malformed: ${malformed.says}.${unseen}`];
}

/** The sentences about one hop. */
export function sentencesAt(explanation: Explanation, hop: AnyHop, index: number): string[] {
  const { file, hops } = explanation;
  const frame = frameAt(explanation.frame, hops, hop.after);
  switch (hop.stage) {
    case 'bridge':
    case 'wire':
      return bridgeSentences(file, frame, hop);
    case 'child': {
      const turns = hops.some(({ stage, after }) => stage === 'up' && after === index);
      return childSentences(file, frame, hop, turns);
    }
    case 'up': {
      const from = hop.after === undefined ? undefined : hops[hop.after];
      return upSentences(file, frame, hop, from !== undefined && from.stage !== 'child');
    }
    case 'down':
      return downSentences(file, hop);
    case 'route':
      return routeSentences(file, hop);
    case 'tunnel':
      return tunnelSentences(file, frame, hop);
    case 'encapsulated':
      return encapsulatedSentences(file, hop);
    case 'decapsulated':
      return decapsulatedSentences(file, frame.inner ?? frame, hop);
  }
}
