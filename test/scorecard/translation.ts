/** RFC 4787, 5382, 5508, 7857 and 3022, and what Linux tracks. */
import type { Chapter, Requirement } from './requirements.js';

const BY_RULES =
  'deviates: only where rules make it so: a published port of Docker, or rules of one’s own';

const udp: readonly Requirement[] = [
  {
    id: 'N4787-1',
    says: 'A source has one mapping, whoever it speaks to.',
    linux: 'deviates: each connection is mapped by itself',
  },
  {
    id: 'N4787-2',
    says: '(S) Of a pool, a source always has the same address.',
    linux: 'deviates: with `select: persistent` only',
  },
  {
    id: 'N4787-3',
    says: 'No two sources have one port. a) (S) Ports below 1024 stay below, others above.',
    linux: 'deviates: they may where their destinations differ; a) is met',
  },
  {
    id: 'N4787-4',
    says: '(S) An even port becomes an even one, an odd port an odd one.',
    linux: 'deviates: any port will do',
  },
  {
    id: 'N4787-5',
    says: 'A mapping lives for 2 minutes. b) (M) Configurable. c) (S) 5 minutes.',
    linux:
      'deviates: 30 s, or 120 s once both sides have spoken for more than 2 s, unless `timeouts` says otherwise',
  },
  {
    id: 'N4787-6',
    says: 'What goes out keeps a mapping alive. a) (M) So does what comes in.',
  },
  {
    id: 'N4787-7',
    says: 'Addresses inside that nobody has chosen are none that the host is connected to (or both may be the same).',
  },
  {
    id: 'N4787-8',
    says: '(S) Whoever outside speaks to a mapping reaches it, or all of a host that was spoken to. (M) Configurable.',
    linux: 'deviates: only the address and port that were spoken to',
  },
  {
    id: 'N4787-9',
    says: 'A neighbor is reached by its name outside. a) Who calls has a name outside as well.',
    linux: BY_RULES,
  },
  {
    id: 'N4787-10',
    says: '(S) Gateways for single applications are off. a) Each can be switched.',
    reason: 'not applicable: there are none',
  },
  {
    id: 'N4787-11',
    says: 'It behaves in the same way at all times, whatever the load.',
  },
  {
    id: 'N4787-12',
    says: 'No ICMP ends a mapping. a) (S) Errors are not filtered by their source. b) (S) Destination Unreachable is translated.',
  },
  {
    id: 'N4787-13',
    says: 'What is too long and may not be cut is said to who sent it. a) Else it is cut, (S) and sent in order.',
  },
  {
    id: 'N4787-14',
    says: 'Fragments are translated in any order. a) A flood of them does no harm to others.',
  },
];

const tcp: readonly Requirement[] = [
  {
    id: 'N5382-1',
    says: 'A source has one mapping, whoever it speaks to.',
    linux: 'deviates: each connection is mapped by itself',
  },
  {
    id: 'N5382-2',
    says: 'Every valid sequence of segments passes, a) also where both sides open at once.',
  },
  {
    id: 'N5382-3',
    says: '(S) Whoever outside opens to a mapping reaches it, or all of a host that was spoken to.',
    linux: 'deviates: only the address and port that were spoken to',
  },
  {
    id: 'N5382-4',
    says: 'A SYN that nobody asked for is not answered for 6 s, and then (S) with an error.',
    linux: 'deviates: the host itself answers at once with a reset',
  },
  {
    id: 'N5382-5',
    says: 'An idle connection is kept for 2 h 4 min, one that opens or closes for 4 min. (M) Configurable.',
    linux:
      'deviates: 5 days, but 30 s to 2 min while it opens or closes, and 10 s after a reset, unless `timeouts` says otherwise',
  },
  {
    id: 'N5382-6',
    says: '(S) Gateways for applications but FTP are off.',
    reason: 'not applicable: there are none',
  },
  {
    id: 'N5382-7',
    says: 'No two sources have one port.',
    linux: 'deviates: they may where their destinations differ',
  },
  {
    id: 'N5382-8',
    says: 'A neighbor is reached by its name outside, and who calls has one as well.',
    linux: BY_RULES,
  },
  { id: 'N5382-9', says: '(S) Destination Unreachable is translated.' },
  { id: 'N5382-10', says: 'No ICMP ends a mapping or a connection.' },
];

