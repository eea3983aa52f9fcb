import test from 'ava';
import { packetDigits } from '../layer3/packets.js';
import type { Packet } from '../layer3/packets.js';
import { C1, EVERYBODY, FAR, ipv6, settled } from './lab.js';

const STATION =
  'stations: [{ mac: "02:42:0a:00:00:03", remote: 192.168.99.2, addresses: [10.0.0.3, "fd00::3"] }]';
const REMOTES = 'remotes: [192.168.99.2, 192.168.99.3]';
const UNKNOWN = '0a000063';
const NOBODY = '00'.repeat(16);
const [MINE6, FAR6, UNKNOWN6] = [ipv6('fd00::2'), ipv6('fd00::3'), ipv6('fd00::63')] as const;

const request = (target: string, sender = C1.ip): string =>
  `${EVERYBODY}${C1.mac}08060001080006040001${C1.mac}${sender}000000000000${target}`;
const reply = (to = C1.mac): string =>
  `${to}${FAR.mac}08060001080006040002${FAR.mac}${FAR.ip}${C1.mac}${C1.ip}`;

/** A neighbor solicitation: type 135, with the MAC of who asks. */
function solicitation(target: string, source = MINE6): string {
  const isAnonymous = /^0+$/.test(source);
  const message: Packet = {
    source,
    destination: `ff0200000000000000000001ff${target.slice(26)}`,
    protocol: 'echo',
    port: 0,
    toPort: 135,
    hopLimit: 255,
    data: `0000${target}${isAnonymous ? '' : `0101${C1.mac}`}`,
  };
  return `3333ff${target.slice(26)}${C1.mac}86dd${packetDigits(message)}`;
}

function advertisement(destination: string, to: string, flags: number): string {
  const message: Packet = {
    source: FAR6,
    destination,
    protocol: 'echo',
    port: flags << 8,
    toPort: 136,
    hopLimit: 255,
    data: `0000${FAR6}0201${FAR.mac}`,
  };
  return `${to}${FAR.mac}86dd${packetDigits(message)}`;
}

test('with `neighbors: suppress` the tunnel end answers ARP for stations that it knows, and asks for others', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: suppress` });
  const known = tunnel.send(request(FAR.ip));
  t.deepEqual(known.left, [
    { port: 'c2', digits: request(FAR.ip) },
    { port: 'c1', digits: reply() },
  ]);
  t.deepEqual(known.ended, ['consumed: vxlan-neighbor-known']);
  const unknown = tunnel.send(request(UNKNOWN));
  t.deepEqual(
    unknown.left.map(({ port }) => port),
    ['c2', 'h.eth0', 'h.eth0'],
  );
});

test('with `neighbors: proxy` no ARP and no solicitation goes into the tunnel', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: proxy` });
  t.deepEqual(tunnel.send(request(FAR.ip)).left[1], { port: 'c1', digits: reply() });
  for (const digits of [
    request(UNKNOWN),
    request(C1.ip),
    `${FAR.mac}${C1.mac}08060001080006040002${C1.mac}${C1.ip}${FAR.mac}${FAR.ip}`,
    solicitation(UNKNOWN6),
  ]) {
    const { left, ended } = tunnel.send(digits);
    t.deepEqual(
      left.filter(({ port }) => port === 'h.eth0'),
      [],
    );
    t.deepEqual(ended, ['dropped: vxlan-neighbor-unknown']);
  }
});

test('with `neighbors: flood`, as by default, all questions go into the tunnel', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}` });
  for (const digits of [request(FAR.ip), request(UNKNOWN), solicitation(FAR6)])
    t.deepEqual(
      tunnel.send(digits).left.map(({ port }) => port),
      ['c2', 'h.eth0', 'h.eth0'],
    );
});

test('an announcement of who asks for itself is no question: it goes on', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: suppress` });
  const announced = request(FAR.ip, FAR.ip);
  t.deepEqual(
    tunnel.send(announced).left.map(({ port }) => port),
    ['c2', 'h.eth0', 'h.eth0'],
  );
});

test('a neighbor solicitation is answered in the same way', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: suppress` });
  const { left, ended } = tunnel.send(solicitation(FAR6));
  t.deepEqual(left, [
    { port: 'c2', digits: solicitation(FAR6) },
    { port: 'c1', digits: advertisement(MINE6, C1.mac, 0x60) },
  ]);
  t.deepEqual(ended, ['consumed: vxlan-neighbor-known']);
});

test('who looks for duplicates hears with all nodes that the address is taken', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: suppress` });
  const { left } = tunnel.send(solicitation(FAR6, NOBODY));
  const heard = left.filter(({ digits }) => digits !== solicitation(FAR6, NOBODY));
  const answer = advertisement(`ff02${'00'.repeat(13)}01`, '333300000001', 0x20);
  t.deepEqual(heard, [
    { port: 'c2', digits: answer },
    { port: 'c1', digits: answer },
  ]);
});

test('a solicitation that is not valid is none to be answered', (t) => {
  const tunnel = settled({ vxlan: `${REMOTES}, ${STATION}, neighbors: suppress` });
  const digits = solicitation(FAR6);
  // Hop limit 64: a router has touched it.
  const routed = digits.slice(0, 42) + '40' + digits.slice(44);
  t.deepEqual(
    tunnel.send(routed).left.map(({ port }) => port),
    ['c2', 'h.eth0', 'h.eth0'],
  );
});

test('in a VLAN that has a VNI the answer has the tag of the question', (t) => {
  const tunnel = settled({
    bridge: 'vlan_filtering: true',
    vxlan: `vlans: { 10: 42 }, ${REMOTES}, ${STATION.replace('}]', ', vni: 42 }]')}, neighbors: suppress`,
  });
  const tag = '8100000a';
  const question = request(FAR.ip);
  const { left } = tunnel.send(question.slice(0, 24) + tag + question.slice(24));
  const answer = reply();
  t.deepEqual(left[1], { port: 'c1', digits: answer.slice(0, 24) + tag + answer.slice(24) });
});
