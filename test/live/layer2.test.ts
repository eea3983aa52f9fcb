/**
 * macvlan, ipvlan, VLANs, hosts and wires, live: real stacks in their sandboxes, real pings and TCP, and our data plane in between. The kernel
 * of this machine needs none of these drivers.
 */
import type { ExecutionContext } from 'ava';
import { ip, liveTest, nicName, runProgram } from './live.js';
import type { TestLab } from './live.js';

const PING = ['ping', '-n', '-i', '0.2', '-W', '1'] as const;

/** Pings from each to the other that is named behind it, all at once: `c1 > 10.0.0.2`. */
async function ping(t: ExecutionContext, lab: TestLab, reach: readonly string[]): Promise<void> {
  await Promise.all(
    reach.map(async (pair) => {
      const [from = '', to = ''] = pair.split(' > ');
      const { stdout, stderr } = await lab.inside(from, ...PING, '-c', '2', to);
      t.regex(stdout, / 0% packet loss/, `${pair}: ${stdout}${stderr}`);
    }),
  );
}

async function pingInVain(
  t: ExecutionContext,
  lab: TestLab,
  reach: readonly string[],
): Promise<void> {
  await Promise.all(
    reach.map(async (pair) => {
      const [from = '', to = ''] = pair.split(' > ');
      const { stdout } = await lab.inside(from, ...PING, '-c', '2', to);
      t.regex(stdout, / 100% packet loss/, pair);
    }),
  );
}

liveTest('debug', async (t, lab) => {
  await lab.startLive(`x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth0: { wire: lan } } }
  node-2: { nics: { eth0: { wire: lan } } }
networks:
  m1: { driver: macvlan, driver_opts: { parent: eth0.50 }, x-host: node-1, ipam: { config: [{ subnet: 10.50.0.0/24, ip_range: 10.50.0.16/28 }] } }
  m2: { driver: macvlan, driver_opts: { parent: eth0.50 }, x-host: node-2, ipam: { config: [{ subnet: 10.50.0.0/24, ip_range: 10.50.0.32/28 }] } }
services:
  a: { x-host: node-1, networks: { m1: { ipv4_address: 10.50.0.17 } } }
  b: { x-host: node-1, networks: { m1: { ipv4_address: 10.50.0.18 } } }
  c: { x-host: node-2, networks: { m2: { ipv4_address: 10.50.0.33 } } }
`);
  await ping(t, lab, ['a > 10.50.0.18', 'a > 10.50.0.33', 'c > 10.50.0.18']);
  t.log((await runProgram('true')).stdout, ip, nicName);
  await pingInVain(t, lab, ['a > 10.50.0.99']);
});
