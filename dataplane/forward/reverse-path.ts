/**
 * Does a packet come from where its host would send the answer (RFC 1812 §5.3.8; RFC 3704; Linux net/ipv4/fib_frontend.c,
 * __fib_validate_source)? IPv4 alone is asked, and of a packet whose source is not translated back yet: Linux has no such switch for IPv6.
 */
import { ReversePath, RouteKind } from '../program/layout.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

/** Makes the function that says whether the packet at hand, which came by an interface of a host, comes the wrong way for that host. */
export function astrayOn(
  { program }: Plane,
  { fibs, interfaces }: { readonly fibs: Fibs; readonly interfaces: Interfaces },
  packet: Packet,
): (iface: number, host: number) => boolean {
  const { reversePath } = program.hosts;
  const { kind, iface: outOf } = program.routes;
  return (iface, host) => {
    if (!(reversePath[host] > 0) || packet.family !== 4) return false;
    const row = fibs.findIpv4(host, packet.source[3]);
    if (row < 0 || (kind[row] as RouteKind) !== RouteKind.Unicast) return true;
    if (outOf[row] === iface) return false;
    // On an interface that has no address of its own even loosely nothing else will do.
    return (
      (reversePath[host] as ReversePath) === ReversePath.Strict || !interfaces.hasOwnIpv4(iface)
    );
  };
}
