/**
 * ICMP errors about connections (RFC 5508 §4, §5, §7; Linux nf_conntrack_proto_icmp.c, nf_nat_icmp_reply_translation).
 *
 * The packet that an error quotes went the other way. Turned round, it has the tuple of the side from which the error comes; so the error
 * is translated as a packet of that side would be, and what it quotes as if it had never been translated. An error of a router on the way is not
 * of the connection's end: then its source is only changed where the end is hidden behind the host (RFC 5508 REQ-5 c).
 *
 * An error neither opens a connection nor keeps one alive (RFC 5508 REQ-6, RFC 4787 REQ-12).
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Direction, Mark } from '../state/connections.js';
import { connectionOf, directionOf } from '../state/conntrack.js';
import { keyOf, replyPorts } from '../state/tuple.js';
import { IcmpType, type } from '../wire/icmp.js';
import { Icmpv6Type } from '../wire/icmpv6.js';
import { ConnectionState } from './connection.js';
import type { Flow } from './flow.js';
import { isAboutAnother, NO_TRANSPORT } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { Quote, readQuoteOn, rewriteQuoteOn } from './quote.js';
import { nameOf, putAddress } from './tracking.js';
import type { Tracking } from './tracking.js';

export interface NatErrors {
  /** Is the packet at hand an error, or could it be one? */
  readonly isError: () => boolean;
  /** Is it a redirect? */
  readonly isRedirect: () => boolean;
  /** Finds the connection that the error is about, and gives it the addresses that it has on the other side. Says why it is not passed on. */
  readonly arrive: (frame: Frame, tracking: Tracking) => Reason;
  /** Writes what it quotes as it is called on the other side. The frame is the caller's alone. */
  readonly write: (frame: Frame) => void;
}

export function natErrorsOn(plane: Plane, packet: Packet, flow: Flow): NatErrors {
  const { view } = plane.frames;
  const quote = new Quote();
  const readQuote = readQuoteOn(plane, packet, quote);
  const rewriteQuote = rewriteQuoteOn(plane);
  const source = new Int32Array(4);
  const destination = new Int32Array(4);
  let ports = 0;

  function find(tracking: Tracking): number {
    const from = nameOf(tracking, quote.family, quote.destination);
    const to = nameOf(tracking, quote.family, quote.source);
    if (quote.family === 6 && (from < 0 || to < 0)) return -1;
    const key = keyOf(0, quote.protocol, quote.family === 6);
    return tracking.table.find(flow.now, key, from, to, replyPorts(quote.protocol, quote.ports));
  }

  function isEnd(tracking: Tracking, side: number): boolean {
    const end = tracking.table.sourceOf(connectionOf(side), directionOf(side));
    return nameOf(tracking, packet.family, packet.source) === end;
  }

  function translate(tracking: Tracking, side: number): void {
    const { table } = tracking;
    const connection = connectionOf(side);
    const isOriginal = directionOf(side) === Direction.Original;
    const other = isOriginal ? Direction.Reply : Direction.Original;
    const hidesSource = table.has(
      connection,
      isOriginal ? Mark.SourceTranslated : Mark.DestinationTranslated,
    );
    const hidesDestination = table.has(
      connection,
      isOriginal ? Mark.DestinationTranslated : Mark.SourceTranslated,
    );
    if (!hidesSource && !hidesDestination) return;
    putAddress(tracking, packet.family, table.sourceOf(connection, other), source);
    putAddress(tracking, packet.family, table.destinationOf(connection, other), destination);
    ports = table.portsOf(connection, other);
    if (hidesSource || isEnd(tracking, side))
      putAddress(tracking, packet.family, table.destinationOf(connection, other), packet.source);
    if (hidesDestination)
      putAddress(tracking, packet.family, table.sourceOf(connection, other), packet.destination);
    flow.isChanged = true;
    flow.isError = true;
    flow.isDirect = !hidesDestination;
  }

  return {
    isRedirect: () => {
      const kind = type(view, packet.transport);
      return packet.family === 4 ? kind === IcmpType.Redirect : kind === Icmpv6Type.Redirect;
    },
    isError: () => packet.transport !== NO_TRANSPORT && isAboutAnother(plane, packet),
    arrive: (frame, tracking) => {
      const reason = readQuote(frame);
      if (reason !== Reason.Ok) return reason;
      const side = find(tracking);
      if (side < 0) return Reason.Ok;
      flow.side = side;
      flow.state = ConnectionState.Related;
      flow.rule = tracking.table.ruleOf(connectionOf(side));
      translate(tracking, side);
      return Reason.Ok;
    },
    write: (frame) => {
      rewriteQuote(frame, quote, source, destination, ports);
    },
  };
}
