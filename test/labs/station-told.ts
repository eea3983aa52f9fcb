/** Sentences about a station of a lab. */
import type { ExecutionContext } from 'ava';
import { macTextOf } from './addresses.js';
import type { Stage } from './stage.js';
import { HOST_UNREACHABLE } from './station.js';
import type { Station } from './station.js';

export class StationTold {
  constructor(
    private readonly t: ExecutionContext,
    private readonly stage: Stage,
    private readonly station: Station,
  ) {}

  /** `ip addr`: one of its NICs has this address and this MAC. */
  has(address: string, mac: string): void {
    const found = this.station.nics.flatMap((nic) =>
      nic.addressTexts.map((text) => `${text} ${macTextOf(nic.mac)}`),
    );
    this.t.true(found.includes(`${address} ${mac}`), `${this.name} has ${found.join(', ')}`);
  }

  /** `ip route`: what it has besides the routes of its own addresses. */
  routes(...routes: string[]): void {
    this.t.deepEqual(this.station.routeTexts, routes, `routes of ${this.name}`);
  }

  /** `ping -c2`: every echo comes back. `ttl` is what is left of 64 when it does. */
  reaches(address: string, { ttl = 64, count = 2 } = {}): void {
    const { loss, ttls, errors } = this.stage.ping(this.name, address, count);
    const what = errors.map((error) => error.what).join(', ');
    this.t.is(loss, 0, `${this.name} pings ${address}: ${loss} % loss ${what}`);
    this.t.deepEqual(ttls, Array<number>(count).fill(ttl), `${this.name} pings ${address}: ttl`);
  }

  /** `ping -c2`: nothing comes back, and nobody says why. */
  doesNotReach(address: string, { count = 2 } = {}): void {
    const { loss, errors } = this.stage.ping(this.name, address, count);
    this.t.is(loss, 100, `${this.name} pings ${address}: ${loss} % loss`);
    this.t.deepEqual(errors, [], `${this.name} pings ${address}`);
  }

  /** `ping`: nobody has the address, or that of the router on the way there, so the station itself reports each echo as undeliverable. */
  findsNobodyAt(address: string, { count = 2 } = {}): void {
    const { loss, errors } = this.stage.ping(this.name, address, count);
    this.t.is(loss, 100, `${this.name} pings ${address}: ${loss} % loss`);
    this.t.deepEqual(
      errors.map(({ what }) => what),
      Array<string>(count).fill(HOST_UNREACHABLE),
      `${this.name} pings ${address}`,
    );
  }

  /** `traceroute`: who answers on the way. */
  findsTheWay(address: string, ...hops: string[]): void {
    this.t.deepEqual(this.stage.trace(this.name, address), hops, `${this.name} to ${address}`);
  }

  /** `ip neigh`. */
  knows(address: string, mac: string): void {
    this.t.is(this.station.neighbor(address), mac, `${this.name} knows ${address}`);
  }

  /** `ip route add`. */
  routesBy(via: string, ...blocks: string[]): void {
    for (const to of blocks) this.station.route({ to, via });
  }

  /** Gratuitous ARP for its addresses. */
  announcesItself(): void {
    this.stage.announce(this.name);
  }

  /** A frame as it stands, out of its first NIC. */
  sends(frame: Uint8Array): void {
    this.stage.send(this.station.nics[0]?.port ?? '', frame);
  }

  private get name(): string {
    return this.station.name;
  }
}
