/** What a bridge learns, where it looks for whom it does not know, and when it forgets. */
import { tcp, announcement, arpReply, arpRequest, echo, udp } from '../build/ipv4.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { text } from '../build/bytes.js';
import { everybody, ofLength, station, word } from '../build/ethernet.js';
import { advertisement, solicitation } from '../build/ipv6.js';
import { at, lan } from './case.js';
import type { Case } from './case.js';

const c1 = station(2);
const c2 = station(3);
const c3 = station(4);
/** A station that is no container of its own: it lives behind one of them. */
const guest = station(9);
const three = ['c1', 'c2', 'c3'];

const flooding: readonly Case[] = [
  {
    claim: 'an-unknown-station-is-looked-for-at-every-other-port',
    see: 'IEEE 802.1Q §8.6.3',
    lab: lan(three),
    steps: [
      at(0, 'c1', word(c1, c2, 'c2, are you there?'), ['c2', 'c3']),
      at(1, 'c1', ofLength(c1, c3, 1514), ['c2', 'c3']),
      at(2, 'c2', word(c2, guest, 'and you?'), ['c1', 'c3']),
    ],
  },
  {
    claim: 'a-broadcast-reaches-every-port-but-the-one-it-came-from',
    see: 'IEEE 802.1Q §8.6.1',
    lab: lan(['c1', 'c2', 'c3', 'c4']),
    steps: [
      at(0, 'c2', announcement(c2), ['c1', 'c3', 'c4']),
      at(1, 'c4', udp(station(5), everybody, [40_000, 9], text('discard this')), [
        'c1',
        'c2',
        'c3',
      ]),
      at(2, 'c2', announcement(c2), ['c1', 'c3', 'c4']),
    ],
  },
  {
    claim: 'a-multicast-reaches-every-port-but-the-one-it-came-from',
    see: 'IEEE 802.1Q §8.6.3',
    lab: lan(three),
    steps: [
      at(0, 'c1', solicitation(c1, c2), ['c2', 'c3']),
      at(0.001, 'c2', advertisement(c2, c1), ['c1']),
      at(1, 'c3', solicitation(c3, c2), ['c1', 'c2']),
    ],
  },
  {
    claim: 'a-frame-for-a-station-behind-its-own-port-goes-nowhere',
    see: 'IEEE 802.1Q §8.6.1',
    lab: lan(three),
    steps: [
      at(0, 'c1', word(guest, c2, 'I live behind c1'), ['c2', 'c3']),
      at(1, 'c1', word(c1, guest, 'we need no bridge'), []),
      at(2, 'c2', word(c2, guest, 'I do'), ['c1']),
    ],
  },
  {
    claim: 'a-hairpin-port-gets-its-own-frames-back',
    see: 'IEEE 802.1Q §8.6.1, reflective relay; Linux BR_HAIRPIN_MODE',
    lab: lan(three, { ports: { c1: '{ hairpin: true }' } }),
    steps: [
      at(0, 'c1', word(guest, everybody, 'I live behind c1'), ['c1', 'c2', 'c3']),
      at(1, 'c1', word(c1, guest, 'there and back'), ['c1']),
      at(2, 'c2', word(c2, everybody, 'my port is an ordinary one'), ['c1', 'c3']),
      at(3, 'c2', word(c3, c2, 'no way back'), []),
    ],
  },
];

