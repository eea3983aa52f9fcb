import test from 'ava';
import { ip } from '../layer3/packets.js';
import { Ends, inner, opened, outerFrame } from './ends.js';

const LAB = `
x-hosts: { h: { nics: { eth0: { mac: "02:00:00:00:00:01", addresses: [192.168.99.1/24] } } } }
services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { blue: { ipv4_address: 10.0.0.4 } } }
networks:
  blue:
    ipam: { config: [{ subnet: 10.0.0.0/24 }] }
    x-vxlan: { vxlan42: { vni: 42, remotes: [192.168.99.2, 192.168.99.3] } }
`;
const H = '020000000001';
const P2 = '020000000002';
const P3 = '020000000003';
const C1 = '02420a000002';
const R = '02420a000003';

test('smoke', (t) => {
  for (const isTraced of [false, true]) {
  const ends = new Ends(LAB, { isTraced });
  ends.introduce('h.eth0', ip('192.168.99.2'), P2);
  ends.introduce('h.eth0', ip('192.168.99.3'), P3);
  const one = inner({}, { to: R, from: C1 });
  const out = ends.pass({ port: 'c1', digits: one });
  t.log(out, out.left.map(({ digits }) => opened(digits.padEnd(200))));
  const back = inner({ source: '0a000003', destination: '0a000002' }, { to: C1, from: R });
  const inn = ends.pass({ port: 'h.eth0', digits: outerFrame({ source: ip('192.168.99.3'), destination: ip('192.168.99.1'), vni: 42, inner: back, to: H, from: P3 }) });
  t.log(inn);
  const out2 = ends.pass({ port: 'c1', digits: one });
  t.log(out2.left, out2.left.map(({ digits }) => opened(digits)));
  }
});
