/** Parts of sentences that all hops have in common. */
import type { Position } from '../model/position.js';
import type {
  AddressView,
  BridgeHop,
  Ending,
  EntryView,
  FrameName,
  Hop,
  RouteHop,
  SentView,
  Setting,
} from './hops.js';
import type { Rule } from './rules.js';

/** ` (lab.yaml:12)`, or nothing where nobody wrote it. */
export function where(file: string, at: Position | undefined): string {
  return at === undefined ? '' : ` (${file}:${at.line})`;
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

export function ruleText(file: string, { rule, at }: Rule): string {
  return `${rule}${at ? where(file, at) : ' (default)'}`;
}

/** `lab.yaml:12, macvlan_mode`, in brackets. */
export function settingPlace(file: string, key: string, { at }: Setting): string {
  return at === undefined ? `(${key}, default)` : `(${file}:${at.line}, ${key})`;
}

/** Ports with their lines, and what became of the tag there. */
export function ports(file: string, sent: readonly SentView[]): string {
  return sent
    .map(({ port, at, tag }) => {
      const tagged =
        tag === 'none' ? ' without a tag' : tag ? ` with the tag of VLAN ${tag.vlan}` : '';
      return `${port}${where(file, at)}${tagged}`;
    })
    .join(', ');
}

/** `left by c1 (lab.yaml:2) and went on to node-1.eth0 (lab.yaml:7)`. */
export function leaving(file: string, sent: readonly SentView[]): string {
  const outer = sent.filter(({ inner }) => inner !== true);
  const inner = sent.filter(({ inner }) => inner === true);
  return [
    ...(outer.length > 0 ? [`left by ${ports(file, outer)}`] : []),
    ...(inner.length > 0 ? [`went on to ${ports(file, inner)}`] : []),
  ].join(' and ');
}

/** How it ended; nothing where it did not. */
export function ending(file: string, ended: Ending | undefined): string[] {
  if (ended === undefined) return [];
  const { verdict, reason, rules } = ended;
  const behind = rules.map((rule) => ruleText(file, rule)).join(' and ');
  const because = behind === '' ? '' : `; ${behind}`;
  const how = verdict === 'drop' ? 'It was dropped' : 'It went no further';
  return [`${how} because ${reason.says}${because}. [${reason.name}]`];
}

export function answer(
  file: string,
  { answered, ignored }: Pick<BridgeHop, 'answered' | 'ignored'>,
): string[] {
  const own = ({ address, at }: AddressView): string =>
    `${address} is an address of its own${where(file, at)}`;
  return [
    ...(answered ? [`The host answered it: ${own(answered)}.`] : []),
    ...(ignored
      ? [`The host kept silent: ${own(ignored)}, but ${ruleText(file, ignored.rule)}.`]
      : []),
  ];
}

export function complaint(
  file: string,
  { complaint: said, silenced }: Pick<Hop, 'complaint' | 'silenced'>,
): string[] {
  if (silenced) {
    const { complaint: kept, by, at } = silenced;
    return [
      `The host does not tell its sender so (ICMP: ${kept}): it sends no errors by ${by}${where(file, at)}.`,
    ];
  }
  return said === undefined ? [] : [`The host told its sender so by ICMP: ${said}.`];
}

/** Whether the answer came for which it had to wait. */
export function waiting({ waits, ended }: Pick<RouteHop, 'waits' | 'ended'>): string[] {
  if (waits === undefined || ended !== undefined) return [];
  return waits === 'waiting'
    ? ['It waits for the answer: up to three questions, a second apart.']
    : ['The answer came at once, and it went on.'];
}

/** Whom it set free by what it told the host. */
export function release(released: readonly FrameName[] | undefined): string[] {
  return released === undefined
    ? []
    : [`It told the MAC for which ${framesText(released)} had waited.`];
}

/** What waits at a host: fragments for one another, and a SYN for one from inside. */
export function gathering(
  file: string,
  { gathers, gathered, unsolicited }: Pick<Hop, 'gathers' | 'gathered' | 'unsolicited'>,
): string[] {
  if (unsolicited)
    return [
      `It opens a TCP connection that nobody inside has asked for: ${unsolicited.host}, whose profile is rfc4787${where(file, unsolicited.at)}, waits 6 s for the inside to open the same, and else says that the port is unreachable.`,
    ];
  if (gathers)
    return [
      'It is a later fragment: it waits for the first one of its datagram, which alone has the ports.',
    ];
  if (gathered === undefined) return [];
  return [`It is the first fragment, for which ${framesText(gathered)} had waited.`];
}

function framesText(frames: readonly FrameName[]): string {
  return list(frames.map(({ port, number }) => `frame ${number} of ${port}`));
}

/** How an entry came to be. */
export function entry(
  file: string,
  { taughtBy, heardBefore_s, at, kind }: Omit<EntryView, 'port' | 'kind'> & { kind: string },
): string {
  if (taughtBy === undefined) return `as a ${kind} entry says${where(file, at)}`;
  const { port, number, before_s } = taughtBy;
  const heard =
    heardBefore_s === undefined || heardBefore_s === before_s
      ? ''
      : `, last heard ${seconds(heardBefore_s)} before`;
  return `learned from frame ${number} of ${port} ${seconds(before_s)} before${heard}`;
}

/** A time to the nanosecond, in the largest unit that has a whole part. */
export function seconds(value: number): string {
  if (value >= 1 || value === 0) return `${trimmed(value, 9)} s`;
  return value >= 1e-3 ? `${trimmed(value * 1e3, 6)} ms` : `${trimmed(value * 1e6, 3)} µs`;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}
