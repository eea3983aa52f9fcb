/**
 * ARP and neighbor discovery of a host, on behalf of its ipvlan children in L3 mode and for itself: RFC 826, RFC 1122 §2.3.2.2, RFC 4861
 * §7.2. The children have 10.1.0.10 and 10.1.0.11, the host 192.168.0.1 and fd00:c0a8::1; the port `idle` only lets time pass.
 */
import { labOf } from '../dataplane/lab.js';
import { ipvlan, IDLE } from './labs.js';
import { scenario } from './scenario.js';

const lab = ipvlan('l3', 'bridge', { host: 'gateway: 192.168.0.254', ...IDLE });
/** What leaves when the host asks for 192.168.0.9. */
const asks = 'h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.9';
const packet = 'c1: h1.eth0>Z ip=10.1.0.10>192.168.0.9';

scenario('A-1: the reply swaps who asks and who is asked, and goes unicast', {
  lab,
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0: W>h1.eth0 ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0: W>* ask=192.168.0.9>192.168.0.77 => nothing`,
});

scenario('A-1: merge: any packet of a known sender updates its entry, whoever it asks for', {
  lab,
  story: `
    ${packet} => ${asks}
    h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=1
    at 5s h1.eth0: V>* ask=192.168.0.9>192.168.0.77 => nothing
    ${packet} => h1.eth0{h1.eth0>V}`,
});

scenario('A-1: am I the target, add: who asks for us need not be asked for', {
  lab,
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    ${packet} => h1.eth0{h1.eth0>W}`,
});

scenario('A-1: who asks for somebody else is not added', {
  lab,
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.77 => nothing
    ${packet} => ${asks}`,
});

scenario('A-1: another hardware or protocol type is nobody’s business', {
  lab,
  story: `
    h1.eth0: W>* raw=0806000608000604000102000000005700a80009000000000000c0a80001 => nothing
    h1.eth0: W>* raw=080600010806060400010200000000570000c0a80009000000000000c0a80001 => nothing`,
});

scenario('A-2: a probe (sender 0.0.0.0) is answered and never creates an entry', {
  lab,
  story: `
    h1.eth0: W>* ask=0.0.0.0>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>0.0.0.0
    ${packet} => ${asks}`,
});

scenario('A-3: gratuitous request and reply of a stranger create no entry (Linux arp_accept 0)', {
  lab,
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.9 => nothing
    h1.eth0: W>* reply=192.168.0.9>192.168.0.9 => nothing
    ${packet} => ${asks}`,
});

scenario('A-3: a reply to the host that it never asked for creates no entry (Linux arp_accept 0)', {
  lab,
  story: `
    h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => consumed: host-stack
    ${packet} => ${asks}`,
});

scenario('A-3: gratuitous request and reply update an entry that is there', {
  lab,
  story: `
    ${packet} => ${asks}
    h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=1
    at 5s h1.eth0: V>* ask=192.168.0.9>192.168.0.9 => nothing
    ${packet} => h1.eth0{h1.eth0>V}
    at 9s h1.eth0: U>* reply=192.168.0.9>192.168.0.9 => nothing
    ${packet} => h1.eth0{h1.eth0>U}`,
});

scenario(
  'A-4: at least the newest packet is kept while the address is being resolved: of four the last three, which leave in their order',
  {
    lab,
    story: `
    c1: h1.eth0>Z ip=10.1.0.10>192.168.0.9 => ${asks}
    at 0.1s c2: h1.eth0>Z ip=10.1.0.11>192.168.0.9 => nothing
    at 0.2s c1: h1.eth0>Z ping=10.1.0.10>192.168.0.9 => nothing
    at 0.3s c2: h1.eth0>Z ping=10.1.0.11>192.168.0.9 => dropped: neighbor-queue-full
    at 0.5s h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=2 h1.eth0{h1.eth0>W}of=3 h1.eth0{h1.eth0>W}of=4`,
  },
);

scenario('A-4: it gives up after 3 tries 1 s apart', {
  lab,
  story: `
    ${packet} => ${asks}
    at 0.999s idle: idle>Z => dropped: no-wire
    at 1s idle: idle>Z => ${asks}
    at 2s idle: idle>Z => ${asks}
    at 3s idle: idle>Z => dropped: neighbor-unresolved dropped: no-wire
    at 10s idle: idle>Z => dropped: no-wire`,
});

