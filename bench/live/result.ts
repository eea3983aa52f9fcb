/** From the samples of all rounds to the rows of a report. */
import { median, round } from '../statistics.js';
import { BARS } from './bars.js';
import type { Measure, MeasureName, Sample } from './measure.js';

/** One measure of one forwarder over all rounds: a line of the report, with the stable keys of `--json`. */
export interface Row {
  readonly forwarder: string;
  readonly measure: MeasureName;
  readonly title: string;
  readonly unit: Measure['unit'];
  /** Medians over the rounds, 0 when it is broken, with the lowest and the highest of them. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** To the yardstick of the same round. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly bar?: string;
  readonly isMet?: boolean;
  readonly broken?: string;
  /** Medians of further figures. */
  readonly more: Readonly<Record<string, number>>;
  readonly rounds: readonly number[];
}

/**
 * Makes a row. The ratio is that of each round, and then the median of those: what slows a whole round down is no difference. Rounds in
 * which it was broken are told and not reckoned with, and no bar is met then.
 * @param yardstick the samples of the yardstick in the same rounds
 */
export function rowOf(
  forwarder: string,
  measure: Measure,
  samples: readonly Sample[],
  yardstick: readonly Sample[],
): Row {
  const rounds = samples.map((sample, i) => ({ sample, yardstick: yardstick[i]?.value ?? NaN }));
  const sound = rounds.filter(({ sample }) => sample.broken === undefined);
  const values = sound.map(({ sample }) => sample.value);
  const ratios = sound.map(({ sample, yardstick }) => sample.value / yardstick);
  const ratio = figuresOf(ratios, 3);
  const bar = BARS.find((one) => one.forwarder === forwarder && one.measure === measure.name);
  const broken = brokenOf(samples);
  return {
    forwarder,
    measure: measure.name,
    title: measure.title,
    unit: measure.unit,
    ...figuresOf(values, 1),
    ratio: ratio.value,
    ratioMin: ratio.min,
    ratioMax: ratio.max,
    ...(bar && { bar: bar.text, isMet: broken === undefined && bar.isMetBy(ratio.value) }),
    ...(broken !== undefined && { broken }),
    more: moreOf(sound.map(({ sample }) => sample)),
    rounds: samples.map(({ value }) => round(value, 1)),
  };
}

/** Why it is broken, and how often when that was not always. */
function brokenOf(samples: readonly Sample[]): string | undefined {
  const whys = samples.flatMap(({ broken }) => broken ?? []);
  const often = whys.length < samples.length ? ` (${whys.length} of ${samples.length} rounds)` : '';
  return whys[0] === undefined ? undefined : `${whys[0]}${often}`;
}

/** Median, lowest and highest; 0 where there are none. */
function figuresOf(values: readonly number[], digits: number): Pick<Row, 'value' | 'min' | 'max'> {
  const figures = values.length === 0 ? [0] : values;
  return {
    value: round(median(figures), digits),
    min: round(Math.min(...figures), digits),
    max: round(Math.max(...figures), digits),
  };
}

/** The median of each further figure; the worst of a maximum. */
function moreOf(samples: readonly Sample[]): Record<string, number> {
  const names = new Set(samples.flatMap(({ more }) => Object.keys(more ?? {})));
  return Object.fromEntries(
    [...names].map((name) => {
      const figures = samples.flatMap(({ more }) => more?.[name] ?? []);
      return [name, round(name === 'max' ? Math.max(...figures) : median(figures), 1)];
    }),
  );
}
