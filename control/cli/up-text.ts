/** What `up` says: what was made, what happens, what has happened. */
import type { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { LiveNotice } from '../../dataplane/worker/live-job.js';
import { sumOfCounters } from '../supervisor/running.js';
import type { RunningLab } from '../supervisor/running.js';
import { grouped, tableOf } from './table.js';

const NONE_ENDED = '-';

/** What was made, in columns, and how to go on. */
export function openingText({ name, services, compiled, workers }: RunningLab): string {
  const rows = services.map((service) => {
    const endpoints = compiled.ports.flatMap(({ endpoint }) => endpoint ?? []);
    const addresses = endpoints
      .filter(({ sandbox }) => sandbox === service.name)
      .flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    return [
      service.name,
      service.namespace ?? (service.place === 'host' ? 'the stack of this machine' : 'elsewhere'),
      addresses.flatMap((address) => address?.value ?? []).join(' ') || '-',
    ];
  });
  const count = workers.length === 1 ? 'one worker' : `${workers.length || 'no'} workers`;
  return `${tableOf(['service', 'sandbox', 'addresses'], rows)}\nlab ${name} is up with ${count}; end it with: etherloom down ${name}`;
}

/** Says in sentences what happens to ports, Workers and programs. */
export function sayEvents(running: RunningLab, say: (sentence: string) => void): void {
  running.events.on('notice', (_, notice) => {
    const sentence = sentenceOf(running, notice);
    if (sentence !== undefined) say(sentence);
  });
  running.events.on('worker', (_, why) => {
    say(why);
  });
  running.events.on('service', (name) => {
    const status = running.services.find((service) => service.name === name)?.exitStatus;
    say(`${name}: its program ended with status ${status ?? 0}`);
  });
}

/** Undefined for what only the client that asked wants to know. */
function sentenceOf({ compiled }: RunningLab, notice: LiveNotice): string | undefined {
  const nameOf = (port: number): string => compiled.ports[port]?.port ?? String(port);
  switch (notice.tells) {
    case 'port':
      return `port ${nameOf(notice.port)} is ${notice.state}${notice.why === '' ? '' : `: ${notice.why}`}`;
    case 'played':
      return `port ${nameOf(notice.port)}: the capture has ended, ${grouped(notice.frames)} frames`;
    case 'recorder-ended':
      if (notice.id !== undefined) return undefined;
      return `port ${nameOf(notice.port)}: the recording has ended: ${notice.why}`;
    default:
      return undefined;
  }
}

/** What passed, by port. Call it when the Workers have ended. */
export function summaryText(running: RunningLab): string {
  const sum = sumOfCounters(running);
  const { framesIn, bytesIn, framesOut, bytesOut } = sum;
  const rows = running.compiled.ports.flatMap(({ port, isOpen }, at) => {
    const ended = endedAt(sum, at);
    const counts = [framesIn, bytesIn, framesOut, bytesOut].map((column) => column[at] ?? 0);
    return isOpen || ended !== NONE_ENDED ? [[port, ...counts, ended]] : [];
  });
  const head = ['port', 'frames in', 'bytes in', 'frames out', 'bytes out', 'ended here'];
  return rows.length === 0 ? 'no ports' : tableOf(head, rows);
}

function endedAt({ dropped, consumed }: Counters, port: number): string {
  const words = Array.from({ length: Reason.Count }, (_, reason) => {
    const at = port * Reason.Count + reason;
    const count = (dropped[at] ?? 0) + (consumed[at] ?? 0);
    return count === 0 ? [] : [`${grouped(count)} ${reasonText(reason).name}`];
  });
  return words.flat().join('\n') || NONE_ENDED;
}
