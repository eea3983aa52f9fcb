/**
 * What a replay did, as data. The same inputs give the same summary, so no clock and no machine stands in it.
 */
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { ReplayReport } from '../../dataplane/worker/replay.js';
import type { Compiled } from '../compile/compile.js';

/** How many frames ended for a Reason, by its name. */
export type ByReason = Readonly<Record<string, number>>;

export interface PortSummary {
  readonly port: string;
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  readonly dropped: ByReason;
  readonly consumed: ByReason;
}

export interface Summary {
  readonly topology: string;
  readonly inputs: readonly {
    readonly port: string;
    readonly file: string;
    readonly frames: number;
    readonly damage?: { readonly offset: number; readonly what: string };
    readonly notes: readonly string[];
  }[];
  readonly outputs: readonly { readonly port: string; readonly file: string }[];
  readonly ports: readonly PortSummary[];
  readonly networks: readonly {
    readonly network: string;
    readonly stationsEvicted: number;
    readonly stationsRefused: number;
  }[];
  /** received + originated + copied = sent + dropped + consumed. */
  readonly frames: {
    readonly received: number;
    /** Answers of the host itself. */
    readonly originated: number;
    readonly copied: number;
    readonly sent: number;
    readonly dropped: number;
    readonly consumed: number;
  };
  /** ICMP errors that hosts did not send because there had been too many (RFC 1812 §4.3.2.8). */
  readonly icmpErrorsKeptBack: number;
  readonly duration_s: number;
  readonly interrupted: boolean;
  /** What the topology gives to think about, then what the replay does. */
  readonly notes: readonly string[];
}

/** Throws when frames are not all accounted for: that would be a defect of the data plane, and no figure could be trusted. */
export function summaryOf(
  compiled: Compiled,
  report: ReplayReport,
  counters: Counters,
  files: {
    readonly inputs: readonly { readonly name: string }[];
    readonly outputs: Summary['outputs'];
  },
): Summary {
  const lost = counters.unaccounted();
  if (lost !== 0) throw new Error(`${lost} frames are unaccounted for`);
  const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);
  return {
    topology: compiled.lab.file,
    inputs: report.inputs.map(({ path, frames, damage, notes }, i) => ({
      port: files.inputs[i]?.name ?? '',
      file: path,
      frames,
      ...(damage && { damage: { offset: damage.offset, what: damage.what } }),
      notes,
    })),
    outputs: files.outputs,
    ports: compiled.ports.flatMap(({ port, isOpen }, row) =>
      isOpen || (counters.framesIn[row] ?? 0) > 0 ? [portSummary(port, row, counters)] : [],
    ),
    networks: compiled.networks.map(({ name }, row) => ({
      network: name,
      stationsEvicted: report.evicted[row] ?? 0,
      stationsRefused: report.refused[row] ?? 0,
    })),
    frames: {
      received: total(counters.framesIn),
      originated: total(counters.originated),
      copied: total(counters.copied),
      sent: total(counters.framesOut),
      dropped: total(counters.dropped),
      consumed: total(counters.consumed),
    },
    icmpErrorsKeptBack: total(counters.errorsKeptBack),
    duration_s: report.tick / 1e9,
    interrupted: report.interrupted,
    notes: [...compiled.lab.notes, ...notesOf(report)],
  };
}

function notesOf({ backwards, timesClamped }: ReplayReport): string[] {
  const notes: string[] = [];
  if (backwards > 0)
    notes.push(
      `${backwards} frames were captured before one that came in earlier; time stood still for them`,
    );
  if (timesClamped > 0)
    notes.push(
      `${timesClamped} frames have times that the output format cannot hold; they were moved to its limit`,
    );
  return notes;
}

function portSummary(port: string, row: number, counters: Counters): PortSummary {
  const byReason = (column: Float64Array): ByReason => {
    const counts = column.slice(row * Reason.Count, (row + 1) * Reason.Count);
    const entries = Array.from(
      counts,
      (count, reason) => [reasonText(reason).name, count] as const,
    );
    return Object.fromEntries(entries.filter(([, count]) => count > 0));
  };
  return {
    port,
    framesIn: counters.framesIn[row] ?? 0,
    bytesIn: counters.bytesIn[row] ?? 0,
    framesOut: counters.framesOut[row] ?? 0,
    bytesOut: counters.bytesOut[row] ?? 0,
    dropped: byReason(counters.dropped),
    consumed: byReason(counters.consumed),
  };
}