const icmp: readonly Requirement[] = [
  {
    id: 'N5508-1',
    says: 'Questions from inside are let out. a) (S) An identifier has one mapping, whoever is asked.',
    linux: 'deviates: a) each conversation is mapped by itself',
  },
  {
    id: 'N5508-2',
    says: 'A question is remembered for 60 s. (S) Configurable.',
    linux: 'deviates: for 30 s, unless `timeouts` says otherwise',
  },
  {
    id: 'N5508-3',
    says: '(S) An error with a wrong checksum is dropped, a) or with one in the quoted header. b) Options in it are skipped. c) (S) The quoted transport is not checked. d) Extensions are no part of it.',
  },
  {
    id: 'N5508-4',
    says: 'An error from outside about nobody’s packet (S) is dropped in silence; else a) the quote is turned back, b) type and code stay, c) it goes to who sent what it quotes.',
  },
  {
    id: 'N5508-5',
    says: 'The same of an error from inside; c) it comes from the public address.',
  },
  { id: 'N5508-6', says: 'An error neither keeps what it is about alive nor ends it.' },
  {
    id: 'N5508-7',
    says: 'Errors go from neighbor to neighbor by names outside, and with Basic NAT questions as well. a) They go to who sent what they quote.',
  },
  {
    id: 'N5508-8',
    says: '(S) Where there is no room, or a rule forbids it, the sender hears that it is prohibited.',
  },
  {
    id: 'N5508-9',
    says: '(M) A policy keeps errors back that would leave by certain interfaces.',
  },
  {
    id: 'N5508-10',
    says: 'Supported are echoes, Destination Unreachable, Time Exceeded, and that a packet is too long.',
  },
  {
    id: 'N5508-11',
    says: '(M) Other types are dropped, or treated as they should be.',
    linux:
      'deviates: questions and errors are; what is neither, as a router solicitation, goes on untranslated',
  },
];

const update: readonly Requirement[] = [
  {
    id: 'N7857-2',
    says: 'States of TCP as in figure 1; .1 timers of opening and closing of their own, 4 min; .2 (S) 4 min after a reset.',
    linux: 'deviates: 30 s to 2 min, and 10 s after a reset, unless `timeouts` says otherwise',
  },
  {
    id: 'N7857-3',
    says: '(M) Two sources have one port where their destinations differ.',
    rfc4787: 'not applicable: whoever speaks to a port is to reach one source',
  },
  ...['pooling', 'mapping', 'filtering'].map((what, i): Requirement => ({
    id: `N7857-${4 + i}`,
    says: `(S) Whether ${what} tells protocols apart can be configured.`,
    linux: 'not applicable: there are no mappings besides connections',
  })),
  {
    id: 'N7857-7',
    says: 'Whether what comes in keeps a mapping alive can be configured; .1 (S) resets and errors that answer it do not.',
    linux: 'not applicable: there are no mappings besides connections',
  },
  {
    id: 'N7857-8',
    says: '(M) The parity of ports is not kept.',
    rfc4787: 'not applicable: RFC 4787 recommends that it is kept, and it is (N4787-4)',
  },
  {
    id: 'N7857-9',
    says: '(S) A port that is not kept is replaced by one chosen at random.',
    linux: 'deviates: with `select: random` only; else by a hash without a secret',
  },
  {
    id: 'N7857-10',
    says: '(S) Identifications are rewritten, so that fragments of two sources are never mixed.',
    linux: 'deviates: they are kept; the host itself does not mix them',
  },
  {
    id: 'N7857-11',
    says: '(M) The mapping of an identifier ends with its last conversation.',
    linux: 'not applicable: there are no mappings besides connections',
  },
  {
    id: 'N7857-12',
    says: 'ICMP goes from neighbor to neighbor by names outside.',
    linux: BY_RULES,
  },
];

const traditional: readonly Requirement[] = [
  { id: 'N3022-4.1', says: 'Addresses, ports and identifiers change, and nothing else.' },
  { id: 'N3022-4.2', says: 'Checksums change by what has changed under them.' },
  { id: 'N3022-4.3', says: 'So does the packet that an ICMP error quotes.' },
  { id: 'N3022-6.3', says: 'Fragments that leave have the ports of their first one.' },
];

const tracking: readonly Requirement[] = [
  {
    id: 'NCT-1',
    says: 'Connections are remembered as long as Linux does, by protocol and state.',
    rfc4787: 'not applicable: the profile has timers of its own',
  },
  { id: 'NCT-2', says: 'A connection is found by both of its tuples, and no two have one.' },
  { id: 'NCT-3', says: 'A full table gives up what was never answered, and nothing assured.' },
  { id: 'NCT-4', says: 'Impossible control bits are invalid.' },
  { id: 'NCT-5', says: 'TCP is picked up in the middle (`tcp_loose`).' },
  { id: 'NCT-6', says: 'What is outside the window is invalid (but for `tcp_be_liberal`).' },
  { id: 'NCT-7', says: 'A reset ends a connection only where it fits.' },
  { id: 'NCT-8', says: 'A SYN that comes again renews nothing.' },
  { id: 'NCT-9', says: 'A SYN in the middle is challenged (RFC 5961).' },
  { id: 'NCT-10', says: 'What has ended may be opened again by the same ports.' },
];

export const translation: readonly Chapter[] = [
  { title: 'RFC 4787: UDP through a NAT', hasProfiles: true, requirements: udp },
  { title: 'RFC 5382: TCP through a NAT', hasProfiles: true, requirements: tcp },
  { title: 'RFC 5508: ICMP through a NAT', hasProfiles: true, requirements: icmp },
  { title: 'RFC 7857: what has changed since', hasProfiles: true, requirements: update },
  { title: 'RFC 3022: traditional NAT', hasProfiles: true, requirements: traditional },
  { title: 'Connection tracking of Linux', hasProfiles: true, requirements: tracking },
];
