/** A piscina task that behaves like a live Worker in one respect, to see what becomes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveJob, LiveRequest } from '../../dataplane/worker/live-job.js';
import { askedToStop } from '../../dataplane/worker/control.js';

export type Deed = 'serve' | 'hang' | 'hang before ready' | 'refuse' | 'crash' | 'leave' | 'echo';

const FOR_EVER_MS = 60_000;

export default async function act({ job, deed }: { job: LiveJob; deed: Deed }): Promise<void> {
  const { messages, control } = job;
  if (deed === 'hang before ready') await sleep(FOR_EVER_MS);
  if (deed === 'refuse') throw new Error('port c1: no such device');
  messages.on('message', ({ id }: LiveRequest) => {
    if (deed === 'echo') messages.postMessage({ tells: 'refused', id, why: 'echo' });
  });
  messages.postMessage({ tells: 'ready' });
  await sleep(10);
  if (deed === 'crash') throw new Error('out of luck');
  if (deed === 'leave') return;
  if (deed === 'hang') await sleep(FOR_EVER_MS);
  const awake = setInterval(() => undefined, FOR_EVER_MS);
  await askedToStop(control);
  clearInterval(awake);
}
