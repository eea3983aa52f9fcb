import { addressText, macOfIpv4, macOfName, parseAddress } from '../address.js';
import type { Addressing, EndpointAddresses } from './addressing.js';
import { readDevice, readRecord, type Device } from './device.js';
import type { Endpoint } from './endpoint.js';
import { checkMac } from './hosts.js';
import { INTERFACE_NAME_FIX, isInterfaceName } from './interface.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { NetworkDraft } from './networks.js';
import { parentMac } from './parents.js';
import { refuseForeignKeys, sourcesOf } from './port-keys.js';
import type { Value } from './position.js';
import type { PortShape } from './schema.js';
import type { Attachment, SandboxDraft } from './services.js';
import { readVlanPort } from './vlan-port.js';
import { items, type Written } from './written.js';

/** An attachment together with the network it leads to. */
export interface Joint {
  readonly attachment: Attachment;
  readonly network: NetworkDraft;
  /** Docker connects it after all that the service asks for. */
  readonly isLast?: true;
}

/** The endpoints of one sandbox, in file order. */
export function makeEndpoints(
  draft: SandboxDraft,
  joints: readonly Joint[],
  file: string,
  hosts: readonly Host[],
  addressing: Addressing,
  findings: Findings,
): { endpoint: Endpoint; network: NetworkDraft }[] {
  const serviceMac = draft.written?.get('mac_address');
  const [firstJoint] = inOrder(joints);
  const flags = draft.written?.get('x-port');
  const devices = devicesOf(draft, joints, file, findings);
  const asked = joints.filter(({ isLast }) => !isLast);
  if (flags !== undefined && asked.length !== 1) {
    const what = `${draft.name} has ${asked.length} endpoints: which one is meant?`;
    findings.refuse(
      flags.at,
      what,
      'write x-port under the network: networks: { NAME: { x-port: ... } }',
    );
  }
  return joints.map((joint) => {
    const { attachment, network } = joint;
    checkSettings(joint, findings);
    const addresses = addressing.settle(attachment, network);
    const port = portOf(joint, draft);
    if (port !== undefined) refuseForeignKeys(port, network, findings);
    const record = readRecord(port, file, findings);
    const written =
      attachment.settings?.get('mac_address') ?? (joint === firstJoint ? serviceMac : undefined);
    const mac =
      network.driver.value === 'ipvlan'
        ? sharedMac(written, parentMac(network, hosts), findings)
        : macOf(written, addresses, joint, findings);
    const nodst = port?.get('nodst');
    const endpoint: Endpoint = {
      sandbox: draft.name,
      network: network.name,
      at: attachment.at,
      port: joints.length === 1 ? draft.name : `${draft.name}.${network.key}`,
      mac,
      ...(addresses.ipv4 && { ipv4: asText(4, addresses.ipv4) }),
      ...(addresses.ipv6 && { ipv6: asText(6, addresses.ipv6) }),
      aliases: attachment.settings?.get('aliases')?.value ?? [],
      hairpin: flag('hairpin', port, flagsOf(joint, draft)),
      isolated: flag('isolated', port, flagsOf(joint, draft)),
      ...(network.vlanFiltering.value && { vlan: readVlanPort(port, findings) }),
      sources: sourcesOf(port, findings),
      takesAlone: nodst ? { value: nodst.value, at: nodst.at } : { value: false },
      device: devices.get(joint) ?? { kind: 'sandbox', name: '' },
      ...(record && { record }),
      gatewayPriority: attachment.settings?.get('gw_priority')?.value ?? 0,
    };
    return { endpoint, network };
  });
}

/** The order in which Compose connects networks: the highest priority first, then by name; behind them what Docker adds. */
function inOrder(joints: readonly Joint[]): Joint[] {
  const priority = ({ attachment }: Joint) => attachment.settings?.get('priority')?.value ?? 0;
  return [...joints].sort((one, other) => {
    if (one.isLast !== other.isLast) return one.isLast ? 1 : -1;
    if (priority(one) !== priority(other)) return priority(other) - priority(one);
    return one.attachment.network < other.attachment.network ? -1 : 1;
  });
}

