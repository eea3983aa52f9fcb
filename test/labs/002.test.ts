/** The labs of the third document: what is a switch and what is not, MACs of children, VLANs over two nodes. */
import test from 'ava';
import { hex, join, u8 } from '../../pcaps/build/bytes.js';
import { everybody } from '../../pcaps/build/ethernet.js';
import { udp } from '../../pcaps/build/ipv4.js';
import { lab, yamlOf } from './lab.js';
import { accepts, refuses, withWords } from './refused.js';

lab(
  'C-01',
  'a bridge learns like a switch: the third port sees who is looked for, and not who is found',
  {},
  ({ the, at }) => {
    the('s1').reaches('10.50.0.3');
    at('s3').saw('ARP who has 10.50.0.3? tell 10.50.0.2');
    at('s3').didNotSee('echo request');
    at('s2').saw('echo request');
  },
);

lab('C-02', 'each macvlan child has a MAC of its own', {}, ({ the, at }) => {
  the('c1').has('192.168.77.2/24', '02:42:c0:a8:4d:02');
  the('c2').has('192.168.77.3/24', '02:42:c0:a8:4d:03');
  the('c1').announcesItself();
  the('c2').announcesItself();
  at('lan2.tap').sawOnlyFrom('02:42:c0:a8:4d:02', '02:42:c0:a8:4d:03');
});

/** DHCPDISCOVER (RFC 2131 §4.1, RFC 2132 §9.6), broadcast from no address. */
function discover(mac: Uint8Array): Uint8Array {
  const nobody = { mac, ip: new Uint8Array(4), ip6: new Uint8Array(16) };
  const all = { ...everybody, ip: u8(255, 255, 255, 255) };
  const fixed = join(hex('01 01 06 00 00000007 0000 8000'), new Uint8Array(16), mac);
  const message = join(fixed, new Uint8Array(236 - fixed.length), hex('63825363 35 01 01 ff'));
  return udp(nobody, all, [68, 67], message);
}

lab(
  'C-03',
  'the DHCP broadcast of a macvlan child reaches a server on the wire',
  {},
  ({ the, at }) => {
    the('c1').sends(discover(hex('02:42:c0:a8:4d:02')));
    at('lan2.dhcp').saw('0.0.0.0:68 → 255.255.255.255:67');
  },
);

lab(
  'C-04',
  'two networks of one subnet are accepted when each has a range of its own',
  {},
  ({ the }) => {
    the('c1').has('192.168.11.1/16', '02:42:c0:a8:0b:01');
    the('c2').has('192.168.12.1/16', '02:42:c0:a8:0c:01');
    the('c1').routes('default via 192.168.11.0');
    the('c1').findsNobodyAt('192.168.12.1');
  },
);

test('C-04: two networks of one subnet and one range are refused, as the document has them', (t) => {
  const literal = withWords(yamlOf('C-04'), '192.168.12.0/24', '192.168.11.0/24');
  refuses(t, literal, 'Pool overlaps with other one on this address space');
});

lab('C-05', 'on two nodes a VLAN is one network, and two VLANs are two', {}, ({ the, at }) => {
  the('c1-100').has('192.168.11.1/16', '02:42:c0:a8:0b:01');
  the('c3-100').has('192.168.10.1/16', '02:42:c0:a8:0a:01');
  the('c1-100').reaches('192.168.11.2');
  the('c1-100').reaches('192.168.10.1');
  the('c1-100').reaches('192.168.10.2');
  the('c4-100').reaches('192.168.11.1');
  at('c5-200').sawNothing();
  at('c6-200').sawNothing();
  the('c5-200').findsNobodyAt('192.168.10.1');
  the('c5-200').reaches('192.168.12.1');
  at('lan2.tap').sawOnlyVlans(100, 200);
  at('lan2.tap').didNotSee('echo');
});

test('C-05: the document gives both VLANs of a node the same range, which is refused', (t) => {
  const literal = withWords(yamlOf('C-05'), '192.168.13.0/24', '192.168.11.0/24');
  refuses(t, literal, 'Pool overlaps with other one on this address space');
  accepts(t, yamlOf('C-05'));
});

lab('C-06', 'without VLANs the four containers of two nodes are one network', {}, ({ the, at }) => {
  the('c1-100').has('192.168.11.1/16', '02:42:c0:a8:0b:01');
  the('c1-100').routes('default via 192.168.11.0');
  the('c1-100').reaches('192.168.11.2');
  the('c1-100').reaches('192.168.10.1');
  the('c1-100').reaches('192.168.10.2');
  the('c4-100').reaches('192.168.11.1');
  at('lan2.tap').sawNoTags();
  at('lan2.tap').didNotSee('echo');
});

lab(
  'C-07',
  'ipvlan children share the MAC of their NIC, and reach each other by address',
  {},
  ({ t, stage, the, at }) => {
    the('c1').has('192.168.78.2/24', '08:00:27:00:00:01');
    the('c2').has('192.168.78.3/24', '08:00:27:00:00:01');
    the('c1').routes('default via 192.168.78.1');
    the('c1').reaches('192.168.78.3');
    the('c1').knows('192.168.78.3', '08:00:27:00:00:01');
    at('lan2.tap').saw('ARP who has 192.168.78.3? tell 192.168.78.2');
    at('lan2.tap').didNotSee('echo');
    const [iv] = stage.compiled.lab.networks;
    t.deepEqual([iv?.ipvlan?.mode.value, iv?.ipvlan?.flag.value], ['l2', 'bridge']);
  },
);
