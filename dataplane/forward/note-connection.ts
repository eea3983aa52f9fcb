/** Notes what a host knows of the connection of a traced packet, and what it makes of the packet. A trace outlives the connections it tells of. */
import { Step } from '../observe/trace.js';
import { ConnectionState } from './connection.js';
import type { Flow } from './flow.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

const STATE_SHIFT = 8;
const MARKS_SHIFT = 12;
const FAMILY_SHIFT = 8;

/** Makes the function that notes it, when the host has decided about the packet at hand, and has not written it yet. */
export function noteConnectionOn(
  { trace }: Plane,
  packet: Packet,
  flow: Flow,
): (host: number) => void {
  function noteSide(): void {
    const table = flow.tracking?.table;
    if (table === undefined || flow.side < 0) return;
    const connection = flow.side >> 1;
    trace.note(
      Step.Connected,
      table.firstPortOf(connection),
      table.firstSerialOf(connection),
      table.expiryOf(connection) - flow.now,
      table.protocolOf(connection) |
        (table.stateOf(connection) << STATE_SHIFT) |
        (table.marksOf(connection) << MARKS_SHIFT),
    );
  }

  function portsAsItCame(): number {
    if (flow.tracking !== undefined && flow.side >= 0)
      return flow.tracking.table.portsOf(flow.side >> 1, flow.side & 1);
    return flow.state === ConnectionState.New ? flow.was.ports : packet.ports;
  }

  function notePorts(): void {
    const { ports, family, protocol } = packet;
    const kind = (family << FAMILY_SHIFT) | protocol;
    trace.note(Step.PortsBecome, portsAsItCame(), ports, kind, flow.cameIn);
  }

  return (host) => {
    if (flow.tracking === undefined) return;
    const { source, destination } = packet;
    trace.note(Step.Tracked, host, flow.side, flow.state, flow.rule);
    noteSide();
    notePorts();
    if (!flow.isChanged) return;
    trace.note(Step.SourceBecomes, source[0], source[1], source[2], source[3]);
    const [a, b, c, d] = destination;
    trace.note(Step.DestinationBecomes, a, b, c, d);
  };
}
