/** Echoes as a station sends and answers them, and what errors about them mean, in the words of `ping`. */
import { CODE_FRAGMENTATION_NEEDED, IcmpType } from '../../dataplane/wire/icmp.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Ethernet } from '../../dataplane/wire/ethernet.js';
import { join } from '../../pcaps/build/bytes.js';
import type { Station as Addresses } from '../../pcaps/build/ethernet.js';
import { echo, withTimeToLive } from '../../pcaps/build/ipv4.js';
import { echo6 } from '../../pcaps/build/ipv6.js';
import type { IcmpMessage } from './packet.js';

/** An echo request that is not the usual one. Over IPv6 all are usual. */
export interface EchoSaid {
  readonly timeToLive?: number;
  readonly dataBytes?: number;
  /** Routers may cut it (`ping -M dont`). */
  readonly mayBeCut?: boolean;
}

export const HOST_UNREACHABLE = 'Destination Host Unreachable';
export const NETWORK_UNREACHABLE = 'Network is unreachable';
export const TIME_EXCEEDED = 'Time to live exceeded';
const TTL = 64;
const DATA_BYTES = 56;
/** What always fits, so that routers are told not to cut it. */
const DATA_BYTES_WHOLE = 1472;

/** The request with this number. */
export function echoRequest(
  [from, to]: readonly [Addresses, Addresses],
  six: boolean,
  number: number,
  { timeToLive = TTL, dataBytes = DATA_BYTES, mayBeCut = false }: EchoSaid,
): Uint8Array {
  if (six) return echo6(from, to, number);
  const how = mayBeCut || dataBytes > DATA_BYTES_WHOLE ? cuttable(number) : undefined;
  return withLife(echo(from, to, number, IcmpType.EchoRequest, dataBytes, how), timeToLive);
}

/** The answer to a request, which may be cut if that might. */
export function echoReply(
  [from, to]: readonly [Addresses, Addresses],
  six: boolean,
  { sequence, identifier, dataBytes }: IcmpMessage,
  mayBeCut: boolean,
): Uint8Array {
  if (six) return echo6(from, to, sequence, Icmpv6Type.EchoReply, identifier);
  const how = mayBeCut ? cuttable(sequence) : undefined;
  return echo(from, to, sequence, IcmpType.EchoReply, dataBytes, how, identifier);
}

/** What `ping` prints when it hears an error about an echo. */
export function complaintOf({ type, code, mtu }: IcmpMessage, six: boolean): string {
  if (type === (six ? Icmpv6Type.TimeExceeded : IcmpType.TimeExceeded)) return TIME_EXCEEDED;
  if (!six && type === IcmpType.DestinationUnreachable)
    if (code === CODE_FRAGMENTATION_NEEDED) return fragmentationNeeded(mtu);
  return HOST_UNREACHABLE;
}

export function fragmentationNeeded(mtu: number): string {
  return `Frag needed and DF set (mtu = ${mtu})`;
}

/** Its own identification, and none of the flags that forbid cutting. */
function cuttable(number: number): readonly [identification: number, flags: number] {
  return [number, 0];
}

function withLife(frame: Uint8Array, timeToLive: number): Uint8Array {
  if (timeToLive === TTL) return frame;
  const packet = withTimeToLive(frame.slice(Ethernet.HeaderLength), timeToLive);
  return join(frame.slice(0, Ethernet.HeaderLength), packet);
}
