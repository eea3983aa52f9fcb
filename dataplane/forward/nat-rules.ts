/**
 * Which rule translates a new connection: published ports and `dnat` for where it goes, `snat` and the masquerade of bridge networks for where it
 * comes from. Asked once per connection; the first rule in the order of the Program counts.
 */
import { GatewayMode, NetworkFlag, NONE } from '../program/layout.js';
import { NatFlag, NatKind } from '../program/nat-layout.js';
import type { Program } from '../program/program.js';
import { Protocol } from '../wire/ipv4.js';
import type { LocalAddresses } from './local.js';
import type { Packet } from './packet.js';

export const NO_RULE = -1;

export interface NatRules {
  /** The rule that says where a packet really goes, or NO_RULE. `iface`: where it came in. */
  readonly destination: (host: number, iface: number, packet: Packet) => number;
  /** The rule that says where a packet comes from for others, or NO_RULE. `out`: where it leaves. */
  readonly source: (host: number, out: number, packet: Packet) => number;
  /**
   * Does a packet come from outside: by an interface where sources are translated that leave by it, and which is not such a source's own? Of a
   * rule for all interfaces only the sources tell.
   */
  readonly isFromOutside: (host: number, iface: number, packet: Packet) => boolean;
  /** Is it for an address by which sources are called outside? */
  readonly isForPool: (host: number, packet: Packet) => boolean;
  /** Does Docker masquerade it: is it from a subnet of a bridge network, and leaves elsewhere? */
  readonly masquerades: (host: number, out: number, packet: Packet) => boolean;
}

export function natRulesOf(program: Program, local: LocalAddresses): NatRules {
  const { natRules, hosts, networks, subnets } = program;
  const byHost = (kinds: readonly NatKind[]): readonly Int32Array[] =>
    Array.from({ length: hosts.rows }, (_, host) => {
      const rows = Array.from({ length: natRules.rows }, (_, row) => row);
      const isMeant = (row: number): boolean =>
        natRules.host[row] === host &&
        kinds.includes(natRules.kind[row]) &&
        (natRules.flags[row] & NatFlag.Routed) === 0;
      return Int32Array.from(rows.filter(isMeant));
    });
  const destinations = byHost([NatKind.Published, NatKind.Destination]);
  const sources = byHost([NatKind.Source]);
  const matches = matchOf(program);
  const isMasqueraded = masqueradedSubnets(program);

  /** Is it an interface by which packets of a masqueraded network leave, and no such network itself? */
  function isOutsideDocker(host: number, iface: number, family: number): boolean {
    let isOutside = false;
    for (let row = 0; row < subnets.rows; row++) {
      const network = subnets.network[row];
      if (isMasqueraded[row] === 0 || networks.host[network] !== host) continue;
      if (network === iface) return false;
      if (subnets.family[row] === family) isOutside = true;
    }
    return isOutside;
  }

  function isFor(row: number, host: number, { destination }: Packet): boolean {
    return (natRules.flags[row] & NatFlag.AnyLocal) !== 0
      ? local.isOwn(host, destination)
      : matches(row, destination);
  }

  return {
    destination: (host, iface, packet) => {
      const port = packet.ports & 0xffff;
      const rows = destinations[host];
      const count = rows.length;
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        if (
          natRules.family[row] === packet.family &&
          concerns(program, row, packet.protocol, port) &&
          (natRules.iface[row] === NONE || natRules.iface[row] === iface) &&
          isFor(row, host, packet)
        )
          return row;
      }
      return NO_RULE;
    },
    source: (host, out, packet) => {
      const port = packet.ports >>> 16;
      const rows = sources[host];
      const count = rows.length;
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        if (
          natRules.family[row] === packet.family &&
          concerns(program, row, packet.protocol, port) &&
          (natRules.iface[row] === NONE || natRules.iface[row] === out) &&
          matches(row, packet.source)
        )
          return row;
      }
      return NO_RULE;
    },
    isFromOutside: (host, iface, packet) => {
      const rows = sources[host];
      const count = rows.length;
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        if (natRules.family[row] !== packet.family) continue;
        if (natRules.iface[row] === iface) return true;
        if (natRules.iface[row] === NONE && !matches(row, packet.source)) return true;
      }
      return isOutsideDocker(host, iface, packet.family);
    },
    isForPool: (host, { family, destination }) => {
      const { to0, to1, to2, to3, toCount } = natRules;
      for (const row of sources[host])
        if (
          natRules.family[row] === family &&
          ((destination[0] ^ to0[row]) | (destination[1] ^ to1[row])) === 0 &&
          (destination[2] ^ to2[row]) === 0 &&
          (destination[3] - to3[row]) >>> 0 < toCount[row]
        )
          return true;
      return false;
    },
    masquerades: masqueradesOf(program, isMasqueraded),
  };
}

/** Is a rule about this protocol and port? An echo has an identifier, which no range of ports is about. */
function concerns({ natRules }: Program, row: number, protocol: number, port: number): boolean {
  const wanted = natRules.protocol[row];
  if (wanted !== 0 && wanted !== protocol) return false;
  const isEcho = protocol === Protocol.Icmp || protocol === Protocol.Icmpv6;
  const isAny = natRules.portFirst[row] === 0 && natRules.portLast[row] === 0xffff;
  if (isEcho) return isAny;
  return port >= natRules.portFirst[row] && port <= natRules.portLast[row];
}

/** Makes the function that says whether an address begins as a rule has it. */
function matchOf({ natRules }: Program): (row: number, words: Int32Array) => boolean {
  const { match0, match1, match2, match3, matchPrefix } = natRules;
  return (row, words) =>
    begins(words, match0[row], match1[row], match2[row], match3[row], matchPrefix[row]);
}

/** Do the leading `bits` of an address equal those of four words? */
function begins(
  words: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  bits: number,
): boolean {
  return (
    ((words[0] ^ a) & maskOf(bits)) === 0 &&
    ((words[1] ^ b) & maskOf(bits - 32)) === 0 &&
    ((words[2] ^ c) & maskOf(bits - 64)) === 0 &&
    ((words[3] ^ d) & maskOf(bits - 96)) === 0
  );
}

function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

/** By row of `subnets`: 1 where Docker masquerades what is from there. */
function masqueradedSubnets({ networks, subnets }: Program): Uint8Array {
  return Uint8Array.from({ length: subnets.rows }, (_, row) => {
    const network = subnets.network[row];
    const { gatewayModeIpv4, gatewayModeIpv6, flags } = networks;
    const mode = (subnets.family[row] === 4 ? gatewayModeIpv4 : gatewayModeIpv6)[network];
    const translates = mode === GatewayMode.Nat || mode === GatewayMode.NatUnprotected;
    return (flags[network] & NetworkFlag.Masquerade) !== 0 && translates ? 1 : 0;
  });
}

/** -A POSTROUTING -s SUBNET ! -o BRIDGE -j MASQUERADE, for the gateway modes that translate. */
function masqueradesOf(
  { networks, subnets }: Program,
  isMasqueraded: Uint8Array,
): NatRules['masquerades'] {
  return (host, out, { family, source }) => {
    for (let row = 0; row < subnets.rows; row++) {
      const network = subnets.network[row];
      if (
        isMasqueraded[row] === 1 &&
        networks.host[network] === host &&
        network !== out &&
        subnets.family[row] === family &&
        begins(
          source,
          subnets.word0[row],
          subnets.word1[row],
          subnets.word2[row],
          subnets.word3[row],
          subnets.prefix[row],
        )
      )
        return true;
    }
    return false;
  };
}
