/**
 * TCP as far as a lab needs it (RFC 9293): a station calls a server, says one line, gets one, and both hang up.
 *
 *     client  SYN               →
 *             ← SYN, ACK          server
 *     client  ACK               →
 *     client  the question      →
 *             ← the answer        server
 *             ← FIN               server
 *     client  FIN               →
 *             ← ACK               server
 *
 * The answer says who the server has seen: `you are 172.16.69.234:40000`. A station where nobody listens resets, as Linux does. Nothing is
 * sent twice: what a lab loses it loses on purpose. Numbers have to be exactly those that are due, so a translation that got one wrong is met with
 * silence; and they follow from the order of things, as ports do, so that every run is the same.
 */
import { Flag } from '../../dataplane/wire/tcp.js';
import { text } from '../../pcaps/build/bytes.js';
import type { Station as Addresses } from '../../pcaps/build/ethernet.js';
import { tcp } from '../../pcaps/build/ipv4.js';
import { tcp6 } from '../../pcaps/build/ipv6.js';
import { isIpv6 } from './addresses.js';
import type { Call } from './call.js';
import { keyOf, partyText } from './call.js';
import type { Line } from './call.js';
import type { PacketMessage, Quoted, Segment } from './packet.js';

/** What the parts of a station send with: `build` gets the MACs and IP addresses of both ends, `failed` is called when nobody is found. */
export type Send = (
  source: string,
  destination: string,
  build: (from: Addresses, to: Addresses) => Uint8Array,
  failed: () => void,
) => void;

const enum State {
  SynSent,
  SynReceived,
  Open,
  /** Its FIN is under way. */
  Closing,
}

interface Connection {
  readonly line: Line;
  /** Of the client alone. */
  readonly call?: Call;
  state: State;
  /** The number of the next byte to send, and of the next to come. */
  next: number;
  expected: number;
}

/** How far apart the first numbers of two connections are, as in 4.4BSD. */
const BETWEEN_CONNECTIONS = 64_000;
const QUESTION = 'who am I?\n';

export class Tcp {
  /** Ports. */
  readonly listening = new Set<number>();
  private readonly connections = new Map<string, Connection>();
  private opened = 0;

  constructor(private readonly send: Send) {}

  /** Begins a call; the Call says later what became of it. */
  call(line: Line, call: Call): void {
    const connection = this.open(line, State.SynSent, call);
    this.say(connection, Flag.Syn);
  }

  hear({ source, destination, segment }: PacketMessage): void {
    if (segment === undefined) return;
    const { sourcePort, destinationPort } = segment;
    const line: Line = {
      own: { address: destination, port: destinationPort },
      peer: { address: source, port: sourcePort },
    };
    const connection = this.connections.get(keyOf(line));
    if (connection !== undefined) this.proceed(connection, segment);
    else if (segment.flags === Flag.Syn && this.listening.has(destinationPort))
      this.accept(line, segment);
    else if ((segment.flags & Flag.Rst) === 0) this.reset(line, segment);
  }

  /** An ICMP error about a segment of its own. */
  fail(
    { source, sourcePort, destination, destinationPort }: Quoted,
    outcome: Call['outcome'],
  ): void {
    const own = { address: source, port: sourcePort };
    const peer = { address: destination, port: destinationPort };
    const connection = this.connections.get(keyOf({ own, peer }));
    if (connection?.state === State.SynSent) this.finish(connection, outcome);
  }

  private open(line: Line, state: State, call?: Call): Connection {
    this.opened++;
    const next = BETWEEN_CONNECTIONS * this.opened;
    const connection: Connection = { line, state, next, expected: 0, ...(call && { call }) };
    this.connections.set(keyOf(line), connection);
    return connection;
  }

  private accept(line: Line, { sequence }: Segment): void {
    const connection = this.open(line, State.SynReceived);
    connection.expected = sequence + 1;
    this.say(connection, Flag.Syn | Flag.Ack);
  }

  /** RFC 9293 §3.10.7.1: a reset that the other side can place. */
  private reset(line: Line, { flags, sequence, acknowledgment, data }: Segment): void {
    const length = data.length + (flags & Flag.Syn ? 1 : 0) + (flags & Flag.Fin ? 1 : 0);
    if (flags & Flag.Ack) this.transmit(line, [acknowledgment, 0], Flag.Rst);
    else this.transmit(line, [0, sequence + length], Flag.Rst | Flag.Ack);
  }

  private proceed(connection: Connection, segment: Segment): void {
    const { flags, sequence, acknowledgment, data } = segment;
    const isFirst = connection.state === State.SynSent;
    const isDue = flags & Flag.Ack ? acknowledgment === connection.next : !isFirst;
    if (!isDue) return;
    if (flags & Flag.Rst) {
      this.finish(connection, 'refused');
      return;
    }
    if (isFirst) {
      if ((flags & Flag.Syn) !== 0) this.ask(connection, sequence);
      return;
    }
    if (sequence !== connection.expected) return;
    connection.expected += data.length + (flags & Flag.Fin ? 1 : 0);
    if (connection.state === State.SynReceived) connection.state = State.Open;
    if (data.length > 0) this.take(connection, data);
    if (flags & Flag.Fin) this.hangUp(connection);
    else if (connection.call && connection.state === State.Closing)
      this.finish(connection, 'answered');
  }

  private ask(connection: Connection, sequence: number): void {
    connection.expected = sequence + 1;
    connection.state = State.Open;
    this.say(connection, Flag.Ack);
    this.say(connection, Flag.Psh | Flag.Ack, QUESTION);
  }

  /** The server answers and hangs up; the client keeps what it is told. */
  private take(connection: Connection, data: Uint8Array): void {
    if (connection.call !== undefined) {
      connection.call.answer = Buffer.from(data).toString();
      return;
    }
    this.say(connection, Flag.Psh | Flag.Ack, `you are ${partyText(connection.line.peer)}\n`);
    this.say(connection, Flag.Fin | Flag.Ack);
    connection.state = State.Closing;
  }

  /** The other side has hung up. */
  private hangUp(connection: Connection): void {
    if (connection.state === State.Closing) {
      this.say(connection, Flag.Ack);
      this.connections.delete(keyOf(connection.line));
      return;
    }
    this.say(connection, Flag.Fin | Flag.Ack);
    connection.state = State.Closing;
  }

  private finish(connection: Connection, outcome: Call['outcome']): void {
    this.connections.delete(keyOf(connection.line));
    if (connection.call !== undefined) connection.call.outcome = outcome;
  }

  private say(connection: Connection, flags: number, data = ''): void {
    const numbers = [connection.next, connection.expected] as const;
    this.transmit(connection.line, numbers, flags, data, () => {
      this.finish(connection, 'unreachable');
    });
    const taken = flags & (Flag.Syn | Flag.Fin) ? 1 : 0;
    connection.next += text(data).length + taken;
  }

  private transmit(
    { own, peer }: Line,
    numbers: readonly [sequence: number, acknowledged: number],
    flags: number,
    data = '',
    failed: () => void = () => undefined,
  ): void {
    const build = isIpv6(own.address) ? tcp6 : tcp;
    const ports = [own.port, peer.port] as const;
    this.send(
      own.address,
      peer.address,
      (from, to) => build(from, to, ports, numbers, flags, data),
      failed,
    );
  }
}
