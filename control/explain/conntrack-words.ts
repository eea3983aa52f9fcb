/** What a connection table holds, in the words of conntrack(8). */
import { Mark } from '../../dataplane/state/connections.js';
import { TcpState } from '../../dataplane/state/conntrack-timeouts.js';
import { Protocol } from '../../dataplane/state/tuple.js';
import { addressText } from '../address.js';
import type { Timeout } from '../model/nat.js';
import type { PlaceView } from './hops.js';

/** By TcpState. */
const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const;

const ICMP: number = Protocol.Icmp;
const TCP: number = Protocol.Tcp;
const UDP: number = Protocol.Udp;
const ICMPV6: number = Protocol.Icmpv6;

const PROTOCOLS: Readonly<Record<number, string>> = {
  [ICMP]: 'icmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  [ICMPV6]: 'icmpv6',
};

/** `tcp`, or the number of the protocol. */
export function protocolText(protocol: number): string {
  return PROTOCOLS[protocol] ?? String(protocol);
}

/** Of a protocol that has states, which is TCP alone. */
export function stateText(protocol: number, state: number): string | undefined {
  return protocol === TCP ? TCP_STATES[state] : undefined;
}

/** The key of `x-nat.*.timeouts` that says how long a connection in this state is kept. */
export function timeoutKey(protocol: number, state: number): Timeout | undefined {
  if (protocol === UDP) return 'udp';
  if (protocol === ICMP || protocol === ICMPV6) return 'icmp';
  if (protocol !== TCP) return undefined;
  switch (state as TcpState) {
    case TcpState.Established:
      return 'tcp_established';
    case TcpState.SynSent:
    case TcpState.SynRecv:
    case TcpState.SynSent2:
      return 'tcp_opening';
    default:
      return 'tcp_closing';
  }
}

/** What has come of a connection so far. */
export function progressOf(marks: number): {
  readonly replied: boolean;
  readonly assured: boolean;
} {
  return { replied: (marks & Mark.SeenReply) !== 0, assured: (marks & Mark.Assured) !== 0 };
}

/** Are the ports of such packets those of RFC 9293, or RFC 768, and not the identifier of an echo? */
function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP;
}

function isEcho(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

/** Of a tuple one end: an echo has one identifier, which goes with its source. */
export function placeOf(
  protocol: number,
  address: string,
  number: number,
  isDestination = false,
): PlaceView {
  if (hasPorts(protocol)) return { address, port: number };
  return isEcho(protocol) && !isDestination ? { address, identifier: number } : { address };
}

/** `172.17.0.2:40000`; `172.17.0.2 (id 7)` of an echo. */
export function placeText({ address, port, identifier }: PlaceView): string {
  if (identifier !== undefined) return `${address} (id ${identifier})`;
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The text of an address in four words, IPv4 in the last. */
export function wordsText(family: 4 | 6, words: readonly number[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  const value = [a, b, c, d].reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
  return addressText(family, family === 4 ? value & 0xffff_ffffn : value);
}
