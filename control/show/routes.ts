/** The routes of the hosts, as data for `show routes`. */
import { RouteKind } from '../../dataplane/program/layout.js';
import { addressText, blockText } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { metricWords } from '../compile/routes.js';
import type { CompiledRoute } from '../compile/routes.js';
import { interfaceView, shortName } from '../explain/views.js';
import type { Position } from '../model/position.js';

export interface RouteShown {
  /** As `ip route` prints it: `default via 192.0.2.9 dev eth0`. */
  readonly route: string;
  readonly kind: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit';
  readonly to: string;
  readonly via?: string;
  readonly dev?: string;
  /** Where the topology says one. */
  readonly metric?: number;
  readonly at?: Position;
}

export interface HostRoutes {
  readonly host: string;
  /** Packets of others are passed on. */
  readonly forwards: boolean;
  /** Those with the longest prefix first; the first that has a destination in it counts. */
  readonly routes: readonly RouteShown[];
}

const KINDS = {
  [RouteKind.Unicast]: 'unicast',
  [RouteKind.Blackhole]: 'blackhole',
  [RouteKind.Unreachable]: 'unreachable',
  [RouteKind.Prohibit]: 'prohibit',
} as const;

export function routesShown(compiled: Compiled): HostRoutes[] {
  return compiled.lab.hosts.map(({ name, forward }, host) => ({
    host: name,
    forwards: forward.value,
    routes: compiled.routes
      .filter((route) => route.host === host)
      .map((route) => shownOf(compiled, route)),
  }));
}

function shownOf(compiled: Compiled, route: CompiledRoute): RouteShown {
  const { to, via, iface, kind = RouteKind.Unicast, writtenMetric: metric, at } = route;
  const link = interfaceView(compiled, iface);
  const dev = link && shortName(link);
  const router = via === undefined ? undefined : addressText(to.family, via);
  const words = [
    ...(kind === RouteKind.Unicast ? [] : [KINDS[kind]]),
    to.prefixLength === 0 ? 'default' : blockText(to),
    ...(router === undefined ? [] : ['via', router]),
    ...(dev === undefined ? [] : ['dev', dev]),
    ...metricWords(metric),
  ];
  return {
    route: words.join(' '),
    kind: KINDS[kind],
    to: blockText(to),
    ...(router !== undefined && { via: router }),
    ...(dev !== undefined && { dev }),
    ...(metric !== undefined && { metric }),
    ...(at && { at }),
  };
}
