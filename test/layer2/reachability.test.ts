/**
 * Whether a neighbor is still where it was (RFC 4861 §7.3, which Linux follows for ARP as well): asked is itself, when something has been sent to it and it
 * has not confirmed that for long. The lab is that of neighbors.test.ts.
 */
import { ipvlan, IDLE } from './labs.js';
import { scenario } from './scenario.js';

const lab = ipvlan('l3', 'bridge', { host: 'gateway: 192.168.0.254', ...IDLE });
const asks = 'h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.9';
const probes = 'h1.eth0{h1.eth0>W}ask=192.168.0.1>192.168.0.9';
const packet = 'c1: h1.eth0>Z ip=10.1.0.10>192.168.0.9';
const reply = 'h1.eth0: W>h1.eth0 reply=192.168.0.9>192.168.0.1';
const question = 'h1.eth0: W>* ask=192.168.0.9>192.168.0.1';
const answer = 'h1.eth0{h1.eth0>W}reply=192.168.0.1>192.168.0.9';
/** Nothing but time. */
const quiet = 'idle: idle>Z => dropped: no-wire';

scenario('D-4: who has answered is reachable for 30 s, in which nobody asks it anything', {
  lab,
  story: `
    ${packet} => ${asks}
    ${reply} => h1.eth0{h1.eth0>W}of=1
    at 29s ${packet} => h1.eth0{h1.eth0>W}
    at 30s ${packet} => h1.eth0{h1.eth0>W}
    at 60s ${quiet}`,
});

scenario(
  'D-4: after that a packet leaves at once, and 5 s later the neighbor itself is asked, three times, 1 s apart; then it is looked for anew',
  {
    lab,
    story: `
    ${packet} => ${asks}
    ${reply} => h1.eth0{h1.eth0>W}of=1
    at 40s ${packet} => h1.eth0{h1.eth0>W}
    at 44.999s ${packet} => h1.eth0{h1.eth0>W}
    at 45s idle: idle>Z => ${probes}
    at 45.999s ${quiet}
    at 46s idle: idle>Z => ${probes}
    at 47s idle: idle>Z => ${probes}
    at 47.5s ${packet} => h1.eth0{h1.eth0>W}
    at 48s ${quiet}
    ${packet} => ${asks}`,
  },
);

scenario('D-4: who answers that is reachable for 30 s again', {
  lab,
  story: `
    ${packet} => ${asks}
    ${reply} => h1.eth0{h1.eth0>W}of=1
    at 40s ${packet} => h1.eth0{h1.eth0>W}
    at 45s idle: idle>Z => ${probes}
    at 45.5s ${reply} => consumed: host-stack
    at 75.5s ${packet} => h1.eth0{h1.eth0>W}
    at 90s ${quiet}
    ${packet} => h1.eth0{h1.eth0>W}
    at 95s idle: idle>Z => ${probes}`,
});

scenario('D-4: who confirms in time where it is is not asked', {
  lab,
  story: `
    ${packet} => ${asks}
    ${reply} => h1.eth0{h1.eth0>W}of=1
    at 40s ${packet} => h1.eth0{h1.eth0>W}
    at 44s ${reply} => consumed: host-stack
    at 60s ${quiet}`,
});

scenario('D-4: who only asks, or tells everybody, has confirmed nothing', {
  lab,
  story: `
    ${question} => ${answer}
    ${packet} => h1.eth0{h1.eth0>W}
    at 4s ${question} => ${answer}
    at 5s idle: idle>Z => ${probes}
    at 5.5s h1.eth0: W>* reply=192.168.0.9>192.168.0.1 => nothing
    at 6s idle: idle>Z => ${probes}
    at 6.5s ${reply} => consumed: host-stack
    at 20s ${quiet}`,
});

scenario(
  'D-4: who answers a question for it by asking himself gets what waits, and is asked 5 s later',
  {
    lab,
    story: `
    ${packet} => ${asks}
    at 0.5s ${question} => ${answer} h1.eth0{h1.eth0>W}of=1
    at 5.499s ${quiet}
    at 5.5s idle: idle>Z => ${probes}`,
  },
);

scenario('D-4: a neighbor that is elsewhere now is asked there', {
  lab,
  story: `
    ${question} => ${answer}
    ${packet} => h1.eth0{h1.eth0>W}
    at 5s idle: idle>Z => ${probes}
    at 5.5s h1.eth0: V>* ask=192.168.0.9>192.168.0.77 => nothing
    at 6s ${packet} => h1.eth0{h1.eth0>V}
    at 10.999s ${quiet}
    at 11s idle: idle>Z => h1.eth0{h1.eth0>V}ask=192.168.0.1>192.168.0.9`,
});

/** What W at fd00:c0a8::9 says to the host: an advertisement, solicited. */
const advert = [
  'h1.eth0: W>h1.eth0 raw=86dd60000000' + '00203aff',
  'fd00c0a8000000000000000000000009' + 'fd00c0a8000000000000000000000001',
  '8800' + 'da3c' + '60000000',
  'fd00c0a8000000000000000000000009' + '0201' + '020000000057',
].join('');
const packet6 = 'c1: h1.eth0>Z ip=fd00:1::10>fd00:c0a8::9';
const probes6 = 'h1.eth0{h1.eth0>W}probe=fd00:c0a8::1>fd00:c0a8::9';

scenario('D-4: the same for IPv6, where the neighbor itself is solicited', {
  lab,
  story: `
    ${packet6} => h1.eth0{h1.eth0>33:33:ff:00:00:09}solicit=fd00:c0a8::1>fd00:c0a8::9
    ${advert} => h1.eth0{h1.eth0>W}of=1
    at 30s ${packet6} => h1.eth0{h1.eth0>W}
    at 40s ${packet6} => h1.eth0{h1.eth0>W}
    at 45s idle: idle>Z => ${probes6}
    at 46s idle: idle>Z => ${probes6}
    at 46.5s ${advert} => consumed: host-stack
    at 76.5s ${packet6} => h1.eth0{h1.eth0>W}
    at 90s ${packet6} => h1.eth0{h1.eth0>W}
    at 98s idle: idle>Z => ${probes6} ${probes6} ${probes6}
    ${packet6} => h1.eth0{h1.eth0>33:33:ff:00:00:09}solicit=fd00:c0a8::1>fd00:c0a8::9`,
});

scenario('A-5: where one has answered, another is not asked before its time', {
  lab,
  story: `
    ${packet} => ${asks}
    at 0.5s ${reply} => h1.eth0{h1.eth0>W}of=1
    at 0.6s c1: h1.eth0>Z ip=10.1.0.10>192.168.0.8 => h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.8
    at 1.2s ${quiet}
    at 1.6s idle: idle>Z => h1.eth0{h1.eth0>*}ask=192.168.0.1>192.168.0.8`,
});
