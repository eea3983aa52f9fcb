/**
 * The steps that turn a plan into namespaces, NICs and files. They are idempotent inside what is ours, and refuse what is somebody else's.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ip, ipBatch, linkNamed, namespaces, setInside } from './ip.js';
import { namespacePath, netnsFolder, tapAlias } from './names.js';
import type { DefaultRoute, Plan, PlannedNic, PlannedSandbox, PlannedTap } from './plan.js';
import type { Step } from './steps.js';

/** What makes a TAP, with that name in that namespace, and gives its descriptor (native-bindings). */
export interface TapMaker {
  createTap(options: { readonly name: string; readonly namespace: string }): number;
}

/** Takes a descriptor as soon as there is one: whoever holds it, keeps the TAP. */
export type Keep = (port: number, descriptor: number) => void;

/** @param keep is given the descriptor of each port's TAP */
export function stepsFor(plan: Plan, lab: string, native: TapMaker, keep: Keep): Step[] {
  return [
    ...plan.taps.map((tap) => makeTap(tap, lab)),
    ...plan.sandboxes.flatMap((sandbox) => [
      makeNamespace(sandbox),
      writeFiles(sandbox),
      ...sandbox.nics.map((nic) => makeNic(sandbox, nic, native, keep)),
      configure(sandbox),
    ]),
  ];
}

function makeNamespace({ namespace }: PlannedSandbox): Step {
  return {
    name: `make namespace ${namespace}`,
    makes: { kind: 'namespace', name: namespace },
    async check() {
      if ((await namespaces()).includes(namespace))
        throw new Error(
          `there is one already, and this lab did not make it\n    fix: ip netns delete ${namespace}, or name the lab otherwise`,
        );
    },
    async take() {
      await ip('netns', 'add', namespace);
    },
  };
}

function writeFiles({ namespace, hosts, resolver }: PlannedSandbox): Step {
  const folder = netnsFolder(namespace);
  return {
    name: `write ${folder}`,
    makes: { kind: 'files', name: namespace },
    check() {
      if (existsSync(folder))
        throw new Error(`it is there already, and this lab did not make it\n    fix: remove it`);
      return Promise.resolve();
    },
    take() {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'hosts'), hosts);
      writeFileSync(join(folder, 'resolv.conf'), resolver);
      return Promise.resolve();
    },
  };
}

/** It goes with its descriptor or its namespace, whichever ends first. */
function makeNic(
  { namespace }: PlannedSandbox,
  { name, port }: PlannedNic,
  native: TapMaker,
  keep: Keep,
): Step {
  return {
    name: `make NIC ${name} in ${namespace}`,
    take() {
      keep(port, native.createTap({ name, namespace: namespacePath(namespace) }));
      return Promise.resolve();
    },
  };
}

function configure({ namespace, nics, routes, subnetRoutes }: PlannedSandbox): Step {
  return {
    name: `configure ${namespace}`,
    async take() {
      await setInside(
        namespace,
        nics.map(({ name, ipv6 }) => [
          `ipv6/conf/${name}/disable_ipv6`,
          ipv6 === undefined ? '1' : '0',
        ]),
      );
      await ipBatch(namespace, [
        'link set lo up',
        ...nics.flatMap(commandsFor),
        ...routes.map(routeCommand),
        ...subnetRoutes.map(({ to, via, nic }) => `route replace ${to} via ${via} dev ${nic}`),
      ]);
    },
  };
}

/** Without a router `default` would be one of IPv4 alone. */
function routeCommand({ via, family, nic }: DefaultRoute): string {
  if (via !== undefined) return `route replace default via ${via} dev ${nic}`;
  return `route replace ${family === 4 ? '0.0.0.0/0' : '::/0'} dev ${nic}`;
}

/** Nobody else can have the address: duplicate address detection would only make it useless for a second. */
function commandsFor({ name, mac, mtu, ipv4, ipv6, sharesMac, noArp }: PlannedNic): string[] {
  return [
    `link set ${name} address ${mac} mtu ${mtu}`,
    ...(sharesMac ? [`link set ${name} addrgenmode none`] : []),
    ...(noArp ? [`link set ${name} arp off`] : []),
    ...(ipv4 === undefined ? [] : [`addr replace ${ipv4} brd + dev ${name}`]),
    ...(ipv6 === undefined ? [] : [`addr replace ${ipv6} dev ${name} nodad`]),
    `link set ${name} up`,
  ];
}

function makeTap({ name, owner, mtu }: PlannedTap, lab: string): Step {
  return {
    name: `make TAP ${name} for ${owner}`,
    makes: { kind: 'tap', name },
    async check() {
      if ((await linkNamed(name)) !== undefined)
        throw new Error(
          `there is an interface of this name already\n    fix: choose another name, or leave out "owner" to use that one`,
        );
    },
    async take() {
      await ip('tuntap', 'add', 'dev', name, 'mode', 'tap', 'user', owner);
      // The machine itself stays silent: it would answer ARP for its own addresses, and look for IPv6 routers.
      const silent = ['arp', 'off', 'addrgenmode', 'none'];
      const settings = ['alias', tapAlias(lab), 'mtu', String(mtu), ...silent, 'up'];
      await ip('link', 'set', 'dev', name, ...settings);
    },
  };
}
