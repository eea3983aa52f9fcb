/** The connection of the packet at hand, while a host decides about it. There is one, and it is used up with the packet (packet.ts). */
import type { Conntrack } from '../state/conntrack.js';
import { TcpState } from '../state/conntrack-timeouts.js';
import { Protocol } from '../wire/ipv4.js';
import { ConnectionState } from './connection.js';
import { Packet } from './packet.js';
import type { Tracking } from './tracking.js';

const NOTHING = -1;

/** What a packet has made of a TCP connection. */
export const enum Turn {
  Closes = -1,
  None,
  Opens,
}

/** Is it a connection of TCP that both sides have opened, and neither has begun to close? */
export function isOpen(table: Conntrack, connection: number): boolean {
  return (
    table.protocolOf(connection) === Protocol.Tcp &&
    table.stateOf(connection) === TcpState.Established
  );
}

export class Flow {
  state = ConnectionState.Untracked;
  /** Its side (state/conntrack), or -1 while there is no connection. */
  side = NOTHING;
  /** The row of `natRules` by which it is translated, or -1. */
  rule = NOTHING;
  /** The packet has other addresses or ports now than it came with. */
  isChanged = false;
  /** It is an ICMP error, and what it quotes has other addresses or ports now, too. */
  isError = false;
  /** It goes to a mapped source which has not spoken to its sender (nat-mappings.ts). */
  isForMapping = false;
  turn = Turn.None;
  /** Its destination is the one that it came with. */
  isDirect = true;
  /** What is known of the connections of the host; undefined where it tracks none. */
  tracking: Tracking | undefined;
  /** The tick of the packet, the interface by which it came in, and the key of its tuple (state/tuple). */
  now = 0;
  cameIn = NOTHING;
  key = 0;
  /** The key of the mapping of its source, if there are mappings (nat-mappings.ts). */
  mappingKey = 0;
  /** The packet of a new connection as it came. */
  readonly was = new Packet();

  /** What the firewall is told. */
  get filterState(): ConnectionState {
    const isExpected = this.isForMapping && this.state === ConnectionState.New;
    return isExpected ? ConnectionState.Expected : this.state;
  }

  begin(tracking: Tracking | undefined, now: number, iface: number): void {
    this.state = tracking === undefined ? ConnectionState.Untracked : ConnectionState.Invalid;
    this.side = NOTHING;
    this.rule = NOTHING;
    this.isChanged = false;
    this.isForMapping = false;
    this.turn = Turn.None;
    this.isDirect = true;
    this.isError = false;
    this.tracking = tracking;
    this.now = now;
    this.cameIn = iface;
  }
}
