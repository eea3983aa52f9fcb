import { addressText, macOfIpv4, macOfName, parseAddress } from '../address.js';
import type { Addressing, EndpointAddresses } from './addressing.js';
import type { Endpoint } from './endpoint.js';
import { checkMac, INTERFACE_NAME_FIX, isInterfaceName } from './hosts.js';
import type { Findings } from './mistake.js';
import type { NetworkDraft } from './networks.js';
import type { Value } from './position.js';
import type { PortFlagsShape } from './schema.js';
import type { Attachment, SandboxDraft } from './services.js';
import { items, type Written } from './written.js';

/** An attachment together with the network it leads to. */
export interface Joint {
  readonly attachment: Attachment;
  readonly network: NetworkDraft;
}

/** The endpoints of one sandbox, in file order. */
export function makeEndpoints(
  draft: SandboxDraft,
  joints: readonly Joint[],
  addressing: Addressing,
  findings: Findings,
): { endpoint: Endpoint; network: NetworkDraft }[] {
  const serviceMac = draft.written?.get('mac_address');
  const firstJoint = firstOf(joints);
  const flags = draft.written?.get('x-port');
  if (flags !== undefined && joints.length !== 1) {
    const what = `${draft.name} has ${joints.length} endpoints: which one is meant?`;
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
    const written =
      attachment.settings?.get('mac_address') ?? (joint === firstJoint ? serviceMac : undefined);
    const endpoint: Endpoint = {
      sandbox: draft.name,
      network: network.name,
      at: attachment.at,
      port: joints.length === 1 ? draft.name : `${draft.name}.${network.key}`,
      mac: macOf(written, addresses, joint, findings),
      ...(addresses.ipv4 && { ipv4: asText(4, addresses.ipv4) }),
      ...(addresses.ipv6 && { ipv6: asText(6, addresses.ipv6) }),
      aliases: attachment.settings?.get('aliases')?.value ?? [],
      hairpin: flag('hairpin', attachment.settings?.get('x-port'), flags),
      isolated: flag('isolated', attachment.settings?.get('x-port'), flags),
    };
    return { endpoint, network };
  });
}

/** The network Compose connects first: the highest priority, then by name. The MAC of the service is meant for it. */
function firstOf(joints: readonly Joint[]): Joint | undefined {
  const priority = ({ attachment }: Joint) => attachment.settings?.get('priority')?.value ?? 0;
  const inOrder = [...joints].sort((one, other) => {
    if (priority(one) !== priority(other)) return priority(other) - priority(one);
    return one.attachment.network < other.attachment.network ? -1 : 1;
  });
  return inOrder[0];
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
  const name = settings?.get('interface_name');
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

function asText(family: 4 | 6, { value, at }: Value<bigint>): Value<string> {
  return { value: addressText(family, value), ...(at && { at }) };
}

function flag(
  key: 'hairpin' | 'isolated',
  ...places: (Written<PortFlagsShape> | undefined)[]
): Value<boolean> {
  for (const place of places) {
    const written = place?.get(key);
    if (written !== undefined) return { value: written.value, at: written.at };
  }
  return { value: false };
}
