/**
 * The trace: fixed records about frames whose TRACED bit is set, words for them later (control/explain).
 *
 * A record is a step and four numbers. The ring keeps the newest RECORDS; whoever wants them reads `since` a mark.
 * Writer: the Worker; where several have parts of one topology, they write one memory in turns. Never: a note about a frame that is not traced.
 */

export const enum Step {
  /** Slot, port, serial, tick. */
  Arrived,
  /**
   * A bridge has it: the port of the bridge by which it came, its VLAN and priority as tag control information or -1, why the port does
   * not take it or 0. What follows up to the next such step is about that bridge.
   */
  Bridged,
  /** What the Fdb knew of the source before the frame: place (fdb.place), serial, taught at, heard at. Absent: nothing. */
  SourceBefore,
  /** The same after it. */
  SourceAfter,
  /** What the Fdb knew of the destination when the frame was decided. */
  Destination,
  /** Action, argument (forward/verdict). */
  Verdict,
  /** Queued for this port: port. */
  Sent,
  /** A flood passed this port by: port, Reason. */
  PassedBy,
  /** The host answered: row of the address it was asked for, interface (forward/interfaces) at which it heard the question. */
  Answered,
  /** The host kept silent, as its `arp_ignore` says: the same, and the number of the host. */
  Ignored,
  /** It went to the parent of a child: child port, link. */
  Child,
  /** It came up by a link: link. */
  Up,
  /** It goes out by a link: link. */
  Down,
  /** The tag of a VLAN was taken off: the link of the VLAN. */
  Popped,
  /** The tag of a VLAN was put on: the link of the VLAN. */
  Pushed,
  /** A bridge took a tag off, put one on or changed it for a port: port, tag control information. */
  Retagged,
  /** The stack of the host heard it: link. */
  Heard,
  /** A host has found its route: row of `routes`, interface (forward/interfaces) or NONE. What the host does with it by that route follows. */
  Routed,
  /**
   * The host knows its connection, or that it has none: host, side of the connection (state/conntrack) or -1, its state (forward/connection), row of
   * `natRules` that translates its destination or -1.
   */
  Tracked,
  /**
   * That connection: the port and the number of the frame that opened it, for how long it lives yet, its protocol | state << 8 | marks << 12
   * (state/connections).
   */
  Connected,
  /** Its ports as it came and from here on (state/tuple), its family << 8 | its protocol, the interface by which it came. */
  PortsBecome,
  /** It is translated; its source from here on: four words of an address. */
  SourceBecomes,
  /** Its destination, likewise. */
  DestinationBecomes,
  /** It is cut, and a piece of it goes on: number of the piece from 1, interface by which it leaves. What follows is about that piece. */
  Cut,
  /** It waits until the next hop is found: interface, slot; or, instead of the interface, Wait, and then the host. */
  Waiting,
  /** It got new addresses: first two and last four bytes of the destination, the interface whose MAC is the source. */
  Addressed,
  /** A frame that waited waits no more: slot, its port, its serial, Release. What follows up to its `Done` is about that frame. */
  Resumed,
  /**
   * The host, or a tunnel end, sends a frame of its own: Speech, of an error the Complaint (forward/complain) and, where a tunnel end sends it, the MTU that
   * it tells. What follows up to its `Done` is about that frame.
   */
  Speaks,
  /** The host would send an ICMP error, and a policy keeps it back: Complaint, interface by which it would leave. */
  Silenced,
  /** The stack of a host has heard what is for one of its tunnel ends: host. What follows up to its `Done` is about the copy that is taken out of it. */
  Opened,
  /** The end of what the newest open `Resumed`, `Speaks` or `Opened` is about. */
  Done,
  /** It goes into a tunnel: row of `vnis`, or -1 where its VLAN has none, the port that leads there. What follows up to `Encapsulated` is about that. */
  Tunneled,
  /** What is known of the end behind which its destination is: place, in which the number of an end stands for a port; serial, taught at, heard at. Absent: nothing. */
  RemoteKnown,
  /** The tunnel end has answered in the name of a station: row of `remoteStations`. */
  SpokenFor,
  /** The end to which it, or this copy of it, is sent: four words of an address. */
  Encapsulated,
  /** It comes out of a tunnel: row of `vnis`, the port by which it enters the bridge. */
  Decapsulated,
  /** The end from which it comes: four words of an address. */
  CameFrom,
  /** What was known of the end behind which its source is, before and after it: as RemoteKnown. */
  RemoteBefore,
  /** The end behind which it was before, where that is another one: four words of an address. */
  RemoteWas,
  RemoteAfter,
  /** This, or one copy of it, ended: Action (Drop or Consume), Reason. */
  Ended,
}

