import { bridge } from './lab.js';
import { scenario } from './scenario.js';

const two = bridge('c1 c2');
const small = bridge('c1 c2', { options: 'com.docker.network.driver.mtu: 1400' });

scenario('B-14: 13 bytes are a runt, 14 are a frame, and padding is kept', {
  lab: two,
  story: `
    c1: A>B size=0 => dropped: runt
    c1: A>B size=12 => dropped: runt
    c1: A>B size=13 => dropped: runt
    c1: A>B size=14 => c2
    c1: A>B type=arp size=60 => c2`,
});

scenario('B-14: a runt teaches nothing, though its addresses are there', {
  lab: bridge('c1 c2 c3'),
  story: `
    c1: A>B size=13 => dropped: runt
    c2: B>A => c1 c3`,
});

scenario('B-14: a length below 1536 instead of a type is LLC, and passes whatever it says', {
  lab: two,
  story: `
    c1: A>B type=0026 => c2
    c1: A>B type=0000 size=14 => c2
    c1: A>B type=05dc => c2
    c1: A>B type=05ff => c2`,
});

scenario('B-11: the MTU counts what the Ethernet header carries, to the byte', {
  lab: two,
  story: `
    c1: A>B size=1514 => c2
    c1: A>B size=1515 => dropped: mtu-exceeded`,
});

scenario('B-11: the MTU is that of the network', {
  lab: small,
  story: `
    c1: A>B size=1414 => c2
    c1: A>B size=1415 => dropped: mtu-exceeded`,
});

scenario('B-11: up to two tags do not count for the MTU', {
  lab: two,
  story: `
    c1: A>B size=1518 tags=8100 => c2
    c1: A>B size=1519 tags=8100 => dropped: mtu-exceeded
    c1: A>B size=1522 tags=88a8,8100 => c2
    c1: A>B size=1523 tags=88a8,8100 => dropped: mtu-exceeded
    c1: A>B size=1523 tags=88a8,8100,8100 => dropped: mtu-exceeded`,
});

scenario('B-11: tags pass unchanged and stations are the same in every VLAN', {
  lab: bridge('c1 c2 c3'),
  story: `
    c1: A>* tags=8100 => c2 c3
    c2: B>A => c1
    c2: B>A tags=88a8 => c1
    c2: B>A tags=88a8,8100 type=ip => c1
    c2: B>A tags=8100,8100,8100,8100 => c1`,
});

scenario('B-11: an unknown TPID is payload, so what it tags counts for the MTU', {
  lab: two,
  story: `
    c1: A>B tags=9100 size=1514 => c2
    c1: A>B tags=9100 size=1518 => dropped: mtu-exceeded`,
});

scenario('B-11: a frame that ends inside a tag is dropped and teaches nothing', {
  lab: bridge('c1 c2 c3'),
  story: `
    c1: A>B tags=8100 size=14 => dropped: vlan-tag-truncated
    c1: A>B tags=8100 size=17 => dropped: vlan-tag-truncated
    c1: A>B tags=88a8,8100 size=21 => dropped: vlan-tag-truncated
    c2: B>A => c1 c3
    c1: A>B tags=8100 size=18 => c2
    c1: A>B tags=88a8,8100 size=22 => c2`,
});

scenario('a frame that is too long teaches nothing: it never came through its port', {
  lab: bridge('c1 c2 c3'),
  story: `
    c1: A>* size=1515 => dropped: mtu-exceeded
    c2: B>A => c1 c3`,
});

scenario('a snapped frame counts with the bytes it had on the wire, and leaves with those it has', {
  lab: two,
  story: `
    c1: A>B size=1514 kept=64 => c2
    c1: A>B size=1515 kept=64 => dropped: mtu-exceeded
    c1: A>B size=60 kept=14 => c2
    c1: A>B size=64 kept=18 tags=8100 => c2`,
});

scenario('a frame whose header the capture did not keep is not judged', {
  lab: two,
  story: `
    c1: A>B size=60 kept=13 => dropped: snapped-header
    c1: A>B size=60 kept=0 => dropped: snapped-header
    c1: A>B size=64 kept=17 tags=8100 => dropped: snapped-header`,
});
