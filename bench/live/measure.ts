import type { Path } from './forwarder.js';
import type { Stage } from './stage.js';

export type MeasureName =
  'tcp' | 'tcp-iperf3' | 'frames' | 'tcp-mtu' | 'round-trip' | 'round-trip-of-path' | 'half-load';

/** What one measurement of one forwarder came to. */
export interface Sample {
  /** In the unit of the measure; 0 when the forwarder is broken. */
  readonly value: number;
  /** What is wrong with a forwarder that does not carry this traffic. */
  readonly broken?: string;
  /** Further figures in the unit of the measure, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** Something that is measured of every forwarder. */
export interface Measure {
  readonly name: MeasureName;
  /** As reports name it. */
  readonly title: string;
  readonly unit: 'bit/s' | 'frames/s' | 'µs';
  /** Whether more is better. */
  readonly better: 'more' | 'less';
  /** Why it cannot be measured here, or undefined. */
  readonly unavailable: () => string | undefined;
  /** Measures for about so many seconds. @throws Error when it cannot be told */
  readonly run: (stage: Stage, path: Path, seconds: number) => Promise<Sample>;
}
