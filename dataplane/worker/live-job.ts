/**
 * What crosses between the Supervisor and a live Worker: the job when it starts, requests while it runs, and what it reports.
 * The Worker looks for requests between breaths; it answers with notices on the same MessagePort.
 */
import type { MessagePort } from 'node:worker_threads';

/** How fast a capture is played: as it was captured, a multiple of that, so many frames a second, or as fast as it goes. */
export type Speed = { readonly times: number } | { readonly framesPerSecond: number } | 'max';

/** A port that this Worker serves. */
export type LivePort = {
  /** Number in the Program. */
  readonly port: number;
  readonly name: string;
  /** Path of a pcapng in which everything is kept that passes this port in either direction. */
  readonly record?: string;
} & (
  | { readonly kind: 'tap'; /** Held open by the Supervisor. */ readonly descriptor: number }
  | { readonly kind: 'packet' | 'capture'; readonly interface: string }
  | { readonly kind: 'play'; readonly path: string; readonly speed: Speed }
  /** Nothing is joined to it: it has no carrier; with a record, that is where its frames go. */
  | { readonly kind: 'none' }
);

export interface LiveJob {
  /** The buffer of the Program. */
  readonly program: SharedArrayBuffer;
  /** The memory of this Worker's own Counters (all ports, also those of others, which stay 0). */
  readonly counters: SharedArrayBuffer;
  /** The control words (worker/control). */
  readonly control: SharedArrayBuffer;
  /** The memory of each network's Fdb, by network number: what was learned outlives the Worker. */
  readonly fdbs: readonly SharedArrayBuffer[];
  readonly ports: readonly LivePort[];
  /** CLOCK_MONOTONIC at tick 0, ns. */
  readonly base_ns: number;
  /** Never sleep: lowest latency, one core always busy. */
  readonly busyPoll: boolean;
  readonly messages: MessagePort;
}

/** What the Supervisor asks of a running Worker. `id` names the request in its notices and in `end`. */
export type LiveRequest =
  /** Keep what passes a port in a pcapng at `path` (a file or a named pipe) until `end`. */
  | {
      readonly ask: 'record';
      readonly id: number;
      readonly port: number;
      readonly path: string;
      readonly filter?: string;
    }
  /** Explain the next `count` frames that come in by a port. */
  | {
      readonly ask: 'explain';
      readonly id: number;
      readonly port: number;
      readonly count: number;
      readonly filter?: string;
    }
  | { readonly ask: 'end'; readonly id: number };

export type LiveNotice =
  /** All ports are open, forwarding begins. */
  | { readonly tells: 'ready' }
  /** A port changed: `up` (again), `down` (no carrier or administratively down), `gone` (tried again every second). */
  | {
      readonly tells: 'port';
      readonly port: number;
      readonly state: 'up' | 'down' | 'gone';
      readonly why: string;
    }
  /** A player came to the end of its capture. */
  | {
      readonly tells: 'played';
      readonly port: number;
      readonly frames: number;
      /** Where the capture is cut or corrupt, a clause. */
      readonly damage?: string;
    }
  /**
   * A recorder ended, and its file is complete: it was told to, the disk is full, the reader is gone. `id` is absent for `record:` of the topology.
   * `leftOut` frames passed faster than they could be written.
   */
  | {
      readonly tells: 'recorder-ended';
      readonly id?: number;
      readonly port: number;
      readonly frames: number;
      readonly leftOut: number;
      readonly why: string;
    }
  /** One explained frame, made by the explainer the job's caller gave (control/live). */
  | {
      readonly tells: 'explained';
      readonly id: number;
      readonly explanation: unknown;
      readonly left: number;
    }
  /** A request could not be met (a filter libpcap does not understand). */
  | { readonly tells: 'refused'; readonly id: number; readonly why: string };
