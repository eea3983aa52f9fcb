/** The addresses in `x-vxlan`: where a VXLAN port sends from and to, and who lives behind which remote end. */
import { addressText, parseAddress, type Address } from '../address.js';
import { canBeOwned, checkMac } from './hosts.js';
import type { Findings } from './mistake.js';
import type { Value } from './position.js';
import { readInterface, type Surroundings } from './routes.js';
import { VNI_MAX, type RemoteStation } from './vtep.js';
import type { RemoteStationShape, VxlanShape } from './vxlan-schema.js';
import { items, type Written } from './written.js';

/** Where outer packets come from and go to. */
export interface TunnelEnds {
  readonly family: 4 | 6;
  readonly local?: Value<string>;
  readonly remotes: readonly Value<string>[];
  readonly group?: Value<string>;
  readonly dev?: Value<string>;
  readonly stations: readonly PlacedStation[];
}

/** A station, and the VNI it was written for. */
export interface PlacedStation extends RemoteStation {
  readonly vni: number | undefined;
  readonly vniAt: Written['at'];
}

/** The first address that is written decides about the family: the others have to be of the same. */
export class TunnelEndsReader {
  private family: 4 | 6 | undefined;

  constructor(
    private readonly host: string,
    private readonly around: Surroundings,
    private readonly isWhole: boolean,
    private readonly findings: Findings,
  ) {}

  read(vxlan: Written<VxlanShape> | undefined): TunnelEnds {
    const local = this.readLocal(vxlan?.get('local'));
    const remotes = this.readRemotes(items(vxlan?.get('remotes')));
    const group = this.readGroup(vxlan?.get('group'));
    const dev = readInterface(vxlan?.get('dev'), this.around.interfaces, this.findings);
    if (vxlan !== undefined) this.refuseHalves(vxlan);
    const stations = items(vxlan?.get('stations')).flatMap((one) => this.readStation(one) ?? []);
    return {
      family: this.family ?? 4,
      ...(local && { local }),
      remotes,
      ...(group && { group }),
      ...(dev && { dev }),
      stations,
    };
  }

  private readLocal(written: Written<string> | undefined): Value<string> | undefined {
    const address = this.readAddress(written);
    if (address === undefined) return undefined;
    if (this.isWhole && !this.around.addresses.includes(address.value)) {
      const own = this.around.addresses.join(', ');
      const fix = own === '' ? 'give a NIC of it that address' : `write one of ${own}`;
      this.findings.refuse(address.at, `${this.host} has no address ${address.value}`, fix);
    }
    return address;
  }

  private readRemotes(written: readonly Written<string>[]): Value<string>[] {
    const remotes = new Map<string, Value<string>>();
    for (const one of written) {
      const remote = this.readRemote(one);
      if (remote === undefined) continue;
      if (remotes.has(remote.value))
        this.findings.refuse(
          one.at,
          `the remote ${remote.value} is there already: File exists`,
          'write each remote once',
        );
      remotes.set(remote.value, remote);
    }
    return [...remotes.values()];
  }

  /** The address of one other end. */
  private readRemote(written: Written<string> | undefined): Value<string> | undefined {
    const address = this.readAddress(written);
    if (address === undefined) return undefined;
    const parsed = parseAddress(address.value);
    const { value, at } = address;
    if (parsed !== undefined && isGroup(parsed)) {
      const fix = `write "group: ${value}" and "dev: " with a NIC, instead of remotes`;
      this.findings.refuse(at, `${value} is a group, and no end of a tunnel`, fix);
    } else if (parsed !== undefined && !canBeOwned(parsed)) {
      const what = `${value} cannot be the address of one host`;
      this.findings.refuse(at, what, 'choose another address');
    } else if (this.around.addresses.includes(value)) {
      const what = `${value} is an address of ${this.host} itself`;
      this.findings.refuse(at, what, 'write the address of another host');
    } else return address;
    return undefined;
  }

  private readGroup(written: Written<string> | undefined): Value<string> | undefined {
    const address = this.readAddress(written);
    const parsed = address && parseAddress(address.value);
    if (address === undefined || parsed === undefined || isGroup(parsed)) return address;
    const fix = 'write a multicast address, such as 239.1.1.1 or ff05::1, or name it in remotes';
    this.findings.refuse(address.at, `${address.value} is not a group`, fix);
    return undefined;
  }

  /** A group needs a NIC, and nothing else does; and it stands for all remotes. */
  private refuseHalves(vxlan: Written<VxlanShape>): void {
    const [group, dev] = [vxlan.get('group'), vxlan.get('dev')];
    if (group !== undefined && vxlan.get('remotes') !== undefined)
      this.findings.refuse(
        vxlan.keyAt('group'),
        'what is for everybody goes to remotes or to a group, not to both',
        'keep one of the two',
      );
    if (group !== undefined && dev === undefined && this.isWhole)
      this.findings.refuse(
        group.at,
        'a group is spoken to by one NIC: which?',
        'write "dev: " and a NIC of the host beside it',
      );
    if (group === undefined && dev !== undefined && this.isWhole)
      this.findings.refuse(
        vxlan.keyAt('dev'),
        'dev means nothing without a group',
        'remove it: the routes of the host say by which NIC a remote is reached',
      );
  }

  private readStation(written: Written<RemoteStationShape>): PlacedStation | undefined {
    const mac = checkMac(written.get('mac'), this.findings);
    const remote = this.readRemote(written.get('remote'));
    const addresses = items(written.get('addresses')).flatMap((one) => {
      const address = this.parse(one);
      return address === undefined ? [] : [addressText(address.family, address.value)];
    });
    const vni = written.get('vni');
    if (mac === undefined || remote === undefined) return undefined;
    const { at } = written;
    return { mac, remote: remote.value, addresses, at, vni: vni?.value, vniAt: vni?.at ?? at };
  }

  private parse({ value, at }: Written<string>): Address | undefined {
    const address = parseAddress(value);
    if (address === undefined)
      this.findings.refuse(
        at,
        `${value} is not an ip address`,
        'write one address, without prefix length',
      );
    return address;
  }

  /** An address in canonical form, if it is of the family of this tunnel. */
  private readAddress(
    written: Written<string> | undefined,
  ): (Value<string> & Pick<Written, 'at'>) | undefined {
    const address = written && this.parse(written);
    if (written === undefined || address === undefined) return undefined;
    this.family ??= address.family;
    const value = addressText(address.family, address.value);
    if (address.family === this.family) return { value, at: written.at };
    const what = `${value} is an IPv${address.family} address, and this tunnel is one over IPv${this.family}`;
    const fix = 'write addresses of one family; another VXLAN port can have the other';
    this.findings.refuse(written.at, what, fix);
    return undefined;
  }
}

/** 224.0.0.0/4 (RFC 5771) and ff00::/8 (RFC 4291 §2.7). */
function isGroup({ family, value }: Address): boolean {
  return family === 4 ? value >> 28n === 0xen : value >> 120n === 0xffn;
}

export function isVni(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= VNI_MAX;
}