/** What a frame waits for, if not for its next hop. */
export const enum Wait {
  /** The first fragment of its datagram. */
  FirstFragment = -1,
  /** Whether the inside opens the connection that it would open (forward/unsolicited). */
  OpenedFromInside = -2,
}

/** Why a frame waits no more. */
export const enum Release {
  /** The MAC of its next hop is known. */
  NextHop,
  /** The first fragment of its datagram has come. */
  FirstFragment,
  /** It is given up. */
  GivenUp,
}

/** What a host sends by itself. */
export const enum Speech {
  Answer,
  /** For the MAC of a neighbor. */
  Question,
  /** An ICMP error about a packet that it could not deliver. */
  Error,
}

/** A traced frame as it was when it came in; on its way tags come and go, in place where nobody else holds it. */
export interface Arrival {
  readonly bytes: Uint8Array;
  /** Bytes that it had on the wire. */
  readonly wireLength: number;
}

/** One record. */
export type Note = readonly [step: Step, a: number, b: number, c: number, d: number];

const RECORD = 5;
const RECORDS = 1 << 16;

/** Numbers before the records. */
const enum Word {
  Written,
  Newest,
  ArrivalLength,
  ArrivalWireLength,
  Count,
}

const RECORDS_END = 8 * (Word.Count + RECORDS * RECORD);
/** No frame is longer. */
const ARRIVAL_MAX = 1 << 17;

/** Bytes of a Trace, for whoever keeps its memory. */
export const TRACE_BYTES = RECORDS_END + ARRIVAL_MAX;

export class Trace {
  private readonly words: Float64Array;
  private readonly ring: Float64Array;
  private readonly arrived: Uint8Array;

  constructor(memory: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(TRACE_BYTES)) {
    this.words = new Float64Array(memory, 0, Word.Count);
    this.ring = new Float64Array(memory, 8 * Word.Count, RECORDS * RECORD);
    this.arrived = new Uint8Array(memory, RECORDS_END, ARRIVAL_MAX);
  }

  /** Records written since the start. */
  get written(): number {
    return this.words[Word.Written];
  }

  /** Where the notes of the newest traced frame begin. */
  get newest(): number {
    return this.words[Word.Newest];
  }

  /** The newest traced frame as it came in. */
  get arrival(): Arrival {
    return {
      bytes: this.arrived.slice(0, this.words[Word.ArrivalLength]),
      wireLength: this.words[Word.ArrivalWireLength],
    };
  }

  /** A traced frame has come in: slot, port, serial, tick. */
  begin(frame: number, port: number, serial: number, tick: number): void {
    this.words[Word.Newest] = this.written;
    this.note(Step.Arrived, frame, port, serial, tick);
  }

  /** Keeps what that frame was like: its bytes stand in `bytes` from `start` on. */
  keep(bytes: Uint8Array, start: number, length: number, wireLength: number): void {
    this.arrived.set(bytes.subarray(start, start + length));
    this.words[Word.ArrivalLength] = length;
    this.words[Word.ArrivalWireLength] = wireLength;
  }

  note(step: Step, a = 0, b = 0, c = 0, d = 0): void {
    const at = (this.words[Word.Written]++ % RECORDS) * RECORD;
    this.ring[at] = step;
    this.ring[at + 1] = a;
    this.ring[at + 2] = b;
    this.ring[at + 3] = c;
    this.ring[at + 4] = d;
  }

  /** The second number of the record that was written when `written` stood at `mark`. */
  amend(mark: number, b: number): void {
    this.ring[(mark % RECORDS) * RECORD + 2] = b;
  }

  /** The records written since `written` stood at `mark`, oldest first, as far as the ring still holds them. */
  since(mark: number): Note[] {
    const first = Math.max(mark, this.written - RECORDS);
    return Array.from({ length: this.written - first }, (_, i) => {
      const at = ((first + i) % RECORDS) * RECORD;
      const [step, a, b, c, d] = this.ring.slice(at, at + RECORD);
      return [step, a, b, c, d];
    });
  }
}
