/**
 * Live hosts and wires that lead to real interfaces of this machine: plain Linux stacks, and the kernel's own macvlan, behind them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ipBatch } from '../../control/sandbox/ip.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { loadNative } from '../../native-bindings/load.js';
import { balance, dropped, miss, parent, PING, reach, station, tagInside, talk } from './edge.js';
import { ip, liveTest } from './live.js';

liveTest(
  'a wire leads to a machine behind a real interface, in the same VLAN and without one',
  async (t, lab) => {
    const [{ near, far }, second] = await Promise.all([
      station(t, lab, '10.95.0.9/24'),
      station(t, lab, '10.95.0.8/24'),
    ]);
    // The one through AF_PACKET, which takes super-frames; the other through libpcap, which does not.
    const driver = loadNative().hasCapture ? 'capture' : 'packet';
    const record = join(lab.folder, 'tester.pcapng');
    const running =
      await lab.startLive(`x-wires: { lan: { ports: { uplink: { interface: ${near} }, second: { interface: ${second.near}, driver: ${driver} }, tester: { record: ${record} }, open: } } }
x-hosts: { node: { nics: { eth0: { wire: lan, addresses: [10.95.0.1/24] } } } }
networks:
  mac: ${parent('macvlan', 'parent: eth0', '95')}
  tagged: ${parent('macvlan', 'parent: eth0.7', '96')}
services:
  a: { networks: { mac: { ipv4_address: 10.95.0.2 } } }
  v: { networks: { tagged: { ipv4_address: 10.96.0.2, ipv6_address: "fd00:96::2" } } }
`);
    const path = `/run/netns/${far}`;
    const secondPath = `/run/netns/${second.far}`;
    await tagInside(t, path, 7, ['10.96.0.9/24', 'fd00:96::9/64']);
    await tagInside(t, secondPath, 7, ['10.96.0.8/24']);
    const ping = async (address: string): Promise<string> =>
      ip('netns', 'exec', far, ...PING, address);
    await reach(t, lab, ['a > 10.95.0.9', 'v > 10.96.0.9', 'v > fd00:96::9']);
    for (const address of ['10.95.0.2', '10.95.0.1', '10.96.0.2'])
      t.regex(await ping(address), / 0% packet loss/);
    await miss(t, lab, ['a > 10.95.0.1']);
    await talk(t, lab, [
      `a 10.95.0.2 - ${path} 10.95.0.9`,
      `v 10.96.0.2 - ${path} 10.96.0.9`,
      `v 10.96.0.2 - ${secondPath} 10.96.0.8`,
      `${path} 10.96.0.9 - ${secondPath} 10.96.0.8`,
      `${path} fd00:96::9 - v fd00:96::2`,
    ]);
    t.true(dropped(running, 'lan.open', Reason.NoCarrier) > 0);
    await balance(t, running);
    t.true(
      readFileSync(record).length > 1000,
      'a port with nothing but a record keeps what is flooded',
    );
  },
);

liveTest(
  'the kernel’s own macvlan behind a wire and ours in front of it are one network',
  async (t, lab) => {
    const { near, far } = await station(t, lab, '10.98.0.9/24');
    try {
      await ipBatch(far, [
        'link add mac0 link eth0 type macvlan mode bridge',
        'addr add 10.97.0.9/24 dev mac0',
        'link set mac0 up',
      ]);
    } catch (cause) {
      t.log(`left out: ${String(cause)}`);
      t.pass();
      return;
    }
    const running =
      await lab.startLive(`x-wires: { lan: { ports: { uplink: { interface: ${near} } } } }
x-hosts: { node: { nics: { eth0: { wire: lan } } } }
networks: { mac: ${parent('macvlan', 'parent: eth0', '97')} }
services: { a: { networks: { mac: { ipv4_address: 10.97.0.2 } } }, b: { networks: { mac: { ipv4_address: 10.97.0.3 } } } }
`);
    await reach(t, lab, ['a > 10.97.0.9', 'b > 10.97.0.9', 'a > 10.97.0.3']);
    await talk(t, lab, [`a 10.97.0.2 - /run/netns/${far} 10.97.0.9`]);
    await balance(t, running);
  },
);

liveTest('a NIC without a wire leads to a real interface', async (t, lab) => {
  const { near, far } = await station(t, lab, '10.94.0.9/24');
  const running =
    await lab.startLive(`x-hosts: { node: { nics: { eth0: { interface: ${near}, addresses: [10.94.0.1/24] } } } }
networks: { mac: ${parent('macvlan', 'parent: eth0', '94')} }
services: { a: { networks: { mac: { ipv4_address: 10.94.0.2 } } } }
`);
  await reach(t, lab, ['a > 10.94.0.9']);
  for (const address of ['10.94.0.2', '10.94.0.1'])
    t.regex(await ip('netns', 'exec', far, ...PING, address), / 0% packet loss/);
  await miss(t, lab, ['a > 10.94.0.1']);
  await balance(t, running);
});
