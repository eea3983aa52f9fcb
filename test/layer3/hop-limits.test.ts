/** Whoever forwards a packet without being its router leaves its hop limit alone. How a router counts: forwarding.test.ts. */
import { bridge } from '../dataplane/lab.js';
import { ipvlan, macvlan } from '../layer2/labs.js';
import { scenario } from '../layer2/scenario.js';
import { frameOf, ip } from './packets.js';
import type { Packet } from './packets.js';

const FD = `fd000001${'0'.repeat(22)}`;

/** A datagram whose hop limit says that no router may forward it: as `raw`, from the EtherType on. */
function last(source: string, destination: string): string {
  const packet: Packet = {
    source,
    destination,
    protocol: 'udp',
    port: 5000,
    toPort: 53,
    hopLimit: 1,
    data: '6c6f6f6d',
  };
  return frameOf(packet, { to: '', from: '' });
}

const ipv4 = last(ip('10.1.0.10'), ip('10.1.0.11'));
const ipv6 = last(`${FD}10`, `${FD}11`);

scenario('R-18: a bridge passes a packet on with the hop limit that it has, even 1', {
  lab: bridge('c1 c2'),
  story: `
    c1: c1>c2 raw=${ipv4} => c2
    c1: c1>c2 raw=${ipv6} => c2`,
});

scenario('R-18: between children of macvlan a packet keeps its hop limit, even 1', {
  lab: macvlan({ bridge: 'c1 c2' }),
  story: `
    c1: c1>c2 raw=${ipv4} => c2
    c1: c1>c2 raw=${ipv6} => c2`,
});

for (const mode of ['l3', 'l3s'])
  scenario(
    `R-18: ipvlan ${mode.toUpperCase()} routes without taking one from the hop limit, even 1: between children, and from outside`,
    {
      lab: ipvlan(mode),
      story: `
    c1: h1.eth0>h1.eth0 raw=${ipv4} => c2
    c1: h1.eth0>h1.eth0 raw=${ipv6} => c2
    h1.eth0: W>h1.eth0 raw=${last(ip('192.168.0.9'), ip('10.1.0.10'))} => c1`,
    },
  );
