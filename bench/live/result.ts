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
 * Makes a row. The ratio is that of each round, and then the median of those: what slows a whole round down is no difference.
 * @param yardstick the samples of the yardstick in the same rounds
 */
export function rowOf(
  forwarder: string,
  measure: Measure,
  samples: readonly Sample[],
  yardstick: readonly Sample[],
): Row {
  const values = samples.map(({ value }) => value);
  const ratios = values.map((value, i) => value / (yardstick[i]?.value ?? NaN));
  const ratio = median(ratios);
  const bar = BARS.find((one) => one.forwarder === forwarder && one.measure === measure.name);
  const broken = samples.find((sample) => sample.broken !== undefined)?.broken;
  return {
    forwarder,
    measure: measure.name,
    title: measure.title,
    unit: measure.unit,
    ...figuresOf(values),
    ratio: round(ratio, 3),
    ratioMin: round(Math.min(...ratios), 3),
    ratioMax: round(Math.max(...ratios), 3),
    ...(bar && { bar: bar.text, isMet: bar.isMetBy(ratio) }),
    ...(broken !== undefined && { broken }),
    more: moreOf(samples),
    rounds: values.map((value) => round(value, 1)),
  };
}

function figuresOf(values: readonly number[]): Pick<Row, 'value' | 'min' | 'max'> {
  const [value = NaN, min = NaN, max = NaN] = [
    median(values),
    Math.min(...values),
    Math.max(...values),
  ].map((figure) => round(figure, 1));
  return { value, min, max };
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
