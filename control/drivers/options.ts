import { addressText, parseAddress } from '../address.js';
import type { Nic } from '../model/lab.js';
import type { Findings } from '../model/mistake.js';
import type { GatewayOptions, IpvlanOptions, MacvlanOptions } from '../model/network.js';
import { nearest } from '../model/nearest.js';
import type { Position, Value } from '../model/position.js';
import { entries, type Written } from '../model/written.js';

/** What a driver made of `driver_opts`. */
export interface DriverSettings {
  readonly mtu: Value<number>;
  /** The bridge lets its ports talk to each other (`enable_icc`). */
  readonly icc: Value<boolean>;
  /** Present when the driver is `bridge`. */
  readonly gateway?: GatewayOptions;
  /** Present when the driver is `macvlan`. */
  readonly macvlan?: MacvlanOptions;
  /** Present when the driver is `ipvlan`. */
  readonly ipvlan?: IpvlanOptions;
  /** Present when the driver is `overlay`. */
  readonly overlay?: OverlayOptions;
}

/** What the overlay driver is told. */
export interface OverlayOptions {
  /** The VNIs of its first subnets, in order; absent: all are chosen. */
  readonly vnis?: Value<readonly number[]> & { readonly at: Position };
  /** Packets are to be encrypted between the hosts. */
  readonly isEncrypted: boolean;
}

/** What a driver has to know about the network it checks. */
export interface DriverScope {
  readonly network: string;
  /** Where the driver is named. */
  readonly at: Position;
  /** The network is one that Docker made (`external: true`). */
  readonly external: boolean;
  /** `internal: true`. */
  readonly internal: boolean;
  /** The NICs of its host; undefined where the host does not say which it has. */
  readonly nics: readonly Pick<Nic, 'name' | 'mtu'>[] | undefined;
}

export const ETHERNET_MTU = 1500;
const MTU_OPTION = 'com.docker.network.driver.mtu';

/** Options every driver takes, because Docker's front end reads them itself. */
const GENERIC = [
  MTU_OPTION,
  'com.docker.network.container_iface_prefix',
  'com.docker.network.host_ipv4',
  'com.docker.network.host_ipv6',
  'com.docker.network.enable_ipv4',
  'com.docker.network.enable_ipv6',
  'com.docker.network.internal',
  'com.docker.network.driver.private.no_proxy_6to4',
];

/** `driver_opts`, read key by key; each reader refuses what Docker refuses, with its words and at the value. */
export class DriverOptions {
  private readonly given: ReadonlyMap<
    string,
    { keyAt: Position; value: Value<string> & { at: Position } }
  >;

  constructor(
    options: Written<Readonly<Record<string, string | number | boolean | null>>> | undefined,
    readonly findings: Findings,
  ) {
    this.given = new Map(
      entries(options).map(({ key, keyAt, written: { value, at } }) => {
        return [key, { keyAt, value: { value: String(value ?? ''), at } }];
      }),
    );
  }

  text(key: string): (Value<string> & { at: Position }) | undefined {
    return this.given.get(key)?.value;
  }

  /** One of these words; an empty value is the first of them. */
  oneOf<W extends string>(
    key: string,
    words: readonly [W, ...W[]],
    refusal: (value: string) => string,
    docker?: string,
  ): Value<W> {
    const given = this.text(key);
    const usual = { value: words[0] };
    if (given === undefined || given.value === '') return usual;
    const { value, at } = given;
    const meant = words.find((word) => word === value);
    if (meant !== undefined) return { value: meant, at };
    this.findings.refuse(at, refusal(value), `write one of ${words.join(', ')}`, docker);
    return usual;
  }

  /** What Go's strconv.ParseBool reads. */
  flag(key: string, usual: boolean): Value<boolean> {
    const given = this.text(key);
    if (given === undefined) return { value: usual };
    const isTrue = /^(1|t|T|TRUE|true|True)$/.test(given.value);
    if (!isTrue && !/^(0|f|F|FALSE|false|False)$/.test(given.value)) {
      const what = cannotParse(
        key,
        given.value,
        `strconv.ParseBool: parsing "${given.value}": invalid syntax`,
      );
      this.findings.refuse(given.at, what, 'write "true" or "false"');
    }
    return { value: isTrue, at: given.at };
  }

  /** Bytes of the largest packet. Docker itself learns only from the kernel, on the first container, that 10 is too small. */
  mtu(usual: number): Value<number> {
    const given = this.text(MTU_OPTION);
    if (given === undefined) return { value: usual };
    const { value, at } = given;
    const bytes = Number(value);
    if (!/^[+-]?\d+$/.test(value)) {
      const what = cannotParse(
        MTU_OPTION,
        value,
        `strconv.Atoi: parsing "${value}": invalid syntax`,
      );
      this.findings.refuse(at, what, `write a number of bytes, such as "${ETHERNET_MTU}"`, 'D19');
    } else if (bytes !== 0 && (bytes < MTU_MIN || bytes > MTU_MAX)) {
      const what = 'failed to set MTU on host interface: invalid argument';
      this.findings.refuse(at, what, `write ${MTU_MIN} to ${MTU_MAX} bytes`, 'D21');
    } else {
      return { value: bytes === 0 ? usual : bytes, at };
    }
    return { value: usual, at };
  }

  /** An address of either family, in canonical form. */
  address(key: string, usual: string): Value<string> {
    const given = this.text(key);
    if (given === undefined) return { value: usual };
    const address = parseAddress(given.value);
    if (address !== undefined)
      return { value: addressText(address.family, address.value), at: given.at };
    const fix = 'write an IP address, such as "127.0.0.1"';
    this.findings.refuse(given.at, cannotParse(key, given.value, 'nil ip'), fix);
    return { value: usual };
  }

  /** Docker takes any other option and says nothing; a reader may have meant one that exists. */
  noteOthers(driver: string, known: readonly string[], network: string): void {
    const all = [...known, ...GENERIC];
    for (const key of this.given.keys()) {
      if (all.includes(key)) continue;
      const meant = nearest(key.replace(/^-+/, ''), all);
      const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
      this.findings.note(
        `network ${network}: the ${driver} driver does not know the option "${key}"${hint}`,
      );
    }
  }
}

/** RFC 791 §3.2: every link carries 68 bytes. */
const MTU_MIN = 68;
const MTU_MAX = 65_535;

export function cannotParse(key: string, value: string, why: string): string {
  return `failed to parse ${key} value: ${value} (${why})`;
}
