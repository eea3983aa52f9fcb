/**
 * Fragments on their way through a host that tracks connections: they are dealt with as the first one of their datagram is, which alone says
 * whose it is (state/fragments). A host that does not look at ports forwards each as it comes.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Release, Step, Wait } from '../observe/trace.js';
import { FragmentVerdict } from '../state/fragments.js';
import type { Fragments } from '../state/fragments.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Flow } from './flow.js';
import { nextIdentification } from './identification.js';
import { NO_TRANSPORT, readOn } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { postponeOn } from './ask.js';

/** What gathering works with. */
export interface GatherSurroundings {
  readonly packet: Packet;
  readonly flow: Flow;
  readonly drop: (frame: Frame, reason: Reason) => void;
  /** Does with the packet at hand what is to be done with it, and says why it was dropped, if it was. */
  readonly process: (frame: Frame, iface: number, host: number) => Reason;
}

export interface Gather {
  /** The packet at hand is a fragment, in this frame. Uses up a hold. */
  readonly enter: (frame: Frame, iface: number, host: number) => void;
  /** Gives up what has waited too long at a host. */
  readonly expire: (host: number, tick: number) => void;
}

const IPV6_FRAGMENT_HEADER = 8;

export function gatherOn(plane: Plane, { packet, drop, process }: GatherSurroundings): Gather {
  const { trace } = plane;
  const { inPort, serial, tick, view } = plane.frames;
  const read = readOn(plane, packet);
  const postpone = postponeOn(plane);

  function take(table: Fragments, frame: Frame): number {
    const { family, at, fragment } = packet;
    const isIpv4 = family === 4;
    const headers = isIpv4 ? ipv4.headerLength(view, at) : fragment + IPV6_FRAGMENT_HEADER - at;
    return table.take(
      frame,
      tick[frame],
      family,
      packet.source,
      packet.destination,
      isIpv4 ? packet.protocol : 0,
      isIpv4 ? ipv4.identification(view, at) : ipv6.fragmentIdentification(view, fragment),
      packet.fragmentOffset,
      packet.length - headers,
      packet.moreFragments,
    );
  }

  /** From here to its end, notes are about another frame than the one at hand. */
  function noteOther(frame: Frame, why: Release): void {
    if (plane.isTracing) trace.note(Step.Resumed, frame, inPort[frame], serial[frame], why);
  }

  function noteEnd(): void {
    if (plane.isTracing) trace.note(Step.Done);
  }

  function dropGone(table: Fragments): void {
    for (let gone = table.takeGone(); gone >= 0; gone = table.takeGone()) {
      noteOther(gone, Release.GivenUp);
      drop(gone, table.goneFor);
      noteEnd();
    }
  }

  /** A later fragment is taken for what the first one said of its datagram. */
  function follow(table: Fragments, row: number, frame: Frame, iface: number, host: number): void {
    packet.ports = table.ports[row];
    packet.protocol = table.facts[row];
    packet.identification = table.identification[row];
    packet.transport = NO_TRANSPORT;
    process(frame, iface, host);
  }

  /** The first fragment has been dealt with; those that waited for it come next. */
  function release(table: Fragments, row: number, iface: number, host: number, now: number): void {
    for (let frame = table.takeWaiting(row); frame >= 0; frame = table.takeWaiting(row)) {
      postpone(frame, now);
      noteOther(frame, Release.FirstFragment);
      if (read(frame) === Reason.Ok) follow(table, row, frame, iface, host);
      noteEnd();
    }
  }

  function begin(table: Fragments, frame: Frame, iface: number, host: number): void {
    const { row } = table;
    const tracking = plane.trackings[host];
    if (tracking?.mappings !== undefined && packet.family === 4)
      packet.identification = nextIdentification(tracking);
    const { ports, protocol, identification } = packet;
    const now = tick[frame];
    const reason = process(frame, iface, host);
    if (reason === Reason.Ok) table.settle(row, ports, protocol, identification);
    else table.refuse(row, reason);
    release(table, row, iface, host, now);
    dropGone(table);
  }

  return {
    enter: (frame, iface, host) => {
      const table = plane.fragments[host];
      const tiny = packet.family === 4 ? ipv4.checkFragment(view, packet.at) : Reason.Ok;
      if (table === undefined || tiny !== Reason.Ok) {
        drop(frame, tiny);
        return;
      }
      const verdict = take(table, frame);
      plane.expect(table.due);
      if (plane.isTracing && (verdict as FragmentVerdict) === FragmentVerdict.Held)
        trace.note(Step.Waiting, Wait.FirstFragment, frame);
      dropGone(table);
      if (verdict < 0) drop(frame, -verdict);
      else if ((verdict as FragmentVerdict) === FragmentVerdict.First)
        begin(table, frame, iface, host);
      else if ((verdict as FragmentVerdict) === FragmentVerdict.Known)
        follow(table, table.row, frame, iface, host);
      else if ((verdict as FragmentVerdict) === FragmentVerdict.Whole) process(frame, iface, host);
    },
    expire: (host, now) => {
      const table = plane.fragments[host];
      if (table === undefined) return;
      table.expire(now);
      dropGone(table);
    },
  };
}
