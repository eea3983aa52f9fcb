/**
 * Something a Worker does for one client until it is told to end: recording, explaining.
 *
 * Complication: Workers crash. The Supervisor starts another, which knows nothing of the errand; so a crash ends it, and the client is told.
 */
import type { LiveNotice, LiveRequest } from '../../dataplane/worker/live-job.js';
import type { RunningLab, RunningWorker } from '../supervisor/running.js';

type Order = Exclude<LiveRequest, { ask: 'end' }>;
type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/** What becomes of an errand. */
export interface Listener {
  /** The Worker answers it. */
  readonly notice: (notice: LiveNotice) => void;
  /** Its Worker is no longer the one that was asked. */
  readonly crashed: (why: string) => void;
}

export class Errand {
  readonly id: number;
  private readonly worker: RunningWorker;
  private state: 'not begun' | 'going' | 'ended' = 'not begun';

  /** @param port number of a port that the Worker serves */
  constructor(
    private readonly running: RunningLab,
    readonly port: number,
    private readonly listener: Listener,
  ) {
    const worker = running.workers.find(({ ports }) =>
      ports.some((served) => served.port === port),
    );
    if (worker === undefined) throw new RangeError(`no worker serves port ${port}`);
    this.worker = worker;
    this.id = running.nextId();
    running.events.on('notice', this.onNotice);
    running.events.on('worker', this.onWorker);
  }

  /** Sends the Worker on it; the second time nothing happens. */
  begin(order: WithoutId<Order>): void {
    if (this.state !== 'not begun') return;
    this.state = 'going';
    this.running.ask(this.worker.number, { ...order, id: this.id });
  }

  /** Calls the Worker back, if it is under way. */
  end(): void {
    if (this.state === 'going') this.running.ask(this.worker.number, { ask: 'end', id: this.id });
    this.state = 'ended';
  }

  /** Calls it back and listens no longer. */
  close(): void {
    this.end();
    this.running.events.off('notice', this.onNotice);
    this.running.events.off('worker', this.onWorker);
  }

  private readonly onNotice = (worker: number, notice: LiveNotice): void => {
    if (worker !== this.worker.number || !('id' in notice) || notice.id !== this.id) return;
    if (notice.tells !== 'explained' || notice.left === 0) this.state = 'ended';
    // The Supervisor refuses on behalf of a Worker that has crashed.
    if (notice.tells === 'refused' && this.worker.state !== 'running')
      this.listener.crashed(notice.why);
    else this.listener.notice(notice);
  };

  private readonly onWorker = (worker: number, why: string): void => {
    if (worker !== this.worker.number || this.state !== 'going') return;
    if (this.worker.state === 'running' || this.worker.state === 'starting') return;
    this.state = 'ended';
    this.listener.crashed(why);
  };
}
