/**
 * Etherloom as a user has it: the command `etherloom up` on a topology file, a process of its own with its Supervisor and its Worker.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Forwarder, Path } from './forwarder.js';
import { PLACES } from './stage.js';
import type { Side } from './stage.js';

/** How its two ports reach the ends: TAPs of its own, or existing interfaces through AF_PACKET or libpcap. */
export type Ports = 'tap' | 'packet' | 'capture';

const SIDES: readonly Side[] = ['left', 'right'];
const MAIN = fileURLToPath(new URL('../../control/cli/main.js', import.meta.url));

export function etherloom(name: string, ports: Ports, options: readonly string[] = []): Forwarder {
  return {
    name,
    unavailable: () => undefined,
    async start(stage) {
      const lab = `bench-${process.pid}`;
      const path: Path = ports === 'tap' ? sandboxesOf(lab) : stage;
      if (ports !== 'tap') for (const side of SIDES) await stage.addVeth(side);
      const file = join(stage.folder(), 'lab.yaml');
      writeFileSync(file, topologyOf(lab, ports));
      const program = stage.start([process.execPath, MAIN, 'up', file, ...options]);
      await program.until((said) => /^lab .* is up\b/m.test(said));
      return path;
    },
  };
}

function sandboxesOf(lab: string): Path {
  const end = (side: Side): Path['left'] => ({
    namespace: `etherloom-${lab}-${side}`,
    ...PLACES[side],
  });
  return { left: end('left'), right: end('right') };
}

/** A topology with one network and a service on each side. */
export function topologyOf(lab: string, ports: Ports): string {
  const services = SIDES.map((side) => {
    const { address, mac } = PLACES[side];
    const port = `x-port: { interface: ${side}, driver: ${ports} }`;
    const keys = [
      `ipv4_address: ${address}`,
      `mac_address: '${mac}'`,
      ...(ports === 'tap' ? [] : [port]),
    ];
    return `  ${side}: { networks: { lan: { ${keys.join(', ')} } } }`;
  });
  return [
    `name: ${lab}`,
    'services:',
    ...services,
    'networks:',
    '  lan: { ipam: { config: [ { subnet: 198.18.0.0/24, gateway: 198.18.0.1 } ] } }',
    '',
  ].join('\n');
}
