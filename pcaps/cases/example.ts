/**
 * What c3 of the example lab does while c1 and c2 talk, and after they have fallen silent: everything that was not to be had by
 * recording, each frame for one thing a bridge does.
 */
import { text } from '../build/bytes.js';
import type { Captured } from '../build/capture.js';
import {
  everybody,
  lldp,
  ofLength,
  pause,
  spanningTree,
  station,
  tagged,
  word,
} from '../build/ethernet.js';
import { announcement, arpRequest, echo, udp } from '../build/ipv4.js';
import { echo6, solicitation } from '../build/ipv6.js';

/** The second in which c1 spoke first in c1.pcap: 21 November 2026, 12:16:46 UTC. */
const START_S = 1_795_263_406n;

const gateway = station(1);
const c1 = station(2);
const c2 = station(3);
const c3 = station(4);
/** A station behind c3, as a virtual machine inside a container would be. */
const inner = station(40);

const story: readonly (readonly [seconds: number, bytes: Uint8Array])[] = [
  [0.1, announcement(c3)],
  [0.2, lldp(c3)],
  [0.3, pause(c3)],
  [0.4, spanningTree(c3)],
  [3, arpRequest(c3, gateway)],
  [3.1, echo(c3, gateway, 1)],
  [3.2, word(inner, everybody, 'a station behind c3')],
  [3.3, word(c3, inner, 'which c3 reaches without the bridge')],
  [5, echo(c3, c2, 1)],
  [5.05, solicitation(c3, c2)],
  [5.1, echo6(c3, c2, 1)],
  [5.2, tagged(10, arpRequest(c3, c1))],
  [5.3, udp(c3, everybody, [138, 138], text('is anybody there?'))],
  [5.4, ofLength(c3, c1, 1514)],
  [5.5, ofLength(c3, c1, 1600)],
  [5.6, tagged(10, ofLength(c3, c1, 1514))],
  [5.7, word({ mac: new Uint8Array(6) }, c1, 'from an address that no station has')],
  [5.8, word(c3, c1, '').slice(0, 10)],
  // c3 claims to be c2. What c1 asks of port 81 goes to c3, until the true c2 speaks again.
  [10.9, announcement(c2)],
  [12, word(c3, c2, 'c2 has been heard 1 s ago')],
  [325, word(c3, c2, 'and here not for 300 s: who knows c2?')],
];

export const exampleFrames: readonly Captured[] = story.map(([seconds, bytes]) => ({
  time_ns: START_S * 1_000_000_000n + BigInt(Math.round(seconds * 1e9)),
  bytes,
  wireLength: bytes.length,
}));
