/** What the emulated host itself answers: ARP, neighbor discovery and pings for its addresses, which are the gateways of its networks. */
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { AdvertisementFlag, Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { hex, u8, with16 } from '../build/bytes.js';
import { everybody, station, tagged, word } from '../build/ethernet.js';
import type { Station } from '../build/ethernet.js';
import { announcement, arpReply, arpRequest, echo, echoAnswer } from '../build/ipv4.js';
import { advertisement, echo6, solicitation } from '../build/ipv6.js';
import { at, HOST, lan } from './case.js';
import type { Case, Lab } from './case.js';

const gateway = station(1);
const c1 = station(2);
const c2 = station(3);
const three = ['c1', 'c2', 'c3'];
const bridge = `x-bridge: { mac: '02:42:ac:1c:00:01' }`;

/** The host routes, so it says that it is a router. */
const ROUTER = AdvertisementFlag.Router | AdvertisementFlag.Override;

/** Nobody yet: who looks whether an address is taken (RFC 5227 §2.1.1, RFC 4862 §5.4). */
const newcomer: Station = { ...c1, ip: new Uint8Array(4), ip6: new Uint8Array(16) };

/** ff02::1 and its MAC (RFC 4291 §2.7.1, RFC 2464 §7). */
const allNodes: Station = { ...everybody, mac: hex('33:33:00:00:00:01') };

/** The gateway of another network, seen from this one: that address at this bridge. */
const otherGateway: Station = { ...gateway, ip: u8(172, 29, 0, 1) };

const twoNetworks: Lab = {
  ports: ['c1', 'd1'],
  yaml: `services:
  c1: { networks: { lan: {} } }
  d1: { networks: { other: {} } }
networks:
  lan: { ipam: { config: [{ subnet: 172.28.0.0/24 }] }, ${bridge} }
  other: { ipam: { config: [{ subnet: 172.29.0.0/24 }] } }
`,
};

export const hostCases: readonly Case[] = [
  {
    claim: 'frames-for-the-gateway-go-no-further-than-the-bridge',
    see: 'IEEE 802.1Q §8.13',
    lab: lan(three, { network: [bridge] }),
    steps: [
      at(0, 'c3', announcement(gateway), ['c1', 'c2']),
      at(1, 'c1', word(c1, gateway, 'c3 is not the gateway'), []),
    ],
  },
  {
    claim: 'the-gateway-answers-arp-and-pings',
    see: 'RFC 826; RFC 1122 §3.2.2.6',
    lab: lan(three, { network: [bridge] }),
    steps: [
      at(0, 'c1', arpRequest(c1, gateway), ['c2', 'c3']),
      at(0, HOST, arpReply(gateway, c1), ['c1']),
      at(1, 'c1', echo(c1, gateway, 1), []),
      at(1, HOST, echoAnswer(gateway, c1, 1, 1), ['c1']),
      at(2, 'c2', echo(c2, gateway, 7), []),
      at(2, HOST, echoAnswer(gateway, c2, 7, 2), ['c2']),
      at(3, 'c1', arpRequest(newcomer, gateway), ['c2', 'c3']),
      at(3, HOST, arpReply(gateway, newcomer), ['c1']),
    ],
  },
  {
    claim: 'the-gateway-answers-neighbor-solicitations-and-pings-of-ipv6',
    see: 'RFC 4861 §7.2.4; RFC 4443 §4.2',
    lab: lan(three, {
      subnets: ['172.28.0.0/24', '"fd00:28::/64"'],
      network: ['enable_ipv6: true', bridge],
    }),
    steps: [
      at(0, 'c1', solicitation(c1, gateway), ['c2', 'c3']),
      at(0, HOST, advertisement(gateway, c1, ROUTER | AdvertisementFlag.Solicited), ['c1']),
      at(1, 'c1', echo6(c1, gateway, 1), []),
      at(1, HOST, echo6(gateway, c1, 1, Icmpv6Type.EchoReply), ['c1']),
      at(2, 'c1', solicitation(newcomer, gateway), ['c2', 'c3']),
      at(2, HOST, advertisement(gateway, allNodes, ROUTER), three),
    ],
  },
  {
    claim: 'a-host-answers-on-each-network-for-its-addresses-on-all',
    see: 'RFC 1122 §3.3.4.2; Linux arp_ignore 0',
    lab: twoNetworks,
    steps: [
      at(0, 'c1', echo(c1, otherGateway, 1), []),
      at(0, HOST, echoAnswer(otherGateway, c1, 1, 1), ['c1']),
    ],
  },
  {
    claim: 'without-icc-the-gateway-still-answers',
    see: 'Docker enable_icc: rules of the FORWARD chain do not bind the host',
    lab: lan(three, {
      subnets: ['172.28.0.0/24', '"fd00:28::/64"'],
      network: [
        'enable_ipv6: true',
        `driver_opts: { com.docker.network.bridge.enable_icc: 'false' }`,
        bridge,
      ],
    }),
    steps: [
      at(0, 'c1', echo(c1, gateway, 1), []),
      at(0, HOST, echoAnswer(gateway, c1, 1, 1), ['c1']),
      at(1, 'c1', solicitation(c1, gateway), []),
      at(1, HOST, advertisement(gateway, c1, ROUTER | AdvertisementFlag.Solicited), ['c1']),
    ],
  },
  {
    claim: 'the-host-is-silent-where-linux-is',
    see: 'RFC 1122 §3.2.2.6, §3.2.1.3; RFC 4861 §7.1.1; Linux icmp_echo_ignore_broadcasts 1',
    lab: lan(three, {
      subnets: ['172.28.0.0/24', '"fd00:28::/64"'],
      network: ['enable_ipv6: true', bridge],
    }),
    steps: [
      at(0, 'c2', arpRequest(c2, c1), ['c1', 'c3']),
      at(1, 'c1', echo(c1, everybody, 1), ['c2', 'c3']),
      at(2, 'c1', with16(echo(c1, gateway, 1), 36, 0xbad0), []),
      at(3, 'c1', with16(echo(c1, gateway, 1), 24, 0xbad0), []),
      at(4, 'c1', with16(echo6(c1, gateway, 1), 56, 0xbad0), []),
      at(5, 'c1', tagged(10, echo(c1, gateway, 1)), []),
      at(6, 'c1', arpReply(c1, gateway), []),
      at(7, 'c1', echo(c1, gateway, 1, IcmpType.EchoReply), []),
      at(8, 'c1', echo(c1, { ...gateway, ip: u8(127, 0, 0, 1) }, 1), []),
      at(9, 'c1', announcement({ ...gateway, mac: c1.mac }), ['c2', 'c3']),
      at(10, 'c1', echo({ ...gateway, mac: c1.mac }, gateway, 1), []),
    ],
  },
];