/** What `x-port` says of an endpoint: at its network, or at a service that has only this one. */
function portOf(joint: Joint, draft: SandboxDraft): Written<PortShape> | undefined {
  return joint.attachment.settings?.get('x-port') ?? flagsOf(joint, draft);
}

/** What the service says of its only endpoint; it does not mean the one that Docker adds. */
function flagsOf({ isLast }: Joint, { written }: SandboxDraft): Written<PortShape> | undefined {
  return isLast ? undefined : written?.get('x-port');
}

/** What each endpoint is joined to. NICs in the sandbox are named as Docker does: `interface_name`, the others eth0, eth1, ... in order. */
function devicesOf(
  draft: SandboxDraft,
  joints: readonly Joint[],
  file: string,
  findings: Findings,
): Map<Joint, Device> {
  const devices = new Map<Joint, Device>();
  const taken = new Set(['lo']);
  const nameless: Joint[] = [];
  for (const joint of inOrder(joints)) {
    const { attachment } = joint;
    const device = readDevice(portOf(joint, draft), file, findings);
    const wanted = nicNameOf(attachment);
    if (device !== undefined) devices.set(joint, device);
    else if (wanted === undefined) nameless.push(joint);
    else {
      if (taken.has(wanted.value)) {
        const what = `${draft.name} has another interface "${wanted.value}"`;
        findings.refuse(wanted.at, what, 'choose another name');
      }
      taken.add(wanted.value);
      devices.set(joint, { kind: 'sandbox', name: wanted.value });
    }
  }
  let number = 0;
  for (const joint of nameless) {
    while (taken.has(`eth${number}`)) number++;
    devices.set(joint, { kind: 'sandbox', name: `eth${number++}` });
  }
  return devices;
}

function nicNameOf({ settings }: Attachment): Written<string> | undefined {
  const option = settings?.get('driver_opts')?.get('com.docker.network.endpoint.ifname');
  const name = settings?.get('interface_name') ?? option;
  return typeof name?.value === 'string' ? (name as Written<string>) : undefined;
}

function checkSettings({ attachment, network }: Joint, findings: Findings): void {
  const { settings } = attachment;
  const aliases = settings?.get('aliases');
  if (network.predefined !== undefined && aliases !== undefined && aliases.value.length > 0) {
    const what = 'network-scoped alias is supported only for containers in user defined networks';
    findings.refuse(aliases.at, what, 'declare a network of your own', 'C18');
  }
  for (const { value, at } of items(settings?.get('link_local_ips'))) {
    if (parseAddress(value) !== undefined) continue;
    findings.refuse(at, `invalid link-local IP address: ${value}`, 'write an address: 169.254.8.8');
  }
  const name = nicNameOf(attachment);
  if (name !== undefined && !isInterfaceName(name.value)) {
    findings.refuse(name.at, `"${name.value}" is not a name for an interface`, INTERFACE_NAME_FIX);
  }
}

function macOf(
  written: Written<string> | undefined,
  { ipv4 }: EndpointAddresses,
  { attachment, network }: Joint,
  findings: Findings,
): Value<string> {
  const mac = checkMac(written, findings);
  if (mac !== undefined && written !== undefined) return { value: mac, at: written.at };
  if (ipv4 !== undefined) return { value: macOfIpv4(ipv4.value) };
  return { value: macOfName(`${attachment.service} ${network.name}`) };
}

/** All children of an ipvlan parent have its MAC. */
function sharedMac(
  written: Written<string> | undefined,
  mac: Value<string>,
  findings: Findings,
): Value<string> {
  if (written !== undefined) {
    const what = 'ipvlan interfaces do not support custom mac address assignment';
    findings.refuse(written.at, what, 'remove it: they all have the MAC of their parent');
  }
  return mac;
}

function asText(family: 4 | 6, { value, at }: Value<bigint>): Value<string> {
  return { value: addressText(family, value), ...(at && { at }) };
}

function flag(
  key: 'hairpin' | 'isolated',
  ...places: (Written<PortShape> | undefined)[]
): Value<boolean> {
  for (const place of places) {
    const written = place?.get(key);
    if (written !== undefined) return { value: written.value, at: written.at };
  }
  return { value: false };
}
