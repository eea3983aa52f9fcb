/** What a bridge does not let pass, and what passes although one might think otherwise. */
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { counting, hex, text, with16 } from '../build/bytes.js';
import * as eth from '../build/ethernet.js';
import { everybody, lldp, ofLength, reserved, station, tagged, word } from '../build/ethernet.js';
import { announcement, arpReply, arpRequest, echo, udp } from '../build/ipv4.js';
import { echo6, solicitation } from '../build/ipv6.js';
import { at, lan } from './case.js';
import type { Case, Lab, Step } from './case.js';

const c1 = station(2);
const c2 = station(3);
const c3 = station(4);
const guest = station(9);
const three = ['c1', 'c2', 'c3'];

/** A frame to each of the sixteen reserved addresses, a second apart; those that pass reach c2 and c3. */
function toReserved(passes: (n: number) => boolean): Step[] {
  return Array.from({ length: 16 }, (_, n) =>
    at(n, 'c1', word(c1, reserved(n), `to 0${n.toString(16)}`), passes(n) ? ['c2', 'c3'] : []),
  );
}

const reservedCases: readonly Case[] = [
  {
    claim: 'of-the-reserved-addresses-only-the-first-passes-by-default',
    see: 'IEEE 802.1Q §8.6.3, Table 8-1; Linux without spanning tree',
    lab: lan(three),
    steps: [
      ...toReserved((n) => n === 0),
      at(16, 'c1', eth.spanningTree(c1), ['c2', 'c3']),
      at(17, 'c1', lldp(c1), []),
      at(18, 'c1', word(c1, reserved(0x10), 'no longer reserved'), ['c2', 'c3']),
    ],
  },
  {
    claim: 'lldp-passes-where-the-group-mask-lets-it',
    see: 'Linux bridge/group_fwd_mask',
    lab: lan(three, { network: ['x-bridge: { group_fwd_mask: 0x4000 }'] }),
    steps: [
      at(0, 'c1', lldp(c1), ['c2', 'c3']),
      at(1, 'c1', word(c1, reserved(0xd), 'its neighbour does not'), []),
      at(2, 'c2', lldp(c2), ['c1', 'c3']),
    ],
  },
  {
    claim: 'all-sixteen-reserved-addresses-pass-with-a-full-group-mask',
    see: 'IEEE 802.1Q Table 8-1',
    lab: lan(three, { network: ['x-bridge: { group_fwd_mask: 0xffff }'] }),
    steps: toReserved(() => true),
  },
  {
    claim: 'pause-is-never-forwarded-and-teaches-nothing',
    see: 'IEEE 802.3 Annex 31B',
    lab: lan(three, { network: ['x-bridge: { group_fwd_mask: 0xffff }'] }),
    steps: [
      at(0, 'c1', eth.pause(c1), []),
      at(1, 'c2', word(c2, c1, 'c1 has not been heard'), ['c1', 'c3']),
      at(2, 'c1', eth.padded(eth.ethernet(c1, c2, EtherType.MacControl, hex('0001ffff'))), []),
      at(3, 'c2', word(c2, c1, 'nor now'), ['c1', 'c3']),
      // Anything else to the address of PAUSE passes with this mask, and is not learned from either.
      at(4, 'c1', word(c1, reserved(1), 'no pause'), ['c2', 'c3']),
      at(5, 'c2', word(c2, c1, 'nor even now'), ['c1', 'c3']),
    ],
  },
  {
    claim: 'a-station-is-learned-also-from-what-is-not-forwarded',
    see: 'Linux br_handle_frame, which learns from reserved addresses',
    lab: lan(three),
    steps: [at(0, 'c2', lldp(c2), []), at(1, 'c1', word(c1, c2, 'you were heard'), ['c2'])],
  },
];

const apart: Lab = {
  yaml: `services:
  c1: { networks: { red: {} } }
  c2: { networks: { red: {} } }
  c3: { networks: { blue: {} } }
  c4: { networks: { blue: {} } }
  both: { networks: { red: {}, blue: {} } }
networks:
  red: { ipam: { config: [{ subnet: 172.28.0.0/24 }] } }
  blue: { ipam: { config: [{ subnet: 172.28.1.0/24 }] } }
`,
  ports: ['c1', 'c2', 'c3', 'c4', 'both.red', 'both.blue'],
};

