import { Presets, SingleBar } from 'cli-progress';
import { ControlWord } from '../../dataplane/worker/control.js';
import type { Running } from '../replay/replay.js';

const EVERY_MS = 250;

/**
 * Shows on a terminal how far a replay is: frames, rate, time left. Shows nothing when standard error is no terminal.
 * @param bytes size of all captures
 * @returns takes the line away again
 */
export function showProgress({ framesIn, control }: Running, bytes: number): () => void {
  if (!process.stderr.isTTY || bytes === 0) return () => undefined;
  const words = new Float64Array(control);
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {frames} frames | {rate} million/s | {eta_formatted} left',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const start = performance.now();
  const facts = (): { frames: string; rate: string } => {
    const frames = framesIn();
    const rate = frames / (performance.now() - start) / 1000;
    return { frames: frames.toLocaleString('en-US'), rate: rate.toFixed(2) };
  };
  bar.start(bytes, 0, facts());
  const timer = setInterval(() => {
    bar.update(words[ControlWord.BytesRead] ?? 0, facts());
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}
