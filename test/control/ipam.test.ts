import test from 'ava';
import fc from 'fast-check';

import { blockText, parseBlock, type Block } from '../../control/address.js';
import { AddressSpace } from '../../control/ipam.js';
import { parseLab } from '../../control/model/load.js';
import { mistakesOf } from './expect-mistakes.js';

function block(text: string): Block {
  const parsed = parseBlock(text);
  if (parsed === undefined) throw new Error(text);
  return parsed.block;
}

const networksOf = (text: string) => parseLab(text, 'lab.yaml').networks;
const subnetsOf = (text: string) =>
  networksOf(text).map(({ pools }) => pools.map(({ subnet }) => subnet.value).join(' '));
const gatewaysOf = (text: string) =>
  networksOf(text).map(({ pools }) => pools.map(({ gateway }) => gateway?.value).join(' '));
const addressesOf = (text: string) =>
  networksOf(text).flatMap(({ endpoints }) => endpoints.map(({ ipv4 }) => ipv4?.value));

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('');
}

test('subnets are chosen in order: 172.18–31.0.0/16, then 192.168.0.0/20 and up, 30 in all', (t) => {
  const chosen = subnetsOf(`networks:\n${many(30, (n) => `  n${n}:\n`)}`);
  t.is(chosen[0], '172.18.0.0/16');
  t.is(chosen[13], '172.31.0.0/16');
  t.is(chosen[14], '192.168.0.0/20');
  t.is(chosen[29], '192.168.240.0/20');
  const mistakes = mistakesOf(`networks:\n${many(31, (n) => `  n${n}:\n`)}`);
  t.deepEqual(
    mistakes.map(({ at, what }) => `${at.line} ${what}`),
    [
      '32 could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    ],
  );
});

test('N4787-7: subnets the host is connected to are not chosen, but may be declared (X-01, N06)', (t) => {
  const hosts =
    'x-wires: { lan: }\nx-hosts: { h: { nics: { eth0: { wire: lan, addresses: [172.18.5.5/16, 172.19.0.1/24] } } } }\n';
  t.deepEqual(subnetsOf(`${hosts}networks: { a: }`), ['172.20.0.0/16']);
  const declared = 'networks: { a: { ipam: { config: [ { subnet: 172.18.0.0/16 } ] } } }';
  t.deepEqual(subnetsOf(hosts + declared), ['172.18.0.0/16']);
});

test('declared subnets come before chosen ones, wherever they stand', (t) => {
  const text = 'networks: { a: , b: { ipam: { config: [ { subnet: 172.18.0.0/24 } ] } } }';
  t.deepEqual(subnetsOf(text), ['172.19.0.0/16', '172.18.0.0/24']);
});

test('each host has its own address space', (t) => {
  const text = 'x-hosts: { h1: , h2: }\nnetworks: { a: { x-host: h1 }, b: { x-host: h2 } }';
  t.deepEqual(subnetsOf(text), ['172.18.0.0/16', '172.18.0.0/16']);
});

test('C-06: with a range, the gateway is its first address, and the first container the next', (t) => {
  const text =
    'networks: { a: { ipam: { config: [ { subnet: 192.168.0.0/16, ip_range: 192.168.11.0/24 } ] } } }\nservices: { c1: { networks: [a] } }';
  t.deepEqual(gatewaysOf(text), ['192.168.11.0']);
  t.deepEqual(addressesOf(text), ['192.168.11.1']);
});

test('A-18 X-22: a range at the top of a subnet: its first address is used, the broadcast is not', (t) => {
  const network =
    'networks: { a: { ipam: { config: [ { subnet: 172.16.69.0/24, gateway: 172.16.69.1, ip_range: 172.16.69.240/28 } ] } } }\n';
  const services = (count: number) =>
    `services:\n${many(count, (n) => `  c${n}: { networks: [a] }\n`)}`;
  const addresses = addressesOf(network + services(15));
  t.is(addresses[0], '172.16.69.240');
  t.is(addresses[14], '172.16.69.254');
  t.is(mistakesOf(network + services(16)).length, 1);
});

test('X-22: a fixed address may lie outside the range', (t) => {
  const text =
    'networks: { a: { ipam: { config: [ { subnet: 10.80.0.0/16, ip_range: 10.80.5.0/24 } ] } } }\nservices: { c1: { networks: { a: { ipv4_address: 10.80.9.9 } } } }';
  t.deepEqual(addressesOf(text), ['10.80.9.9']);
});

test('C-04: networks share a subnet if their ranges differ, and then its addresses', (t) => {
  const network = (name: string, range: string) =>
    `  ${name}: { ipam: { config: [ { subnet: 192.168.0.0/16, ip_range: ${range} } ] } }\n`;
  const shared = `networks:\n${network('a', '192.168.11.0/24')}${network('b', '192.168.12.0/24')}`;
  t.deepEqual(gatewaysOf(shared), ['192.168.11.0', '192.168.12.0']);
  const same = `networks:\n${network('a', '192.168.11.0/24')}${network('b', '192.168.11.0/24')}`;
  t.deepEqual(
    mistakesOf(same).map(({ what }) => what),
    ['Pool overlaps with other one on this address space'],
  );
});

test('fixed and auxiliary addresses are kept from those who do not ask, whoever stands first', (t) => {
  const text = `networks: { a: { ipam: { config: [ { subnet: 10.0.0.0/24, aux_addresses: { printer: 10.0.0.4 } } ] } } }
services: { c1: { networks: [a] }, c2: { networks: [a] }, c3: { networks: { a: { ipv4_address: 10.0.0.2 } } } }`;
  t.deepEqual(addressesOf(text), ['10.0.0.3', '10.0.0.5', '10.0.0.2']);
});

test('D-15: IPv6 addresses are counted from ::2, and a subnet is made up from the name', (t) => {
  const [a, b] = networksOf(`networks:
  a: { enable_ipv6: true, ipam: { config: [ { subnet: "fd00:1::/64" } ] } }
  b: { enable_ipv6: true }
services: { c1: { networks: [a, b] }, c2: { networks: { a: { ipv6_address: "FD00:1::0:3" } } }, c3: { networks: [a] } }`);
  t.deepEqual(
    a?.endpoints.map(({ ipv4, ipv6 }) => `${ipv4?.value} ${ipv6?.value}`),
    ['172.18.0.2 fd00:1::2', '172.18.0.3 fd00:1::3', '172.18.0.4 fd00:1::4'],
  );
  t.is(a?.pools[0]?.gateway?.value, 'fd00:1::1');
  t.regex(b?.pools[1]?.subnet.value ?? '', /^fd[0-9a-f:]+::\/64$/);
});

test('without IPv4 the MAC follows from the names', (t) => {
  const text =
    'networks: { a: { enable_ipv4: false, enable_ipv6: true } }\nservices: { c1: { networks: [a] } }';
  const endpoint = networksOf(text)[0]?.endpoints[0];
  t.is(endpoint?.ipv4, undefined);
  t.regex(endpoint?.mac.value ?? '', /^02:42:/);
});

test('ipam driver "null" hands out nothing', (t) => {
  const text = 'networks: { a: { ipam: { driver: "null" } } }\nservices: { c1: { networks: [a] } }';
  t.deepEqual(networksOf(text)[0]?.pools, []);
  t.deepEqual(addressesOf(text), [undefined]);
});

const anySubnet = fc
  .record({ value: fc.integer({ min: 0, max: 0xffff }), length: fc.integer({ min: 22, max: 30 }) })
  .map(({ value, length }) => block(`10.7.${value >> 8}.${value & 0xff}/${length}`));

test('property: addresses are the lowest free ones, inside the pool, and never handed out twice', (t) => {
  const wanted = fc.array(fc.option(fc.integer({ min: 0, max: 255 })), { maxLength: 60 });
  fc.assert(
    fc.property(anySubnet, fc.integer({ min: 22, max: 31 }), wanted, (subnet, length, requests) => {
      const range =
        length < subnet.prefixLength
          ? undefined
          : block(`${blockText(subnet).split('/')[0] ?? ''}/${length}`);
      const pool = new AddressSpace().claim(subnet, range);
      const free = new Set<bigint>();
      for (let value = subnet.first + 1n; value < subnet.last; value++) free.add(value);
      const within = range ?? subnet;
      for (const request of requests) {
        if (request === null) {
          const lowest = [...free].find((value) => value >= within.first && value <= within.last);
          if (pool?.takeLowest() !== lowest) return false;
          if (lowest !== undefined) free.delete(lowest);
        } else {
          const value = subnet.first + BigInt(request);
          if (pool?.take({ family: 4, value }) !== free.delete(value)) return false;
        }
      }
      return true;
    }),
  );
  t.pass();
});

test('property: claimed subnets never overlap unless their ranges have different names', (t) => {
  fc.assert(
    fc.property(fc.array(anySubnet, { maxLength: 20 }), (subnets) => {
      const space = new AddressSpace();
      const claimed = subnets.filter((subnet) => space.claim(subnet) !== undefined);
      return claimed.every((one, index) =>
        claimed.slice(index + 1).every((other) => one.last < other.first || other.last < one.first),
      );
    }),
  );
  t.pass();
});
