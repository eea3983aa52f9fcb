/** What `show` can be asked for, and what it says of itself. */

/** Of a running lab. */
export const LIVE = ['ports', 'fdb', 'counters', 'workers'] as const;

/** Of a topology, at a moment of a replay. */
export const REPLAYED = ['conntrack', 'routes', 'neighbors', 'nat', 'fdb'] as const;
export type Replayed = (typeof REPLAYED)[number];

export const WHAT_HELP =
  'of a running lab: ports, fdb, counters, workers; of a topology and captures: conntrack, neighbors, nat, fdb, and of a topology alone routes; reasons: why a frame can end; schema: the JSON Schema of topologies';

export const AT_HELP =
  'moment of the replay, as 3.5s or 250ms after the first frame, or a time as 2026-05-04T09:08:07.5Z (default: the last frame)';

/** The keys are a promise. */
export const KEYS_HELP = `
Keys of the JSON of conntrack, routes, neighbors and nat: what, topology, at_s (seconds since the
first frame; not of routes), and hosts, which have their name as host, and
  conntrack  connections: protocol, state (of TCP), replied, assured, original and reply (source and
             destination: address, and port or identifier), timeout_s, openedBy (port, number),
             destinationRule and sourceRule (rule, at, key) where they are translated
  routes     forwards, and routes: route (as ip route prints it), kind, to, via, dev, metric,
             at
  neighbors  neighbors: interface, address, mac, state (INCOMPLETE, REACHABLE, STALE, DELAY, PROBE,
             PERMANENT), heard_s, and of those in INCOMPLETE and PROBE asked and waiting
  nat        profile, and rules: kind (published, opened, destination, source, masquerade), rule,
             at, key, connections; of the profile rfc4787 also mappings: protocol, inside, outside,
             timeout_s, rule
at is the line and column of the topology that says so, key what stands there.

Keys of the JSON of fdb: what, topology and at_s, or of a running lab what and lab, and
  stations   network, mac, vlan (where the network keeps VLANs apart), port, kind (dynamic, static,
             sticky, local), heard_s, taughtBy (port, number, ago_s), at
  remotes    of a topology, what tunnel ends know of others: port, vni, mac, remote, kind (dynamic,
             declared), heard_s, taughtBy, at
  changes    instead of both with --history, declared ones first: port, vni, mac, change (declared,
             learned, moved, aged, evicted), at_s, from, to, and why: frame (port, number),
             silent_s or at; forgotten is how many older ones are not kept
heard_s and ago_s count back from that moment, and at is file and line.`;

export const MAC_HELP = 'for fdb of a topology: only this station';
export const HISTORY_HELP =
  'for fdb of a topology: how tunnel ends came to know behind which others stations live, with the frame or the line that is the cause of each change';
