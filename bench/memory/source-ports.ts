/**
 * How the source ports of outer packets spread over their range, for whoever shares flows out by them (RFC 7348 §5, Source Port): taken from packets that have
 * come out of a tunnel end, one for each flow.
 */
import { Plane } from '../../dataplane/forward/plane.js';
import type { Frames } from '../../dataplane/frame/frames.js';
import { drawnOn } from '../../dataplane/port/drawn.js';
import { INSIDE, SERVER_PORT } from '../../dataplane/port/flows.js';
import { OUTER_BYTES, packetsOn } from '../../dataplane/port/packets.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink, Source } from '../../dataplane/port/port.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { STATION } from '../../dataplane/port/tunnel-flows.js';
import type { TunnelFlows } from '../../dataplane/port/tunnel-flows.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { chiSquareCritical, chiSquareOf, round } from '../statistics.js';
import { introduceTunnel, SOURCE_PORTS, tunnelProgram } from './tunnels.js';

/** Addresses and ports at random, or from one address to another, with ports that count up. */
type Variety = 'random' | 'sequential';

export interface SourcePorts {
  readonly flows: Variety;
  /** How many came out. */
  readonly count: number;
  readonly chiSquare: number;
  readonly degrees: number;
  /** What chance alone exceeds in one of a hundred cases. */
  readonly critical: number;
}

const FRAME_BYTES = 60;
const SOURCE_PORT_AT = 34;
const BINS = 64;
const FLOWS = 10_000;
/** In a breath: a part of them. */
const EACH = 100;
const PORT_FIRST = 1024;

/** Sends both kinds of flows into a tunnel end. */
export function sourcePortsOf(tunnel: TunnelFlows): SourcePorts[] {
  return [sourcePortsFor('random', tunnel), sourcePortsFor('sequential', tunnel)];
}

function sourcePortsFor(flows: Variety, tunnel: TunnelFlows): SourcePorts {
  const plane = new Plane(tunnelProgram(tunnel));
  introduceTunnel(plane, tunnel);
  const bins = Array<number>(BINS).fill(0);
  const sinks: Sink[] = Array.from({ length: plane.program.ports.rows }, () => nowhere);
  sinks[tunnel.ports + 1] = binning(plane.frames, bins);
  const source = flowsOf(plane.frames, flows, tunnel);
  const breath = breathOn(plane, source, sinks, EACH);
  for (let sent = 0; sent < FLOWS; sent += EACH) breath();
  return {
    flows,
    count: bins.reduce((sum, one) => sum + one, 0),
    chiSquare: round(chiSquareOf(bins), 1),
    degrees: BINS - 1,
    critical: round(chiSquareCritical(BINS - 1), 1),
  };
}

/** Counts source ports in bins of a range. */
function binning({ start, length, view }: Frames, bins: number[]): Sink {
  const width = SOURCE_PORTS.count / bins.length;
  return {
    send(from, at, count) {
      for (let i = at; i < at + count; i++) {
        const frame = from[i] ?? -1;
        if (length[frame] !== FRAME_BYTES + OUTER_BYTES)
          throw new Error('this is no frame in a tunnel');
        const port = view.getUint16((start[frame] ?? 0) + SOURCE_PORT_AT);
        const bin = Math.floor((port - SOURCE_PORTS.first) / width);
        bins[bin] = (bins[bin] ?? NaN) + 1;
      }
      return 0;
    },
    refusals: NO_REFUSALS,
  };
}

function flowsOf(frames: Frames, variety: Variety, { seed, count, ports }: TunnelFlows): Source {
  const { start, length, wireLength } = frames;
  const packets = packetsOn(frames, FRAME_BYTES);
  let random = seed;

  /** 32 bits, of an xorshift that is another than that of the source. */
  function draw(): number {
    random ^= random << 5;
    random ^= random >>> 9;
    random ^= random << 7;
    return random;
  }

  return drawnOn(frames, seed, 1000, (frame, dice, sent) => {
    const at = start[frame] ?? 0;
    if (variety === 'random')
      packets.udp(at, STATION + (sent % count), INSIDE, draw(), draw(), dice);
    else
      packets.udp(at, STATION, INSIDE, INSIDE, STATION, ((PORT_FIRST + sent) << 16) | SERVER_PORT);
    length[frame] = FRAME_BYTES;
    wireLength[frame] = FRAME_BYTES;
    return INSIDE % ports;
  });
}
