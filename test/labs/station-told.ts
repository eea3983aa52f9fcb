/** Sentences about a station of a lab. */
import type { ExecutionContext } from 'ava';
import { macTextOf } from './addresses.js';
import { partyIn, partyText } from './call.js';
import type { Transport } from './call.js';
import { fragmentationNeeded, HOST_UNREACHABLE } from './ping.js';
import type { EchoSaid } from './ping.js';
import type { Stage } from './stage.js';
import type { Station } from './station.js';

/** Who a server has seen. */
export interface Seen {
  readonly from: string;
  readonly seenPort?: number;
  /** The port that the client itself wants to call from (`--local-port`). */
  readonly localPort?: number;
}

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

  /** `ping -c2`: every echo comes back. `ttl` is what is left of 64 when it does; `dataBytes` is `-s`, `mayBeCut` is `-M dont`. */
  reaches(
    address: string,
    {
      ttl = 64,
      count = 2,
      ...said
    }: EchoSaid & { readonly ttl?: number; readonly count?: number } = {},
  ): void {
    const { loss, ttls, errors } = this.stage.ping(this.name, address, count, said);
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

  /** `ping -M do -s`: a router says that the next link takes less. */
  isToldToSendLess(address: string, dataBytes: number, told: { by: string; mtu: number }): void {
    const { loss, errors } = this.stage.ping(this.name, address, 1, { dataBytes });
    this.t.is(loss, 100, `${this.name} pings ${address}: ${loss} % loss`);
    const expected = { from: told.by, what: fragmentationNeeded(told.mtu) };
    this.t.deepEqual(errors, [expected], `${this.name} pings ${address}`);
  }

  /** It serves at a port. Containers serve what they publish without being told. */
  listens(port: number, over: Transport = 'tcp'): void {
    this.station.listen({ port, protocol: over });
  }

  /** It serves there no more. */
  stops(port: number, over: Transport = 'tcp'): void {
    this.station.stop({ port, protocol: over });
  }

  /** `curl`: the server answers, and says that it sees `from`, and port `seenPort` of it. */
  gets(address: string, port: number, seen: Seen): void {
    this.isAnswered('tcp', address, port, seen);
  }

  /** The same with one datagram each way. */
  asks(address: string, port: number, seen: Seen): void {
    this.isAnswered('udp', address, port, seen);
  }

  /** `curl`, exit 7: nobody listens there, and that is said. */
  isRefused(address: string, port: number, over: Transport = 'tcp'): void {
    const { outcome } = this.stage.call(this.name, over, address, port);
    this.t.is(outcome, 'refused', `${this.name} calls ${address}:${port}`);
  }

  /** `curl`, exit 7: it cannot be done, says somebody on the way. */
  cannotCall(address: string, port: number, over: Transport = 'tcp'): void {
    const { outcome } = this.stage.call(this.name, over, address, port);
    this.t.is(outcome, 'unreachable', `${this.name} calls ${address}:${port}`);
  }

  /** `curl`, exit 28: nobody says anything. */
  getsNothing(address: string, port: number, over: Transport = 'tcp'): void {
    const { outcome } = this.stage.call(this.name, over, address, port);
    this.t.is(outcome, 'waiting', `${this.name} calls ${address}:${port}`);
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

  private isAnswered(over: Transport, address: string, port: number, seen: Seen): void {
    const { from, localPort, seenPort } = seen;
    const call = this.stage.call(this.name, over, address, port, localPort);
    const what = `${this.name} calls ${partyText({ address, port })}`;
    this.t.is(call.outcome, 'answered', what);
    const party = partyIn(call.answer);
    this.t.is(party?.address, from, what);
    if (seenPort !== undefined) this.t.is(party?.port, seenPort, what);
  }

  private get name(): string {
    return this.station.name;
  }
}
