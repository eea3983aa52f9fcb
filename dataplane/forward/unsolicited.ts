/**
 * SYNs from outside that nobody inside has asked for, at a host with the profile rfc4787 (RFC 5382 §4.3, REQ-4). Two that open the same connection
 * from both sides at once may cross: so nobody is told anything for 6 s, and if the inside opens it meanwhile, nothing at all. Else the sender
 * hears that the port is unreachable.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step, Wait } from '../observe/trace.js';
import { Complaint } from './complain.js';
import type { Complain } from './complain.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { postponeOn } from './ask.js';

/** What is told about them with. */
export interface UnsolicitedSurroundings {
  readonly packet: Packet;
  readonly drop: (frame: Frame, reason: Reason) => void;
  readonly complain: Complain;
}

export interface Unsolicited {
  /** The packet at hand is such a SYN, which came in by an interface of a host: it waits, or is dropped. Uses up the hold. */
  readonly enter: (frame: Frame, iface: number, host: number) => void;
  /** Is done with what has waited long enough at a host. */
  readonly expire: (host: number, tick: number) => void;
}

export function unsolicitedOn(
  plane: Plane,
  { packet, drop, complain }: UnsolicitedSurroundings,
): Unsolicited {
  const { tick } = plane.frames;
  const postpone = postponeOn(plane);
  return {
    enter: (frame, iface, host) => {
      const syns = plane.trackings[host]?.syns;
      const { source, destination, ports } = packet;
      if (syns?.hold(frame, tick[frame], source, destination, ports, iface) !== true) {
        drop(frame, Reason.SynUnsolicited);
        return;
      }
      if (plane.isTracing) plane.trace.note(Step.Waiting, Wait.OpenedFromInside, frame, host);
      plane.expect(syns.due);
    },
    expire: (host, now) => {
      const syns = plane.trackings[host]?.syns;
      if (syns === undefined) return;
      for (let frame = syns.take(now); frame >= 0; frame = syns.take(now)) {
        postpone(frame, now);
        if (!syns.isAnswered) complain(frame, syns.iface, Complaint.PortUnreachable, 0);
        drop(frame, Reason.SynUnsolicited);
      }
    },
  };
}