scenario('A-4: what was given up is asked for anew by the next packet', {
  lab,
  story: `
    ${packet} => ${asks}
    at 5s ${packet} => ${asks} ${asks} ${asks}
    at 5.5s h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=1`,
});

scenario('A-4: an answer that comes after the last try finds nobody waiting', {
  lab,
  story: `
    ${packet} => ${asks}
    at 3.5s h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => ${asks} ${asks}`,
});

scenario('A-5: no request faster than 1/s per address, however many packets want it', {
  lab,
  story: `
    ${packet} => ${asks}
    at 0.2s c2: h1.eth0>Z ip=10.1.0.11>192.168.0.9 => nothing
    at 0.4s c2: h1.eth0>Z ip=10.1.0.11>192.168.0.9 => nothing
    at 0.6s c2: h1.eth0>Z ip=10.1.0.11>192.168.0.8 => h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.8
    at 1s idle: idle>Z => ${asks}`,
});

scenario(
  'A-6: the addresses of other interfaces are answered, too, with the MAC of the one that heard (Linux arp_ignore 0)',
  {
    lab: labOf(`
x-hosts:
  h1:
    nics:
      eth0: { mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] }
      eth1: { mac: "02:00:00:00:01:01", addresses: [192.168.1.1/24] }
services: { c1: { image: x } }
`),
    story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.1.1 => h1.eth0{h1.eth0>W}reply=192.168.1.1>192.168.0.9
    h1.eth1: V>* ask=192.168.1.9>192.168.0.1 => h1.eth1{h1.eth1>V}reply=192.168.0.1>192.168.1.9
    h1.eth1: V>h1.eth0 ask=192.168.1.9>192.168.0.1 => dropped: not-for-this-host`,
  },
);

/** A host of two interfaces, with a bridge; `more` is what it says besides. */
const twoSided = (more: string) =>
  labOf(`
x-hosts:
  h1:
    nics:
      eth0: { mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] }
      eth1: { mac: "02:00:00:00:01:01", addresses: [192.168.1.1/24, 192.168.2.1/24, "fd00::c0a8:101/64"] }
    ${more}
networks: { net: { ipam: { config: [{ subnet: 10.5.0.0/24 }] } } }
services: { c1: { image: x, networks: [net] } }
`);
const own = 'h1.eth1: W>* ask=192.168.1.9>192.168.1.1';
const probe = 'h1.eth1: W>* ask=0.0.0.0>192.168.2.1';
const others = 'h1.eth1: W>* ask=192.168.2.9>192.168.1.1';
const toOther = 'h1.eth1: W>* ask=192.168.1.9>192.168.0.1';
const toBridge = 'h1.eth1: W>* ask=192.168.1.9>10.5.0.1';
const fromBridge = 'c1: c1>* ask=10.5.0.2>192.168.0.1';
const toGateway = 'c1: c1>* ask=10.5.0.2>10.5.0.1';
const answers = (line: string, addresses: string): string =>
  `${line} => h1.eth1{h1.eth1>W}reply=${addresses}`;

scenario('A-6: with arp_ignore 1 only those of the interface that heard are answered', {
  lab: twoSided('arp_ignore: 1'),
  story: `
    ${answers(own, '192.168.1.1>192.168.1.9')}
    ${answers(probe, '192.168.2.1>0.0.0.0')}
    ${answers(others, '192.168.1.1>192.168.2.9')}
    ${toOther} => nothing
    ${toBridge} => nothing
    ${fromBridge} => nothing
    ${toGateway} => c1{net>c1}reply=10.5.0.1>10.5.0.2`,
});

scenario('A-6: with arp_ignore 2 of those only who is in the subnet of the address', {
  lab: twoSided('arp_ignore: 2'),
  story: `
    ${answers(own, '192.168.1.1>192.168.1.9')}
    ${answers(probe, '192.168.2.1>0.0.0.0')}
    ${others} => nothing
    ${toOther} => nothing
    ${toGateway} => c1{net>c1}reply=10.5.0.1>10.5.0.2`,
});

scenario('A-6: with arp_ignore 8 nobody is answered', {
  lab: twoSided('arp_ignore: 8'),
  story: `
    ${own} => nothing
    ${probe} => nothing
    ${toGateway} => nothing`,
});

scenario('A-6: who is not answered is not learned of either', {
  lab: ipvlan('l3', 'bridge', { host: 'gateway: 192.168.0.254, arp_ignore: 8', ...IDLE }),
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => nothing
    ${packet} => ${asks}
    at 0.5s h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => nothing
    at 1s idle: idle>Z => ${asks}
    at 1.5s h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}of=2`,
});

