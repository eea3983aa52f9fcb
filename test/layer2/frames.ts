/**
 * Frames as text, taken apart as far as a model on paper looks into them. Hexadecimal digits compare, cut and join without a thought,
 * and in a failed test they can be read.
 */

/** A MAC reads `02:00:00:00:00:01`. */
export interface Frame {
  readonly to: string;
  readonly from: string;
  /** TPID and control word of each tag as eight digits, the outermost first. */
  readonly tags: readonly string[];
  /** The digits from the EtherType on. */
  readonly rest: string;
}

/** What stations look at in a packet. Addresses are digits: 8 of IPv4, 32 of IPv6. */
export type Packet =
  | {
      readonly kind: 'arp';
      readonly asks: boolean;
      readonly senderMac: string;
      readonly sender: string;
      readonly target: string;
    }
  | { readonly kind: 'ipv4' | 'ipv6'; readonly sender: string; readonly target: string }
  /** A solicitation of somebody who has no address yet (RFC 4862 §5.4.2). */
  | { readonly kind: 'dad'; readonly sender: string; readonly target: string };

export const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const TAGS = ['8100', '88a8'];
const NEIGHBOR_SOLICITATION = '87';
const ICMPV6 = '3a';

export function digitsOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function macText(digits: string): string {
  return (digits.match(/../g) ?? []).join(':');
}

export function ipv4Digits(text: string): string {
  return text
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
}

export function ipv4Text(digits: string): string {
  return (digits.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).join('.');
}

/** Takes a frame apart; it must have a whole header and whole tags. */
export function frameOf(digits: string): Frame {
  const tags: string[] = [];
  let at = 24;
  for (; TAGS.includes(digits.slice(at, at + 4)); at += 8) tags.push(digits.slice(at, at + 8));
  return {
    to: macText(digits.slice(0, 12)),
    from: macText(digits.slice(12, 24)),
    tags,
    rest: digits.slice(at),
  };
}

export function digitsOfFrame({ to, from, tags, rest }: Frame): string {
  return [to, from].join('').replaceAll(':', '') + tags.join('') + rest;
}

/** Broadcast or multicast: the I/G bit of IEEE 802.3 §3.2.3. */
export function isGroup(mac: string): boolean {
  return (parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

export function typeOf({ rest }: Frame): string {
  return rest.slice(0, 4);
}

/** What is behind the tags, if it is ARP or IP. */
export function packetOf(frame: Frame): Packet | undefined {
  const { rest } = frame;
  const field = (at: number, bytes: number): string => rest.slice(4 + 2 * at, 4 + 2 * (at + bytes));
  switch (typeOf(frame)) {
    case '0806':
      return {
        kind: 'arp',
        asks: field(6, 2) === '0001',
        senderMac: macText(field(8, 6)),
        sender: field(14, 4),
        target: field(24, 4),
      };
    case '0800':
      return { kind: 'ipv4', sender: field(12, 4), target: field(16, 4) };
    case '86dd': {
      const sender = field(8, 16);
      const isNameless = /^0+$/.test(sender);
      if (isNameless && field(6, 1) === ICMPV6 && field(40, 1) === NEIGHBOR_SOLICITATION)
        return { kind: 'dad', sender, target: field(48, 16) };
      return { kind: 'ipv6', sender, target: field(24, 16) };
    }
    default:
      return undefined;
  }
}

/** An ARP packet in an Ethernet frame, 42 bytes. */
export function arpFrame(
  asks: boolean,
  sender: { readonly mac: string; readonly ip: string },
  target: { readonly mac: string; readonly ip: string },
): Frame {
  const hardware = asks ? '00:00:00:00:00:00' : target.mac;
  const fields = ['0806', '000108000604', asks ? '0001' : '0002'];
  const parties = [sender.mac, sender.ip, hardware, target.ip].join('').replaceAll(':', '');
  return {
    to: asks ? EVERYBODY : target.mac,
    from: sender.mac,
    tags: [],
    rest: fields.join('') + parties,
  };
}
