/** Fragments of IPv4 put together again (RFC 791 §3.2). They have to come in order, each once: a lab has no reason to shuffle them. */
import { checksumOf, sum } from '../../dataplane/wire/checksum.js';
import { Ipv4 } from '../../dataplane/wire/ipv4.js';
import { join, viewOf, with16 } from '../../pcaps/build/bytes.js';
import { ipv4Of } from './packet.js';
import type { PacketMessage } from './packet.js';

export class Reassembly {
  /** What is there so far, by source and identification: a packet as long as it seems. */
  private readonly begun = new Map<string, Uint8Array>();

  /** Takes a fragment; gives the whole packet with the last one. */
  take(message: PacketMessage): PacketMessage | undefined {
    const { bytes, source, fragment } = message;
    if (fragment === undefined) return message;
    const key = `${source} ${fragment.identification}`;
    const before = this.begun.get(key);
    const there = before === undefined ? 0 : before.length - Ipv4.HeaderLengthMin;
    if (fragment.offset !== there) return undefined;
    const whole = before === undefined ? bytes : join(before, bytes.slice(Ipv4.HeaderLengthMin));
    this.begun.set(key, whole);
    if (fragment.more) return undefined;
    this.begun.delete(key);
    return ipv4Of(unfragmented(whole));
  }
}

function unfragmented(packet: Uint8Array): Uint8Array {
  const head = packet.slice(0, Ipv4.HeaderLengthMin);
  const whole = with16(with16(with16(head, 2, packet.length), 6, 0), 10, 0);
  const checksum = checksumOf(sum(viewOf(whole), 0, Ipv4.HeaderLengthMin));
  return join(with16(whole, 10, checksum), packet.slice(Ipv4.HeaderLengthMin));
}
