import { compile } from '../compile/compile.js';
import { linesOf } from '../live/view.js';
import { serve } from '../live/serve.js';
import type { Serving } from '../live/serve.js';
import { loadLab } from '../model/load.js';
import { requireCapabilities } from '../supervisor/privileges.js';
import type { RunningLab } from '../supervisor/running.js';
import { startLive } from '../supervisor/live.js';
import type { LiveOptions } from '../supervisor/live.js';
import { detach, reportReady } from './detach.js';
import { Refused } from './errors.js';
import { workersOf } from './number.js';
import { Screen } from './screen.js';
import { openingText, sayEvents, summaryText } from './up-text.js';

export interface UpOptions {
  readonly workers?: string;
  readonly detach?: true;
  readonly busyPoll?: true;
}

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `etherloom up`: returns when the lab has ended, or, detached, when it is ready.
 * @throws TopologyErrors, CallError; Refused when something cannot be made, or every Worker has failed
 */
export async function up(topology: string, options: UpOptions): Promise<void> {
  const workers = workersOf(options.workers);
  const lab = await loadLab(topology);
  requireCapabilities();
  if (options.detach) {
    await detach(lab.name, topology, options);
    return;
  }
  const screen = new Screen(process.stdout);
  const abort = new AbortController();
  const end = (): void => {
    abort.abort();
  };
  for (const signal of ENDINGS) process.on(signal, end);
  try {
    for (const note of lab.notes) screen.say(`note: ${note}`);
    await hold(compile(lab), screen, abort.signal, {
      ...(workers !== undefined && { workers }),
      ...(options.busyPoll && { busyPoll: true }),
    });
  } finally {
    for (const signal of ENDINGS) process.off(signal, end);
  }
}

async function hold(
  compiled: ReturnType<typeof compile>,
  screen: Screen,
  signal: AbortSignal,
  options: LiveOptions,
): Promise<void> {
  let serving: Serving | undefined;
  const running = await startLive(compiled, {
    ...options,
    signal,
    note: (sentence) => {
      screen.say(`note: ${sentence}`);
    },
    opening: async (lab) => {
      sayEvents(lab, (sentence) => {
        screen.say(sentence);
      });
      return (serving = await serve(lab));
    },
  });
  screen.say(openingText(running));
  reportReady();
  if (serving !== undefined) showLines(serving, screen);
  const failed = await untilOver(running, signal);
  screen.clear();
  await running.stop();
  screen.say(summaryText(running));
  if (failed) throw new Refused('etherloom: every worker has failed, the lab is down');
}

function showLines({ meter }: Serving, screen: Screen): void {
  if (screen.room === 0) return;
  meter.events.on('second', () => {
    screen.draw(linesOf(meter.previous, meter.last, screen.room));
  });
}

/** Waits for the signal to end; true when it is over because no Worker is left. */
function untilOver(running: RunningLab, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(false);
    });
    running.events.on('worker', () => {
      if (running.workers.every(({ state }) => state === 'failed')) resolve(true);
    });
    running.events.once('stopped', () => {
      resolve(false);
    });
    if (signal.aborted) resolve(false);
  });
}