const contactCases: readonly Case[] = [
  {
    claim: 'two-networks-are-apart',
    see: 'Docker: one bridge per network',
    lab: apart,
    steps: [
      at(0, 'c1', announcement(c1), ['c2', 'both.red']),
      at(1, 'c3', announcement(c3), ['c4', 'both.blue']),
      at(2, 'c1', word(c1, c3, 'c3 is not of this network'), ['c2', 'both.red']),
      at(3, 'c2', announcement(guest), ['c1', 'both.red']),
      at(4, 'c4', announcement(guest), ['c3', 'both.blue']),
      at(5, 'c1', word(c1, guest, 'the same address here'), ['c2']),
      at(6, 'c3', word(c3, guest, 'and there'), ['c4']),
      at(7, 'both.red', word(c2, c1, 'from red to red'), ['c1']),
      at(8, 'both.blue', word(c2, c1, 'from blue to nobody'), ['c3', 'c4']),
    ],
  },
  {
    claim: 'isolated-ports-reach-only-ports-that-are-not',
    see: 'Linux br_skb_isolated; bridge(8), isolated',
    lab: lan(three, { ports: { c1: '{ isolated: true }', c2: '{ isolated: true }' } }),
    steps: [
      at(0, 'c1', announcement(c1), ['c3']),
      at(1, 'c1', word(c1, c2, 'looked for at c3 alone'), ['c3']),
      at(2, 'c3', announcement(c3), ['c1', 'c2']),
      at(3, 'c2', word(c2, c1, 'known, and out of reach'), []),
      at(4, 'c3', word(c3, c1, 'not for me'), ['c1']),
      at(5, 'c2', word(c2, c3, 'nor the other way'), ['c3']),
    ],
  },
  {
    claim: 'without-icc-arp-passes-and-ip-does-not',
    see: 'Docker com.docker.network.bridge.enable_icc: iptables FORWARD, which ARP never enters',
    lab: lan(three, {
      network: [`driver_opts: { com.docker.network.bridge.enable_icc: 'false' }`],
    }),
    steps: [
      at(0, 'c1', arpRequest(c1, c2), ['c2', 'c3']),
      at(0.1, 'c2', arpReply(c2, c1), ['c1']),
      at(0.2, 'c1', echo(c1, c2, 1), []),
      at(0.3, 'c1', echo6(c1, c2, 1), []),
      at(0.4, 'c1', solicitation(c1, c2), []),
      at(0.5, 'c3', udp(c3, everybody, [138, 138], text('anyone?')), []),
      at(0.6, 'c2', word(c2, c3, 'neither ARP nor IP'), ['c3']),
      at(0.7, 'c1', tagged(10, echo(c1, c2, 2)), ['c2']),
    ],
  },
];

/** With the tag of a customer and the tag of a provider around it (IEEE 802.1ad). */
function twice(frame: Uint8Array): Uint8Array {
  return tagged(200, tagged(10, frame), EtherType.ServiceTag);
}

const sizeCases: readonly Case[] = [
  {
    claim: 'the-mtu-counts-what-stands-behind-header-and-vlan-tags',
    see: 'IEEE 802.1Q §6.5.8; Linux is_skb_forwardable',
    lab: lan(three),
    steps: [
      at(0, 'c1', ofLength(c1, everybody, 1514), ['c2', 'c3']),
      at(1, 'c1', ofLength(c1, everybody, 1515), []),
      at(2, 'c1', tagged(10, ofLength(c1, everybody, 1514)), ['c2', 'c3']),
      at(3, 'c1', tagged(10, ofLength(c1, everybody, 1515)), []),
      at(4, 'c1', twice(ofLength(c1, everybody, 1514)), ['c2', 'c3']),
      at(4.5, 'c1', twice(ofLength(c1, everybody, 1515)), []),
      at(5, 'c1', ofLength(c1, everybody, 2000), []),
    ],
  },
  {
    claim: 'the-mtu-is-what-the-topology-says',
    see: 'Docker com.docker.network.driver.mtu',
    lab: lan(three, { network: [`driver_opts: { com.docker.network.driver.mtu: '4000' }`] }),
    steps: [
      at(0, 'c1', ofLength(c1, everybody, 4014), ['c2', 'c3']),
      at(1, 'c1', ofLength(c1, everybody, 4015), []),
      at(2, 'c1', tagged(10, ofLength(c1, everybody, 4014)), ['c2', 'c3']),
    ],
  },
  {
    claim: 'vlan-tags-pass-unchanged-and-do-not-divide-the-network',
    see: 'Linux vlan_filtering 0',
    lab: lan(three),
    steps: [
      at(0, 'c1', tagged(10, arpRequest(c1, c2)), ['c2', 'c3']),
      at(1, 'c2', tagged(20, arpReply(c2, c1)), ['c1']),
      at(2, 'c1', echo(c1, c2, 1), ['c2']),
      at(3, 'c2', tagged(0, echo(c2, c1, 1, IcmpType.EchoReply)), ['c1']),
      at(4, 'c1', twice(echo(c1, c2, 2)), ['c2']),
      at(5, 'c1', tagged(1, tagged(2, tagged(3, echo(c1, c2, 3)))), ['c2']),
    ],
  },
  {
    claim: 'a-frame-shorter-than-its-header-is-dropped',
    see: 'IEEE 802.3 §3.1.1',
    lab: lan(three),
    steps: [
      at(0, 'c1', new Uint8Array(0), []),
      at(1, 'c1', word(c1, everybody, '').slice(0, 13), []),
      at(2, 'c1', word(c1, everybody, '').slice(0, 14), ['c2', 'c3']),
      at(3, 'c1', tagged(10, word(c1, everybody, '')).slice(0, 15), []),
    ],
  },
  {
    claim: 'a-bridge-does-not-judge-what-a-frame-carries',
    see: 'IEEE 802.1Q §6.5; IEEE 802.3 §3.2.6',
    lab: lan(three),
    steps: [
      at(0, 'c1', with16(echo(c1, everybody, 1), 24, 0xbad0), ['c2', 'c3']),
      at(1, 'c2', with16(echo(c2, c1, 1), 16, 0xffff), ['c1']),
      at(2, 'c1', arpReply(c1, c2).slice(0, 20), ['c2']),
      at(3, 'c1', eth.ethernet(c1, c2, 0x0000, counting(46)), ['c2']),
      at(4, 'c1', eth.ethernet(c1, c2, 0x05dc, counting(46)), ['c2']),
      at(5, 'c1', eth.ethernet(c1, c2, 0xffff, counting(46)), ['c2']),
    ],
  },
];

export const filteringCases: readonly Case[] = [...reservedCases, ...contactCases, ...sizeCases];
