import type { MeasureName } from './measure.js';

/** What a ratio to the kernel bridge must reach. */
export interface Bar {
  readonly forwarder: string;
  readonly measure: MeasureName;
  readonly text: string;
  readonly isMetBy: (ratio: number) => boolean;
}

const atLeast = (forwarder: string, measure: MeasureName, bar: number): Bar => ({
  forwarder,
  measure,
  text: `≥ ${bar.toFixed(2)}`,
  isMetBy: (ratio) => ratio >= bar,
});

const atMost = (forwarder: string, measure: MeasureName, bar: number): Bar => ({
  forwarder,
  measure,
  text: `≤ ${bar.toFixed(2)}`,
  isMetBy: (ratio) => ratio > 0 && ratio <= bar,
});

const works = (forwarder: string, measure: MeasureName): Bar => ({
  forwarder,
  measure,
  text: 'works',
  isMetBy: (ratio) => ratio > 0,
});

/** What this project holds itself to, on two cores. */
export const BARS: readonly Bar[] = [
  atLeast('etherloom tap', 'tcp', 0.7),
  atLeast('etherloom tap', 'tcp-iperf3', 0.7),
  atLeast('etherloom tap', 'frames', 2),
  atLeast('etherloom tap', 'tcp-mtu', 2),
  atMost('etherloom tap', 'round-trip', 1.5),
  atMost('etherloom tap --busy-poll', 'round-trip', 0.7),
  atLeast('etherloom packet', 'tcp', 0.55),
  atLeast('etherloom packet', 'tcp-iperf3', 0.55),
  works('etherloom capture', 'tcp'),
  atLeast('etherloom capture', 'frames', 0.9),
];
