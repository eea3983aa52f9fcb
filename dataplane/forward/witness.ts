/**
 * How a traced frame is forwarded: as any other, with notes of the state around it. The stages do not know that they are watched, so a
 * trace cannot change what it shows, and frames without the TRACED bit pay one branch. Beyond the first bridge, what happens is noted
 * where it is carried out (emit.ts, links.ts).
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { NetworkFlag, PortRole } from '../program/layout.js';
import type { Bridge } from './bridge.js';
import { objection } from './egress.js';
import type { CarryOut } from './emit.js';
import { LOCAL_PORT } from './plane.js';
import type { Plane } from './plane.js';
import { VerdictBits, Action } from './verdict.js';
import type { Verdict } from './verdict.js';
import { TagBits, admitOn, filterOn } from './vlan.js';

const ADDRESSES = 12;

/** Makes the function that forwards one frame and notes what happens to it. */
export function witnessOn(
  plane: Plane,
  decide: (frame: Frame, port: number) => Verdict,
  emit: CarryOut,
): (frame: Frame, port: number) => void {
  const { frames, program, trace } = plane;
  const { serial, tick, bytes, start, length, wireLength } = frames;
  const { role, link } = program.ports;

  return (frame, port) => {
    plane.isTracing = true;
    trace.begin(frame, port, serial[frame], tick[frame]);
    trace.keep(bytes, start[frame], length[frame], wireLength[frame]);
    if (role[port] === PortRole.Child) trace.note(Step.Child, port, link[port]);
    const verdict = decide(frame, port);
    if (role[port] === PortRole.Child && (verdict & VerdictBits.Action) === Action.Send)
      trace.note(Step.Sent, verdict & VerdictBits.Argument);
    emit(frame, port, verdict);
    plane.isTracing = false;
  };
}

/** Makes the bridge that notes what it knew, what it learned and what it decided, when the frame at hand is traced. */
export function watchedOn(plane: Plane, bridge: Bridge): Bridge {
  const { frames, program, trace, fdbs } = plane;
  const { length, start, tick, view } = frames;
  const { network: networkOf } = program.ports;
  const { flags, firstPort, portCount } = program.networks;
  const admit = admitOn(plane);
  const filterFor = filterOn(plane);

  /** Notes the entry of the address that stands `offset` bytes into the frame, if there is one. */
  function noteEntry(step: Step, frame: Frame, port: number, offset: number): void {
    if (length[frame] < ADDRESSES) return;
    const fdb = fdbs[networkOf[port]];
    const at = start[frame] + offset;
    const [high, low] = [view.getUint16(at), view.getInt32(at + 2)];
    const filter = vlanIn(port) < 0 ? 0 : filterFor(networkOf[port], high, low, tick[frame]);
    const entry = fdb.find(filter | high, low, tick[frame]);
    if (entry < 0) return;
    trace.note(
      step,
      fdb.placeOf(entry),
      fdb.serialOf(entry),
      fdb.taughtAt(entry),
      fdb.heardAt(entry),
    );
  }

  /** The VLAN of the frame at hand in the bridge of this port, with its priority; -1 where the bridge does not look at VLANs. */
  function vlanIn(port: number): number {
    return (flags[networkOf[port]] & NetworkFlag.VlanFiltering) === 0 ? -1 : plane.vlan;
  }

  function noteVerdict(port: number, verdict: Verdict): void {
    const argument = verdict & VerdictBits.Argument;
    const action = verdict & VerdictBits.Action;
    trace.note(Step.Verdict, action, argument);
    if (action === Action.Send) trace.note(Step.Sent, argument);
    if (action !== Action.Flood) return;
    const network = networkOf[port];
    const first = firstPort[network];
    for (let other = first; other < first + portCount[network]; other++) {
      const against = objection(program, port, other, vlanIn(port));
      if (against === Reason.Ok) trace.note(Step.Sent, other);
      else trace.note(Step.PassedBy, other, against);
    }
  }

  return (frame, port) => {
    if (!plane.isTracing) return bridge(frame, port);
    plane.vlan = 0;
    const admitted = vlanIn(port) < 0 ? Reason.Ok : admit(frame, port);
    const bridged = trace.written;
    trace.note(Step.Bridged, port, 0, admitted);
    noteEntry(Step.SourceBefore, frame, port, 6);
    const verdict = bridge(frame, port);
    const vlan = vlanIn(port);
    trace.amend(bridged, vlan < 0 ? vlan : vlan & TagBits.Control);
    noteEntry(Step.SourceAfter, frame, port, 6);
    noteEntry(Step.Destination, frame, port, 0);
    noteVerdict(port, verdict);
    return verdict;
  };
}

/** Notes where a frame goes that a host sends into one of its bridges: by this port, or, where that is negative, by all that may hear it. */
export function noteSpoken({ program, trace, vlan }: Plane, network: number, port: number): void {
  const { firstPort, portCount, flags } = program.networks;
  const first = port < 0 ? firstPort[network] : port;
  const end = port < 0 ? first + portCount[network] : port + 1;
  const seen = (flags[network] & NetworkFlag.VlanFiltering) === 0 ? -1 : vlan;
  for (let one = first; one < end; one++)
    if (port >= 0 || objection(program, LOCAL_PORT, one, seen) === Reason.Ok)
      trace.note(Step.Sent, one);
}
