/** What the notes of a trace say about the connection of a packet and its translation. */
import { ConnectionState } from '../../dataplane/forward/connection.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import { Direction } from '../../dataplane/state/connections.js';
import { directionOf } from '../../dataplane/state/conntrack.js';
import { placeOf, progressOf, stateText, timeoutKey, wordsText } from './conntrack-words.js';
import type { ConnectionView, FrameName, PlaceView, TranslationView } from './hops.js';
import { destinationTranslator, ruleOfTranslator, sourceTranslator } from './translations.js';
import { at, noted } from './views.js';
import type { Context } from './views.js';

/** The connection that a host knows of the packet; undefined where nothing was noted. */
export function connectionView(
  { compiled, inPort, number }: Context,
  notes: readonly Note[],
): ConnectionView | undefined {
  const tracked = noted(notes, Step.Tracked);
  if (tracked === undefined) return undefined;
  const [, host, side, state] = tracked;
  const name = at(compiled.lab.hosts, host).name;
  const connected = noted(notes, Step.Connected);
  if (connected === undefined)
    return {
      host: name,
      part: (state as ConnectionState) === ConnectionState.New ? 'refused' : 'unknown',
    };
  const [, port, serial, life_ns, status] = connected;
  const openedBy: FrameName = { port: at(compiled.ports, port).port, number: serial };
  const isReply = directionOf(side) === Direction.Reply;
  const opens = port === inPort && serial === number;
  const [protocol, phase] = [status & 0xff, (status >>> 8) & 0xf];
  const word = stateText(protocol, phase);
  const key = timeoutKey(protocol, phase);
  const timeout = key && compiled.lab.hosts[host]?.nat?.timeouts[key];
  return {
    host: name,
    part: isReply ? 'replies' : opens ? 'opens' : 'belongs',
    openedBy,
    ...(word !== undefined && { state: word }),
    ...progressOf(status >>> 12),
    livesFor_s: life_ns / 1e9,
    ...(key !== undefined &&
      timeout?.value === life_ns / 1e9 && {
        livesBy: { key, ...(timeout.at && { at: timeout.at }) },
      }),
  };
}

/** What the host has made of the addresses and ports of the packet. */
export function translationViews(
  { compiled, frame }: Context,
  notes: readonly Note[],
): TranslationView[] {
  const [tracked, source, destination, ports, routed] = [
    Step.Tracked,
    Step.SourceBecomes,
    Step.DestinationBecomes,
    Step.PortsBecome,
    Step.Routed,
  ].map((step) => noted(notes, step));
  const { packet } = frame;
  if (!tracked || !source || !destination || !ports || !routed || !packet) return [];
  const [, host, side, , rule] = tracked;
  const [, was, is, kind, cameIn] = ports;
  const family = kind >>> 8 === 4 ? 4 : 6;
  const protocol = kind & 0xff;
  const isReply = side >= 0 && directionOf(side) === Direction.Reply;
  const from = [
    placeOf(protocol, packet.source, was >>> 16),
    placeOf(protocol, packet.destination, was & 0xffff, true),
  ] as const;
  const to = [
    placeOf(protocol, wordsText(family, source.slice(1)), is >>> 16),
    placeOf(protocol, wordsText(family, destination.slice(1)), is & 0xffff, true),
  ] as const;
  const inside = isReply ? to[1] : from[0];
  const opened = {
    host,
    protocol,
    source: { address: inside.address, port: inside.port ?? 0 },
    cameIn: isReply ? routed[2] : cameIn,
    out: isReply ? cameIn : routed[2],
    rule,
  };
  const ruleOf = (what: 'source' | 'destination') => {
    const translator =
      (what === 'source') === isReply
        ? destinationTranslator(compiled, opened, isReply ? from[0].address : to[1].address)
        : sourceTranslator(compiled, opened);
    return ruleOfTranslator(compiled, translator, family);
  };
  const view = (what: 'source' | 'destination', i: 0 | 1): TranslationView[] =>
    isSame(from[i], to[i])
      ? []
      : [
          {
            what,
            from: from[i],
            to: to[i],
            ...(isReply && { back: true as const }),
            rule: ruleOf(what),
          },
        ];
  return [...view('destination', 1), ...view('source', 0)];
}

function isSame(one: PlaceView, other: PlaceView): boolean {
  return (
    one.address === other.address && one.port === other.port && one.identifier === other.identifier
  );
}
