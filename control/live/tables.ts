/** What `show` says about a running lab, in tables for people. */
import { grouped, keptBackText, tableOf } from '../cli/table.js';
import type { ByReason } from '../replay/summary.js';
import { stationsTable } from '../show/fdb-tables.js';
import type { CountersShown, PortShown, Shown, WorkerShown } from './shown.js';
import { bits, count, duration } from './units.js';

export function tableOfShown(shown: Shown): string {
  switch (shown.what) {
    case 'ports':
      return portsTable(shown.ports);
    case 'fdb':
      return stationsTable(shown.stations);
    case 'counters':
      return countersTable(shown.counters);
    case 'workers':
      return workersTable(shown.workers);
  }
}

function portsTable(ports: readonly PortShown[]): string {
  const head = ['port', 'kind', 'device', 'state', 'in/s', 'in', 'out/s', 'out'];
  return tableOf(
    [...head, 'frames in', 'frames out', 'dropped'],
    ports.map((port) => [
      port.port,
      port.kind,
      port.device,
      port.why === undefined ? port.state : `${port.state}: ${port.why}`,
      port.in.frames_per_s,
      bits(port.in.bits_per_s),
      port.out.frames_per_s,
      bits(port.out.bits_per_s),
      port.framesIn,
      port.framesOut,
      port.dropped,
    ]),
  );
}

function countersTable({ ports, frames, icmpErrorsKeptBack }: CountersShown): string {
  const table = tableOf(
    ['port', 'frames in', 'frames out', 'ended here'],
    ports.map((port) => [port.port, port.framesIn, port.framesOut, endedOf(port)]),
  );
  const { received, originated, copied, sent, dropped, consumed, waiting } = frames;
  const made = `${grouped(received)} received + ${grouped(originated)} originated + ${grouped(copied)} copied`;
  const came = `${grouped(sent)} sent + ${grouped(dropped)} dropped + ${grouped(consumed)} consumed + ${grouped(waiting)} waiting`;
  return [`${table}\n\n${made} = ${came}`, ...keptBackText(icmpErrorsKeptBack)].join('\n');
}

function endedOf({ dropped, consumed }: { dropped: ByReason; consumed: ByReason }): string {
  const words = (counts: ByReason): string[] =>
    Object.entries(counts).map(([reason, frames]) => `${grouped(frames)} ${reason}`);
  return [...words(dropped), ...words(consumed)].join('\n') || '-';
}

function workersTable(workers: readonly WorkerShown[]): string {
  const head = ['worker', 'networks', 'ports', 'state', 'up', 'restarts', 'outage'];
  return tableOf(
    [...head, 'busy', 'breaths/s', 'waits', 'largest burst'],
    workers.map((worker) => [
      worker.worker,
      worker.networks.join('\n'),
      worker.ports.length,
      worker.lastCrash === undefined || worker.state === 'running'
        ? worker.state
        : `${worker.state}: ${worker.lastCrash}`,
      duration(worker.uptime_s),
      worker.restarts,
      duration(worker.outage_s),
      `${Math.round(worker.busy * 100)} %`,
      count(worker.breaths_per_s),
      worker.waits,
      worker.burstMax,
    ]),
  );
}
