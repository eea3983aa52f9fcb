/**
 * An Explanation in sentences, in the order in which things happened.
 */
import type { Position } from '../model/position.js';
import type { EntryView, Explanation } from './explanation.js';

/** The sentences, the first one naming the frame. */
export function sentencesOf(explanation: Explanation): string[] {
  const { frame, number, port } = explanation;
  return [
    `Frame ${number} of ${port.port}, ${time(explanation)}: ${frame.length} bytes, ${frame.summary}.`,
    arrival(explanation),
    ...offload(explanation),
    ...malformation(explanation),
    ...learning(explanation),
    ...decision(explanation),
    ...departure(explanation),
    ...answer(explanation),
  ];
}

/** One line, for a comment on the frame in a capture. */
export function commentOf(explanation: Explanation): string {
  return sentencesOf(explanation).join(' ');
}

function time({ clock, time_s }: Explanation): string {
  if (clock === undefined) return `${seconds(time_s)} after the first`;
  return `at ${clock.slice(clock.indexOf('T') + 1, -1)} UTC`;
}

function offload({ superFrame }: Explanation): string[] {
  if (superFrame === undefined) return [];
  const { protocol, segments, segmentBytes } = superFrame;
  const pieces = protocol === 'TCP' ? 'segments' : 'datagrams';
  return [
    `It is a ${protocol} super-frame of ${segments} ${pieces} of ${segmentBytes} bytes; whoever puts it on a wire cuts it and completes the checksums.`,
  ];
}

function arrival({ file, port, network }: Explanation): string {
  const kind = `a learning bridge${where(file, network.at)}`;
  return `It came in at ${port.port}${where(file, port.at)}, a port of the network ${network.name}, ${kind}.`;
}

/** A fault that the frame goes on with; one that ends it is told at its end. */
function malformation({ frame, reason }: Explanation): string[] {
  const { malformed } = frame;
  if (malformed === undefined || malformed.reason === reason?.name) return [];
  return [`What it carries is malformed: ${malformed.says}. A bridge does not look at that.`];
}

function learning({ source, frame, port, file }: Explanation): string[] {
  const mac = frame.source;
  if (mac === undefined) return [];
  const { before } = source;
  const known = before && entry(file, before);
  switch (source.outcome) {
    case 'learned':
      return [`Its source ${mac} was learned: it lives behind ${port.port}.`];
    case 'moved':
      return [
        `Its source ${mac} moved to ${port.port}; until now it lived behind ${before?.port ?? ''}, ${known ?? ''}.`,
      ];
    case 'refreshed':
      return [
        `Its source ${mac} was known behind ${port.port}, ${known ?? ''}; it was heard again.`,
      ];
    case 'kept':
      if (before?.kind === 'local')
        return [
          `Its source ${mac} is the address of the gateway itself${where(file, before.at)}: that teaches nothing.`,
        ];
      return [
        `Its source ${mac} stays behind ${before?.port ?? ''}, ${known ?? ''}: that entry does not move.`,
      ];
    case 'not learned':
      return [`Its source ${mac} was not learned.`];
  }
}

function decision({ destination, frame, file, verdict }: Explanation): string[] {
  if (frame.destination === undefined) return [];
  const mac = frame.destination;
  if (destination?.kind === 'local') return [`Its destination ${mac} is the gateway itself.`];
  if (destination !== undefined)
    return [
      `Its destination ${mac} lives behind ${destination.port}, ${entry(file, destination)}.`,
    ];
  if (verdict !== 'flood') return [];
  if (mac === 'ff:ff:ff:ff:ff:ff') return [`Its destination is everybody.`];
  const group = (parseInt(mac.slice(0, 2), 16) & 1) === 1;
  return [
    group
      ? `Its destination ${mac} is a group.`
      : `Nobody knows where its destination ${mac} lives: no frame from it was seen, or the last one is older than the ageing time.`,
  ];
}

function departure({ verdict, sent, passedBy, reason, rules, file }: Explanation): string[] {
  const behind = rules
    .map((r) => `${r.rule}${r.at ? where(file, r.at) : ' (default)'}`)
    .join(' and ');
  const because = behind === '' ? '' : `; ${behind}`;
  const says = reason?.says ?? '';
  if (verdict === 'drop')
    return [`It was dropped because ${says}${because}. [${reason?.name ?? ''}]`];
  if (verdict === 'consume')
    return [`It went no further because ${says}${because}. [${reason?.name ?? ''}]`];
  const ports = sent.map(({ port, at }) => `${port}${where(file, at)}`).join(', ');
  if (verdict === 'send') return [`It left by ${ports}.`];
  const isolated = passedBy
    .filter((p) => p.reason.name === 'port-isolated')
    .map(({ port }) => port);
  const spared =
    isolated.length === 0
      ? ''
      : `, but not by ${isolated.join(', ')}: isolated ports do not hear each other`;
  return [`It was flooded and left by ${ports}${spared}.`];
}

function answer({ answered, file }: Explanation): string[] {
  if (answered === undefined) return [];
  const { address, at } = answered;
  return [`The host answered it: ${address} is an address of its own${where(file, at)}.`];
}

/** How an entry came to be. */
function entry(file: string, { taughtBy, heardBefore_s, at, kind }: EntryView): string {
  if (taughtBy === undefined) return `as a ${kind} entry says${where(file, at)}`;
  const { port, number, before_s } = taughtBy;
  const heard =
    heardBefore_s === undefined || heardBefore_s === before_s
      ? ''
      : `, last heard ${seconds(heardBefore_s)} before`;
  return `learned from frame ${number} of ${port} ${seconds(before_s)} before${heard}`;
}

function where(file: string, at: Position | undefined): string {
  return at === undefined ? '' : ` (${file}:${at.line})`;
}

/** A time to the nanosecond, in the largest unit that has a whole part. */
function seconds(value: number): string {
  if (value >= 1 || value === 0) return `${trimmed(value, 9)} s`;
  return value >= 1e-3 ? `${trimmed(value * 1e3, 6)} ms` : `${trimmed(value * 1e6, 3)} µs`;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}
