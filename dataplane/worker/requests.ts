/**
 * What a live Worker does besides forwarding: keeps recordings, and lets frames be explained. Both are asked for on the MessagePort, and
 * answered there; recordings of the topology begin with the Worker.
 *
 * Requests are met one after the other, in the order in which they came, so that an `end` never overtakes what it is to end.
 */
import type { Native } from '../../native-bindings/native.js';
import type { Plane } from '../forward/plane.js';
import { Recording } from '../port/recording.js';
import type { Arrivals } from './arrivals.js';
import type { LiveNotice, LiveRequest } from './live-job.js';
import { messageOf } from './live-ports.js';
import type { LivePorts } from './live-ports.js';

type Asked<A extends LiveRequest['ask']> = Extract<LiveRequest, { ask: A }>;

interface Kept {
  readonly id: number | undefined;
  readonly port: number;
  readonly recording: Recording;
  readonly filter: number | undefined;
}

interface Watching {
  readonly id: number;
  readonly port: number;
  readonly filter: number | undefined;
  left: number;
}

export interface RequestSurroundings {
  readonly native: Native;
  readonly plane: Plane;
  readonly arrivals: Arrivals;
  readonly ports: LivePorts;
  readonly tell: (notice: LiveNotice) => void;
  /** Explains the frame that was traced last, as data; absent where nobody can. */
  readonly explain: (() => unknown) | undefined;
}

export class Requests {
  private kept: Kept[] = [];
  private watching: Watching[] = [];
  private wanting: Watching[] = [];
  private met = Promise.resolve();

  constructor(private readonly around: RequestSurroundings) {}

  /** Takes a request; the answer comes as a notice. */
  take(request: LiveRequest): void {
    this.met = this.met.then(() => this.meet(request));
  }

  /** Begins a recording. @throws CaptureError, or NativeError when the filter cannot be understood */
  async record(port: number, path: string, id?: number, expression?: string): Promise<void> {
    const { native, plane, ports } = this.around;
    const name = ports.nameOf(port);
    if (name === undefined) throw new RangeError(`this Worker does not serve port ${port}`);
    const filter = this.compile(expression);
    const passes =
      filter === undefined ? undefined : (frame: number) => native.matches(filter, frame);
    try {
      const recording = await Recording.open(plane.frames, path, name, passes);
      this.kept.push({ id, port, recording, filter });
      ports.record(port, recording);
    } catch (cause) {
      this.free(filter);
      throw cause;
    }
  }

  /** Lets recordings go on their way, and tells of those that have ended. */
  tend(): void {
    for (const { recording } of this.kept) recording.tend();
    for (const kept of this.kept.filter(({ recording }) => recording.ended !== undefined))
      void this.finish(kept);
  }

  /** Meets what was asked so far, and closes every recording. */
  async close(): Promise<void> {
    await this.met;
    await Promise.all(this.kept.map((kept) => this.finish(kept)));
  }

  /** Never rejects: what cannot be met is refused by a notice. */
  private async meet(request: LiveRequest): Promise<void> {
    try {
      switch (request.ask) {
        case 'record':
          await this.record(request.port, request.path, request.id, request.filter);
          return;
        case 'explain':
          this.watch(request);
          return;
        case 'end':
          await this.end(request.id);
      }
    } catch (cause) {
      this.around.tell({ tells: 'refused', id: request.id, why: messageOf(cause) });
    }
  }

  private watch({ id, port, count, filter }: Asked<'explain'>): void {
    if (this.around.explain === undefined) throw new RangeError('this Worker explains nothing');
    if (this.around.ports.nameOf(port) === undefined)
      throw new RangeError(`this Worker does not serve port ${port}`);
    this.watching.push({ id, port, filter: this.compile(filter), left: count });
    this.compose(port);
  }

  private async end(id: number): Promise<void> {
    const kept = this.kept.find((one) => one.id === id);
    if (kept !== undefined) await this.finish(kept);
    const watching = this.watching.find((one) => one.id === id);
    if (watching !== undefined) this.unwatch(watching);
  }

  private async finish(kept: Kept): Promise<void> {
    const { id, port, recording, filter } = kept;
    this.kept = this.kept.filter((one) => one !== kept);
    this.around.ports.unrecord(port, recording);
    await recording.close();
    this.free(filter);
    const { frames, leftOut, ended: why = 'it was told to end' } = recording;
    const named = id === undefined ? {} : { id };
    this.around.tell({ tells: 'recorder-ended', ...named, port, frames, leftOut, why });
  }

  private unwatch(watching: Watching): void {
    this.watching = this.watching.filter((one) => one !== watching);
    this.free(watching.filter);
    this.compose(watching.port);
  }

  /** The frames of a port are watched as long as somebody wants them explained. */
  private compose(port: number): void {
    const { ports, arrivals } = this.around;
    const isWatched = this.watching.some((one) => one.port === port);
    const traced = (): void => {
      arrivals.afterBreath = () => {
        this.tellExplanation();
      };
    };
    const wants = (frame: number): boolean => this.isWanted(port, frame);
    ports.watch(port, isWatched ? { wants, traced } : undefined);
  }

  private isWanted(port: number, frame: number): boolean {
    const { native } = this.around;
    this.wanting = this.watching.filter(
      (one) => one.port === port && (one.filter === undefined || native.matches(one.filter, frame)),
    );
    return this.wanting.length > 0;
  }

  /** The traced frame has been forwarded, and its slot is as it was. Who cannot explain it does not stop the others. */
  private tellExplanation(): void {
    let explanation: unknown;
    try {
      explanation = this.around.explain?.();
    } catch (cause) {
      for (const one of this.wanting) {
        this.around.tell({ tells: 'refused', id: one.id, why: messageOf(cause) });
        this.unwatch(one);
      }
      return;
    }
    for (const one of this.wanting) {
      one.left--;
      this.around.tell({ tells: 'explained', id: one.id, explanation, left: one.left });
      if (one.left <= 0) this.unwatch(one);
    }
  }

  private compile(expression: string | undefined): number | undefined {
    if (expression === undefined) return undefined;
    try {
      return this.around.native.compileFilter(expression);
    } catch (cause) {
      // Whoever wrote the filter knows libpcap's words; by which call it said them is of no use.
      throw new RangeError(messageOf(cause).replace(/^pcap_compile: (.*) \(EINVAL\)$/, '$1'), {
        cause,
      });
    }
  }

  private free(filter: number | undefined): void {
    if (filter !== undefined) this.around.native.freeFilter(filter);
  }
}
