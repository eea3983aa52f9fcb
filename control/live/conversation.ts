/**
 * One client of the control socket: its request, the answers, and what ends them.
 *
 * It has asked nothing yet, then it is being answered, then it is over. Whenever the connection closes, `undo` runs once, and the lab is as
 * if nobody had asked.
 */
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { z } from 'zod';
import type { LiveNotice } from '../../dataplane/worker/live-job.js';
import { CallError } from '../cli/errors.js';
import type { Compiled } from '../compile/compile.js';
import type { Explanation } from '../explain/explanation.js';
import { portNamed } from '../replay/inputs.js';
import type { RunningLab } from '../supervisor/running.js';
import { Errand } from './errand.js';
import { LineError, Lines, sendLine } from './lines.js';
import type { Meter } from './meter.js';
import { makePipe, removePipe } from './pipe.js';
import { followUpSchema, PROTOCOL, REQUEST_BYTES_MAX, requestSchema } from './protocol.js';
import type { Answer, FollowUp, Request } from './protocol.js';
import { shownOf } from './shown.js';

/** How long a client may think before it asks. */
const SILENCE_MAX_MS = 10_000;
/** Bytes that may wait for a client that does not read. */
const UNREAD_MAX = 8 << 20;

type Asking<What extends Request['ask']> = Extract<Request, { ask: What }>;

export class Conversation {
  private readonly lines = new Lines(REQUEST_BYTES_MAX);
  private asked = false;
  private followUp: (say: FollowUp['say']) => void = () => undefined;
  private undo: () => void = () => undefined;

  constructor(
    private readonly running: RunningLab,
    private readonly meter: Meter,
    private readonly socket: Socket,
  ) {
    socket.setTimeout(SILENCE_MAX_MS, () => socket.destroy());
    socket.on('data', (piece) => {
      this.hear(piece);
    });
    // What breaks a connection also closes it.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.undo();
    });
  }

  /** Ends the conversation from the lab's side. */
  over(why: string): void {
    this.last({ tells: 'ended', why });
  }

  /** Ends it without waiting for the client. */
  cut(): void {
    this.socket.destroy();
  }

  private hear(piece: Buffer): void {
    try {
      for (const line of this.lines.take(piece)) {
        if (this.socket.writableEnded) return;
        if (this.asked) this.followUp(checked(followUpSchema, jsonOf(line)).say);
        else this.begin(requestOf(line));
      }
    } catch (cause) {
      this.refuse(cause);
    }
  }

  /** @throws CallError when it names no port */
  private begin(request: Request): void {
    this.asked = true;
    this.socket.setTimeout(0);
    switch (request.ask) {
      case 'show':
        this.show(request);
        return;
      case 'capture':
        this.capture(request);
        return;
      case 'explain':
        this.explain(request);
        return;
    }
  }

  private show({ what, watch }: Asking<'show'>): void {
    const tell = (): void => {
      if (this.socket.writableLength === 0)
        this.tell({ tells: 'shown', shown: shownOf(what, this.running, this.meter) });
    };
    tell();
    if (!watch) {
      this.socket.end();
      return;
    }
    this.meter.events.on('second', tell);
    this.undo = () => this.meter.events.off('second', tell);
    this.followUp = (say) => {
      if (say === 'end') this.socket.end();
    };
  }

  private capture(request: Asking<'capture'>): void {
    let wanted = true;
    const errand = this.errandFor(request, (notice) => {
      if (notice.tells !== 'recorder-ended') return;
      const { frames, leftOut, why } = notice;
      this.last({ tells: 'recorded', frames, leftOut, ...(wanted && { why }) });
    });
    const path = join(this.running.folder, `capture-${errand.id}.pipe`);
    const recording = { ask: 'record', port: errand.port, path, ...filterOf(request) } as const;
    this.undo = () => {
      errand.close();
      removePipe(path);
    };
    this.followUp = (say) => {
      if (say === 'begin') {
        errand.begin(recording);
      } else {
        wanted = false;
        errand.end();
      }
    };
    makePipe(path).then(
      () => {
        if (this.socket.destroyed) removePipe(path);
        else this.tell({ tells: 'pipe', path });
      },
      (cause: unknown) => {
        this.refuse(cause);
      },
    );
  }

  private explain(request: Asking<'explain'>): void {
    const errand = this.errandFor(request, (notice) => {
      if (notice.tells !== 'explained') return;
      const { left } = notice;
      this.tell({ tells: 'explained', explanation: notice.explanation as Explanation, left });
      if (left === 0) this.socket.end();
    });
    this.undo = () => {
      errand.close();
    };
    this.followUp = (say) => {
      if (say === 'end') this.socket.end();
    };
    const { count } = request;
    errand.begin({ ask: 'explain', port: errand.port, count, ...filterOf(request) });
  }

  /** @throws CallError when the lab has no such port, or none where frames enter and leave */
  private errandFor(
    { port, filter }: Asking<'capture' | 'explain'>,
    hear: (notice: LiveNotice) => void,
  ): Errand {
    const call = filter !== undefined;
    const { compiled, workers } = this.running;
    const number = portNamed(port, compiled);
    if (!workers.some(({ ports }) => ports.some((served) => served.port === number)))
      throw new CallError(whyNotServed(compiled, number));
    return new Errand(this.running, number, {
      notice: (notice) => {
        if (notice.tells === 'refused') this.last({ tells: 'refused', why: notice.why, call });
        else hear(notice);
      },
      crashed: (why) => {
        this.over(why);
      },
    });
  }

  private tell(answer: Answer): void {
    if (this.socket.writableEnded || this.socket.destroyed) return;
    sendLine(this.socket, answer);
    if (this.socket.writableLength > UNREAD_MAX) this.socket.destroy();
  }

  private last(answer: Answer): void {
    this.tell(answer);
    this.socket.end();
  }

  private refuse(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const call = cause instanceof CallError || cause instanceof LineError;
    this.last({ tells: 'refused', why, call });
  }
}

function whyNotServed({ ports }: Compiled, number: number): string {
  const { port = '' } = ports[number] ?? {};
  return `no frame comes to ${port}: nothing is joined to any port of its part of the lab`;
}

function filterOf({ filter }: Asking<'capture' | 'explain'>): { filter?: string } {
  return filter === undefined ? {} : { filter };
}

/** @throws CallError */
function requestOf(line: string): Request {
  const { etherloom, ...request } = checked(z.looseObject({ etherloom: z.number() }), jsonOf(line));
  if (etherloom === PROTOCOL) return checked(requestSchema, request);
  throw new CallError(
    `this lab was started by another version of etherloom, which speaks protocol ${PROTOCOL}, not ${etherloom}; use the command of that version`,
  );
}

/** @throws CallError */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new CallError('a line is not JSON');
  }
}

/** @throws CallError */
function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CallError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