const learning: readonly Case[] = [
  {
    claim: 'a-station-that-has-spoken-gets-its-frames-alone',
    see: 'IEEE 802.1Q §8.7',
    lab: lan(three),
    steps: [
      at(0, 'c1', arpRequest(c1, c2), ['c2', 'c3']),
      at(0.000_1, 'c2', arpReply(c2, c1), ['c1']),
      at(0.000_2, 'c1', echo(c1, c2, 1), ['c2']),
      at(0.000_3, 'c2', echo(c2, c1, 1, IcmpType.EchoReply), ['c1']),
      at(1, 'c1', tcp(c1, c2, [40_000, 80], [1000, 0], 2), ['c2']),
      at(1.000_1, 'c2', tcp(c2, c1, [80, 40_000], [5000, 1001], 18), ['c1']),
      at(1.000_2, 'c1', tcp(c1, c2, [40_000, 80], [1001, 5001], 16), ['c2']),
      at(1.000_3, 'c1', tcp(c1, c2, [40_000, 80], [1001, 5001], 24, 'GET /\r\n'), ['c2']),
      at(2, 'c3', word(c3, c1, 'c3 was heard only now'), ['c1']),
      at(3, 'c2', word(c2, c3, 'but it was'), ['c3']),
    ],
  },
  {
    claim: 'a-station-that-moves-is-found-at-its-new-port',
    see: 'IEEE 802.1Q §8.8.3; Linux br_fdb_update',
    lab: lan(three),
    steps: [
      at(0, 'c2', announcement(guest), ['c1', 'c3']),
      at(1, 'c1', echo(c1, guest, 1), ['c2']),
      at(2, 'c3', announcement(guest), ['c1', 'c2']),
      at(3, 'c1', echo(c1, guest, 2), ['c3']),
      at(4, 'c2', echo(guest, c1, 2, IcmpType.EchoReply), ['c1']),
      at(5, 'c1', echo(c1, guest, 3), ['c2']),
      at(6, 'c3', word(c3, guest, 'gone again'), ['c2']),
    ],
  },
  {
    claim: 'a-frame-that-no-station-can-have-sent-is-dropped-and-teaches-nothing',
    see: 'IEEE 802.1Q §8.7; Linux br_handle_frame',
    lab: lan(three),
    steps: [
      at(0, 'c1', word({ mac: new Uint8Array(6) }, everybody, 'from nobody'), []),
      at(1, 'c1', word(everybody, everybody, 'from everybody'), []),
      at(2, 'c1', word({ mac: Uint8Array.of(3, 0, 0, 0, 0, 1) }, c2, 'from a group'), []),
      at(3, 'c2', word(c2, { mac: new Uint8Array(6) }, 'to nobody'), ['c1', 'c3']),
    ],
  },
  {
    claim: 'a-port-that-forges-addresses-loses-its-own-stations-and-no-others',
    see: 'Open vSwitch, mac-learning.h, fair eviction',
    lab: lan(three, { network: ['x-bridge: { fdb_max_learned: 4 }'] }),
    steps: [
      at(0, 'c2', announcement(c2), ['c1', 'c3']),
      at(1, 'c3', announcement(station(11)), ['c1', 'c2']),
      at(2, 'c3', announcement(station(12)), ['c1', 'c2']),
      at(3, 'c3', announcement(station(13)), ['c1', 'c2']),
      at(4, 'c3', announcement(station(14)), ['c1', 'c2']),
      at(5, 'c1', word(c1, c2, 'c2 is still known'), ['c2']),
      at(6, 'c1', word(c1, station(11), 'gave way to .14'), ['c2', 'c3']),
      at(7, 'c1', word(c1, station(12), 'gave way to c1'), ['c2', 'c3']),
      at(8, 'c1', word(c1, station(13), 'is known'), ['c3']),
      at(9, 'c1', word(c1, station(14), 'is known'), ['c3']),
    ],
  },
];

const printer = `x-bridge: { stations: [{ mac: '02:42:ac:1c:00:09', port: c2`;

const ageing: readonly Case[] = [
  {
    claim: 'a-station-is-forgotten-300-seconds-after-it-was-last-heard',
    see: 'IEEE 802.1Q §8.8.3, Table 8-6',
    lab: lan(three),
    steps: [
      at(0, 'c2', announcement(c2), ['c1', 'c3']),
      at(100, 'c2', announcement(c2), ['c1', 'c3']),
      at(399.999_999_999, 'c1', word(c1, c2, 'just in time'), ['c2']),
      at(400, 'c1', word(c1, c2, 'who was c2?'), ['c2', 'c3']),
      at(400.5, 'c2', word(c2, c1, 'me'), ['c1']),
      at(700.499_999_999, 'c1', word(c1, c2, 'just in time'), ['c2']),
      at(700.5, 'c1', word(c1, c2, 'who was c2?'), ['c2', 'c3']),
    ],
  },
  {
    claim: 'stations-age-as-fast-as-the-topology-says',
    see: 'IEEE 802.1Q §8.8.3; Linux bridge/ageing_time',
    lab: lan(three, { network: ['x-bridge: { ageing: 10s }'] }),
    steps: [
      at(0, 'c2', announcement(c2), ['c1', 'c3']),
      at(9.999_999_999, 'c1', word(c1, c2, 'just in time'), ['c2']),
      at(10, 'c1', word(c1, c2, 'who was c2?'), ['c2', 'c3']),
    ],
  },
  {
    claim: 'a-static-station-is-known-before-it-speaks-and-never-forgotten',
    see: 'IEEE 802.1Q §8.8.1',
    lab: lan(three, { network: [`${printer} }] }`] }),
    steps: [
      at(0, 'c1', word(c1, guest, 'never heard of, and yet known'), ['c2']),
      at(100_000, 'c1', word(c1, guest, 'a day later'), ['c2']),
    ],
  },
  {
    claim: 'a-static-station-moves-when-it-is-heard-elsewhere-and-is-not-forgotten-there',
    see: 'Linux br_fdb_update',
    lab: lan(three, { network: [`${printer} }] }`] }),
    steps: [
      at(0, 'c3', announcement(guest), ['c1', 'c2']),
      at(1, 'c1', word(c1, guest, 'it was carried to c3'), ['c3']),
      at(4000, 'c1', word(c1, guest, 'and is still there'), ['c3']),
    ],
  },
  {
    claim: 'a-sticky-station-stays-where-it-is-nailed',
    see: 'Linux BR_FDB_STICKY; bridge(8), sticky',
    lab: lan(three, { network: [`${printer}, sticky: true }] }`] }),
    steps: [
      at(0, 'c3', announcement(guest), ['c1', 'c2']),
      at(1, 'c1', word(c1, guest, 'c3 only pretends'), ['c2']),
    ],
  },
];

export const learningCases: readonly Case[] = [...flooding, ...learning, ...ageing];
