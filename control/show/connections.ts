/** The connections that the hosts of a plane know, as data: `show conntrack` prints them, and their keys are a promise. */
import { putAddress } from '../../dataplane/forward/tracking.js';
import type { Tracking } from '../../dataplane/forward/tracking.js';
import type { Plane } from '../../dataplane/forward/plane.js';
import { Direction, Mark } from '../../dataplane/state/connections.js';
import type { Conntrack } from '../../dataplane/state/conntrack.js';
import { isIpv6In, Protocol, protocolIn } from '../../dataplane/state/tuple.js';
import { contains, parseAddress } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import {
  placeOf,
  progressOf,
  protocolText,
  stateText,
  wordsText,
} from '../explain/conntrack-words.js';
import type { FrameName, PlaceView, TranslationRule } from '../explain/hops.js';
import {
  destinationTranslator,
  ruleOfTranslator,
  sourceTranslator,
} from '../explain/translations.js';
import type { Opened, Translator } from '../explain/translations.js';
import { at } from '../explain/views.js';

/** Who speaks to whom, as packets of one direction come in. */
export interface TupleShown {
  readonly source: PlaceView;
  readonly destination: PlaceView;
}

export interface ConnectionShown {
  /** `tcp`, `udp`, `icmp`, `icmpv6`, or a number. */
  readonly protocol: string;
  /** Of TCP. */
  readonly state?: string;
  readonly replied: boolean;
  readonly assured: boolean;
  /** As packets of the opener come in, and as the answers do. */
  readonly original: TupleShown;
  readonly reply: TupleShown;
  /** When it is forgotten if nothing more comes. */
  readonly timeout_s: number;
  readonly openedBy: FrameName;
  /** What translates its destination, and its source; absent where nothing does. */
  readonly destinationRule?: TranslationRule;
  readonly sourceRule?: TranslationRule;
}

/** What a connection is translated by. */
export interface Translators {
  readonly destination?: Translator;
  readonly source?: Translator;
}

interface Tuple {
  readonly source: string;
  readonly destination: string;
  readonly ports: number;
}

/** Looks at the connections of one host at a tick. */
export class HostConnections {
  private readonly words = new Int32Array(4);

  constructor(
    private readonly compiled: Compiled,
    private readonly host: number,
    private readonly tracking: Tracking,
    private readonly tick: number,
  ) {}

  /** Their numbers, the oldest first. */
  *numbers(table: Conntrack = this.tracking.table): Generator<number> {
    for (let one = table.first(this.tick); one >= 0; one = table.newerThan(one, this.tick))
      yield one;
  }

  shown(connection: number): ConnectionShown {
    const { compiled } = this;
    const { table } = this.tracking;
    const protocol = table.protocolOf(connection);
    const state = stateText(protocol, table.stateOf(connection));
    const family = isIpv6In(table.keyOf(connection)) ? 6 : 4;
    const { destination, source } = this.translators(connection);
    const inWords = (translator: Translator) => ruleOfTranslator(compiled, translator, family);
    return {
      protocol: protocolText(protocol),
      ...(state !== undefined && { state }),
      ...progressOf(table.marksOf(connection)),
      original: tupleShown(protocol, this.tupleOf(connection, Direction.Original)),
      reply: tupleShown(protocol, this.tupleOf(connection, Direction.Reply)),
      timeout_s: (table.expiryOf(connection) - this.tick) / 1e9,
      openedBy: {
        port: at(compiled.ports, table.firstPortOf(connection)).port,
        number: table.firstSerialOf(connection),
      },
      ...(destination && { destinationRule: inWords(destination) }),
      ...(source && { sourceRule: inWords(source) }),
    };
  }

  /** A connection does not remember its interfaces: they are those of the routes to either side. */
  translators(connection: number): Translators {
    const { compiled, host } = this;
    const { table } = this.tracking;
    const marks = table.marksOf(connection);
    const [original, reply] = [Direction.Original, Direction.Reply].map((direction) =>
      this.tupleOf(connection, direction),
    );
    if (original === undefined || reply === undefined) return {};
    const opened: Opened = {
      host,
      protocol: table.protocolOf(connection),
      source: { address: original.source, port: original.ports >>> 16 },
      cameIn: this.ifaceTo(original.source),
      out: this.ifaceTo(reply.source),
      rule: table.ruleOf(connection),
    };
    return {
      ...((marks & Mark.DestinationTranslated) !== 0 && {
        destination: destinationTranslator(compiled, opened, reply.source),
      }),
      ...((marks & Mark.SourceTranslated) !== 0 && {
        source: sourceTranslator(compiled, opened),
      }),
    };
  }

  /** A tuple of a connection, or of a mapping in a table of these. */
  tupleOf(connection: number, direction: Direction, table = this.tracking.table): Tuple {
    const key = table.keyOf(connection);
    const text = (name: number): string => {
      const family = isIpv6In(key) ? 6 : 4;
      putAddress(this.tracking, family, name, this.words);
      return wordsText(family, [...this.words]);
    };
    return {
      source: text(table.sourceOf(connection, direction)),
      destination: text(table.destinationOf(connection, direction)),
      ports: table.portsOf(connection, direction),
    };
  }

  /** What has made a mapping with this row of `natRules`, or -1, for an address inside. */
  mappedBy(rule: number, inside: string): Translator {
    const { compiled, host } = this;
    const source = { address: inside, port: 0 };
    const opened = { host, protocol: 0, source, cameIn: -1, out: -2, rule };
    return sourceTranslator(compiled, opened);
  }

  private ifaceTo(text: string): number {
    const address = parseAddress(text);
    const route = this.compiled.routes.find(
      ({ host, to }) => host === this.host && address !== undefined && contains(to, address),
    );
    return route?.iface ?? -1;
  }
}

function tupleShown(protocol: number, { source, destination, ports }: Tuple): TupleShown {
  return {
    source: placeOf(protocol, source, ports >>> 16),
    destination: placeOf(protocol, destination, ports & 0xffff, true),
  };
}

/** The address and port of a mapping on one side; that of TCP and UDP together has ports as well. */
export function mappedPlace(table: Conntrack, mapping: number, { source, ports }: Tuple) {
  return placeOf(protocolIn(table.keyOf(mapping)) || Protocol.Tcp, source, ports >>> 16);
}

export interface HostConntrack {
  readonly host: string;
  readonly connections: readonly ConnectionShown[];
}

/** All hosts that track connections, the oldest connection first. */
export function conntrackOf(compiled: Compiled, plane: Plane, tick: number): HostConntrack[] {
  return compiled.lab.hosts.flatMap(({ name }, host) => {
    const tracking = plane.trackings[host];
    if (tracking === undefined) return [];
    const table = new HostConnections(compiled, host, tracking, tick);
    return [{ host: name, connections: [...table.numbers()].map((one) => table.shown(one)) }];
  });
}
