/** What a station says to a server, by TCP or UDP, and what becomes of it. */

/** An address and a port. */
export interface Party {
  readonly address: string;
  readonly port: number;
}

/** Both ends of a connection, as one of them sees it. */
export interface Line {
  readonly own: Party;
  readonly peer: Party;
}

export interface Call {
  /** `waiting` is what remains where nobody says anything; `refused`: by a reset, or because the port is unreachable. */
  outcome: 'waiting' | 'answered' | 'refused' | 'unreachable';
  /** The line that the server said: `you are 172.16.69.50:40000`. */
  answer: string;
}

export type Transport = 'tcp' | 'udp';

/** `172.16.69.50:40000`, `[fd00::2]:40000`. */
export function partyText({ address, port }: Party): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The same for the same line. */
export function keyOf({ own, peer }: Line): string {
  return `${partyText(own)} ${partyText(peer)}`;
}

/** Who a server says that it has seen. */
export function partyIn(answer: string): Party | undefined {
  const found = /^you are \[?(?<address>[^\]]+)\]?:(?<port>\d+)\n$/.exec(answer)?.groups;
  return found && { address: found['address'] ?? '', port: Number(found['port']) };
}
