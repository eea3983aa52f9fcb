import { bridge, labOf } from './lab.js';
import { scenario } from './scenario.js';

const three = bridge('c1 c2 c3');

scenario('B-1: a frame never leaves by the port it came from, not even a broadcast', {
  lab: three,
  story: `
    c1: A>* => c2 c3
    c1: B>A => dropped: reflection
    c1: A>A => dropped: reflection
    c1: A>01:00:5e:00:00:01 => c2 c3`,
});

scenario('B-1: where nobody else is, a flood reaches nobody and a frame to oneself is reflected', {
  lab: bridge('c1'),
  story: `
    c1: A>* => dropped: no-other-port
    c1: A>B => dropped: no-other-port
    c1: B>A => dropped: reflection`,
});

scenario('B-1: a hairpin port hears its own floods and its own stations (reflective relay)', {
  lab: bridge('c1+hairpin c2 c3'),
  story: `
    c1: A>* => c1 c2 c3
    c1: B>A => c1
    c2: C>* => c1 c3
    c2: D>C => dropped: reflection`,
});

scenario('B-1: a hairpin port that is alone still hears itself', {
  lab: bridge('c1+hairpin'),
  story: `
    c1: A>* => c1
    c1: B>A => c1`,
});

scenario('B-6: a flood is one frame per port, however many there are', {
  lab: bridge('c1 c2 c3 c4 c5 c6 c7 c8 c9'),
  story: `
    c5: A>* => c1 c2 c3 c4 c6 c7 c8 c9
    c9: B>* => c1 c2 c3 c4 c5 c6 c7 c8`,
});

scenario('B-13: frames to the MAC of the bridge go up only, from wherever they come', {
  lab: three,
  story: `
    c1: A>gateway => consumed: gateway-address
    c2: B>gateway type=ip => dropped: ipv4-bad-version`,
});

scenario('B-13: a frame that claims the MAC of the bridge is forwarded and teaches nothing', {
  lab: three,
  story: `
    c1: gateway>* => c2 c3
    c2: B>gateway => consumed: gateway-address`,
});

scenario('isolated ports do not reach each other, by their addresses or by floods', {
  lab: bridge('c1+isolated c2+isolated c3'),
  story: `
    c1: A>* => c3
    c2: B>A => dropped: port-isolated
    c2: B>* => c3
    c3: C>* => c1 c2`,
});

scenario('one isolated port reaches all others and is reached by them', {
  lab: bridge('c1+isolated c2 c3'),
  story: `
    c1: A>* => c2 c3
    c2: B>A => c1
    c1: A>B => c2`,
});

scenario('a flood among isolated ports only is dropped for that reason', {
  lab: bridge('c1+isolated c2+isolated'),
  story: `c1: A>* => dropped: port-isolated`,
});

scenario('a hairpin port that is isolated does not even reach itself', {
  lab: bridge('c1+isolated+hairpin c2'),
  story: `
    c1: A>* => c2
    c1: B>A => dropped: port-isolated`,
});

const withoutContact = (ports: string) =>
  bridge(ports, { options: 'com.docker.network.bridge.enable_icc: "false"' });

scenario('enable_icc "false": IP reaches no other container, neither by its address nor by flood', {
  lab: withoutContact('c1 c2 c3'),
  story: `
    c1: A>* type=ip => dropped: inter-container-disabled
    c2: B>A type=ip => dropped: inter-container-disabled
    c2: B>A type=ipv6 => dropped: inter-container-disabled
    c2: B>Z type=ipv6 => dropped: inter-container-disabled
    c1: A>33:33:00:00:00:01 type=ipv6 => dropped: inter-container-disabled`,
});

scenario('enable_icc "false": what is not IP passes, and so does IP behind a VLAN tag', {
  lab: withoutContact('c1 c2 c3'),
  story: `
    c1: A>* type=arp => c2 c3
    c2: B>A type=arp => c1
    c2: B>A type=experimental => c1
    c2: B>A type=ip tags=8100 => c1
    c2: B>* type=ipv6 tags=88a8 => c1 c3`,
});

scenario('enable_icc "false": the gateway is still reached, and other reasons come first', {
  lab: withoutContact('c1+isolated c2+isolated c3'),
  story: `
    c1: A>gateway type=ip => dropped: ipv4-bad-version
    c1: B>A type=ip => dropped: reflection
    c2: C>A type=ip => dropped: port-isolated
    c1: A>01:80:c2:00:00:0e type=ip => dropped: reserved-address`,
});

scenario('two networks on one plane never hear each other, whatever their stations are called', {
  lab: labOf(`
services:
  c1: { image: x, networks: [red, blue] }
  c2: { image: x, networks: [red] }
  c3: { image: x, networks: [blue] }
  c4: { image: x, networks: [blue] }
networks: { red: {}, blue: {} }
`),
  story: `
    c1.red: A>* => c2
    c3: B>A => c1.blue c4
    c4: A>* => c1.blue c3
    c3: B>A => c4
    c2: C>A => c1.red
    c1.red: A>gateway => consumed: gateway-address`,
});

scenario('the gateway of one network is an unknown station of another', {
  lab: labOf(`
services:
  c1: { image: x, networks: [red] }
  c2: { image: x, networks: [red] }
  c3: { image: x, networks: [blue] }
  c4: { image: x, networks: [blue] }
networks:
  red: { x-bridge: { mac: "02:00:00:00:00:fa" } }
  blue: { x-bridge: { mac: "02:00:00:00:00:fb" } }
`),
  story: `
    c1: A>02:00:00:00:00:fa => consumed: gateway-address
    c1: A>02:00:00:00:00:fb => c2
    c3: A>02:00:00:00:00:fa => c4
    c3: A>02:00:00:00:00:fb => consumed: gateway-address`,
});
