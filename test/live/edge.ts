/** What the tests of hosts and wires do with a lab: pings, whole conversations, machines of this kernel at its edge. */
import { basename } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Meter } from '../../control/live/meter.js';
import { shownOf } from '../../control/live/shown.js';
import type { Shown } from '../../control/live/shown.js';
import { ipBatch } from '../../control/sandbox/ip.js';
import { sumOfCounters } from '../../control/supervisor/running.js';
import type { RunningLab } from '../../control/supervisor/running.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { loadNative } from '../../native-bindings/load.js';
import { ip, nicName } from './live.js';
import type { TestLab } from './live.js';
import { plugIn } from './matrix/cable.js';
import { converse, PROBES } from './matrix/traffic.js';
import { whyNoMatrix } from './matrix/why-no-matrix.js';

const TCP_BYTES = 1_000_000;
/** Who is answered needs no time; who should not be is not waited for long. */
export const PING = ['ping', '-n', '-i', '0.2', '-c', '2', '-W', '3'] as const;
const PING_IN_VAIN = [...PING.slice(0, -1), '1'];

/** Pings for each `c1 > 10.0.0.2`, all at once, and gives what ping said. */
export function pings(
  lab: TestLab,
  pairs: readonly string[],
  command: readonly string[],
): Promise<string[]> {
  return Promise.all(
    pairs.map(async (pair) => {
      const [from = '', to = ''] = pair.split(' > ');
      const { stdout, stderr } = await lab.inside(from, ...command, to);
      return `${pair}: ${stdout}${stderr}`;
    }),
  );
}

/** All of these are answered, from as far away as one stack is from another: no router stands between. */
export async function reach(
  t: ExecutionContext,
  lab: TestLab,
  pairs: readonly string[],
): Promise<void> {
  for (const said of await pings(lab, pairs, PING)) {
    t.regex(said, / 0% packet loss/);
    t.regex(said, / ttl=64 /);
  }
}

/** None of these is answered. */
export async function miss(
  t: ExecutionContext,
  lab: TestLab,
  pairs: readonly string[],
): Promise<void> {
  for (const said of await pings(lab, pairs, PING_IN_VAIN)) t.regex(said, / 100% packet loss/);
}

/** For each `c1 10.0.0.1 - c2 10.0.0.2`: echoes and datagrams as long as the MTU and longer, trains, and TCP in both directions. */
export async function talk(
  t: ExecutionContext,
  lab: TestLab,
  pairs: readonly string[],
  mtu = 1500,
): Promise<void> {
  const why = whyNoMatrix();
  if (why !== undefined) {
    t.log(`no traffic but pings: ${why}`);
    return;
  }
  const endOf = (words: string) => {
    const [service = '', address = ''] = words.split(' ');
    return { namespace: pathOf(lab, service), address };
  };
  const talks = pairs.map((pair) => {
    const [one = '', other = ''] = pair.split(' - ');
    return { mtu, one: endOf(one), other: endOf(other), probes: PROBES };
  });
  const heard = await converse(talks, TCP_BYTES);
  t.deepEqual(
    pairs.map((pair, i) => [pair, heard[i]?.failures]),
    pairs.map((pair) => [pair, {}]),
  );
}

/** A word with a slash is the path of a namespace already. */
export function pathOf(lab: TestLab, service: string): string {
  return service.includes('/') ? service : `/run/netns/${lab.namespace(service)}`;
}

/** The lab is stopped, and every frame is accounted for. */
export async function balance(t: ExecutionContext, running: RunningLab): Promise<void> {
  await running.stop();
  t.is(sumOfCounters(running).unaccounted(), 0);
}

export function dropped(running: RunningLab, name: string, reason: Reason): number {
  const port = running.compiled.ports.findIndex((compiled) => compiled.port === name);
  return sumOfCounters(running).dropped[port * Reason.Count + reason] ?? 0;
}

export function consumed(running: RunningLab, name: string, reason: Reason): number {
  const port = running.compiled.ports.findIndex((compiled) => compiled.port === name);
  return sumOfCounters(running).consumed[port * Reason.Count + reason] ?? 0;
}

/** What `show` would say. */
export function show<What extends Shown['what']>(
  t: ExecutionContext,
  running: RunningLab,
  what: What,
): Extract<Shown, { what: What }> {
  const meter = new Meter(running);
  t.teardown(() => {
    meter.close();
  });
  return shownOf(what, running, meter) as Extract<Shown, { what: What }>;
}

export const parent = (driver: string, options: string, subnet: string, rest = '') =>
  `{ driver: ${driver}, driver_opts: { ${options} }, enable_ipv6: true, ipam: { config: [ { subnet: 10.${subnet}.0.0/24 }, { subnet: "fd00:${subnet}::/64" } ] }, ${rest} }`;

/** A machine of this kernel at the other end of a veth, with this address on eth0. Gives our end of the veth, and its namespace. */
export async function station(
  t: ExecutionContext,
  lab: TestLab,
  address: string,
): Promise<{ near: string; far: string }> {
  const near = nicName();
  const far = `${lab.name}-${near}`;
  await ip('netns', 'add', far);
  t.teardown(() => ip('netns', 'delete', far));
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far);
  await ipBatch(far, ['link set lo up', `addr add ${address} dev eth0`, 'link set eth0 up']);
  await ip('link', 'set', near, 'up');
  return { near, far };
}

/** In a namespace an interface `vlan`, which goes out by eth0 with a tag. */
export async function tagInside(
  t: ExecutionContext,
  namespace: string,
  vlan: number,
  addresses: readonly string[],
): Promise<void> {
  const native = loadNative();
  const descriptor = native.createTap({ name: 'vlan', namespace });
  t.teardown(() => {
    native.closeDescriptor(descriptor);
  });
  t.teardown(await plugIn([{ descriptor, namespace, name: 'eth0' }], vlan));
  await ipBatch(basename(namespace), [
    ...addresses.map((address) => {
      return `addr add ${address} dev vlan${address.includes(':') ? ' nodad' : ''}`;
    }),
    'link set vlan up',
  ]);
}