scenario('A-6: the gateway address of a bridge network is one of the host’s', {
  lab: labOf(`
x-hosts: { h1: { nics: { eth0: { mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24] } } } }
networks: { net: { ipam: { config: [{ subnet: 10.5.0.0/24 }] } } }
services: { c1: { image: x, networks: [net] } }
`),
  story: `
    h1.eth0: W>* ask=192.168.0.9>10.5.0.1 => h1.eth0{h1.eth0>W}reply=10.5.0.1>192.168.0.9
    c1: c1>* ask=10.5.0.2>192.168.0.1 => c1{net>c1}reply=192.168.0.1>10.5.0.2`,
});

scenario('A-7: wrong address lengths, and lengths beyond the frame: not answered', {
  lab,
  story: `
    h1.eth0: W>* raw=0806000108000804000102000000005700000000c0a800090000000000000000c0a80001 => nothing
    h1.eth0: W>* raw=08060001080006100001020000000057c0a80009000000000000c0a80001 => nothing
    h1.eth0: W>* raw=08060001080006ff0001020000000057c0a80009000000000000c0a80001 => nothing
    h1.eth0: W>* raw=0806000108000604000102000000 => nothing`,
});

scenario('a claim to have an address of the host’s own changes nothing', {
  lab,
  story: `
    h1.eth0: W>* ask=192.168.0.1>192.168.0.9 => nothing
    h1.eth0: W>* reply=192.168.0.1>192.168.0.1 => nothing`,
});

scenario('of two neighbors each is known by itself, and each on its own interface', {
  lab: ipvlan('l3', 'bridge', {
    parent: 'eth0.50',
    host: 'routes: [{ to: 192.168.0.0/16, dev: eth0.50 }]',
  }),
  story: `
    h1.eth0: W>* ask=192.168.0.9>192.168.0.1 => h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9
    h1.eth0[50]: V>* ask=192.168.0.9>192.168.0.1 => h1.eth0[50]{h1.eth0>V}reply=192.168.0.1>192.168.0.9
    c1: h1.eth0>Z ip=10.1.0.10>192.168.0.9 => h1.eth0[50]{h1.eth0>V}`,
});

scenario(
  'D-2: a neighbor solicitation is answered to who asked; one without a sender, to all nodes',
  {
    lab,
    story: `
    h1.eth0: W>33:33:ff:00:00:01 solicit=fd00:c0a8::9>fd00:c0a8::1 => h1.eth0{h1.eth0>W}advert=fd00:c0a8::1
    h1.eth0: W>33:33:ff:00:00:01 dad=fd00:c0a8::1 => h1.eth0{h1.eth0>33:33:00:00:00:01}advert=fd00:c0a8::1
    h1.eth0: W>h1.eth0 ping=fd00:c0a8::9>fd00:c0a8::1 => h1.eth0{h1.eth0>W}pong=fd00:c0a8::1>fd00:c0a8::9`,
  },
);

/** Advertisement of fd00:c0a8::9 by W: solicited, override. */
const ADVERT = [
  '86dd60000000' + '00203aff',
  'fd00c0a8000000000000000000000009' + 'fd00c0a8000000000000000000000001',
  '8800' + 'da3c' + '60000000',
  'fd00c0a8000000000000000000000009' + '0201' + '020000000057',
].join('');

scenario('D-3: IPv6 is asked for by neighbor solicitation and goes to who advertises itself', {
  lab,
  story: `
    c1: h1.eth0>Z ip=fd00:1::10>fd00:c0a8::9 => h1.eth0{h1.eth0>33:33:ff:00:00:09}solicit=fd00:c0a8::1>fd00:c0a8::9
    h1.eth0: W>h1.eth0 raw=${ADVERT} => h1.eth0{h1.eth0>W}of=1`,
});
