/** Durations as Compose writes them. */
const UNITS_S: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Seconds in `300s`, `5m`, `1h30m`, `0s`; NaN where it is no duration. */
export function secondsOf(duration: string): number {
  if (duration === '0') return 0;
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h|d|w))+$/.test(duration)) return NaN;
  let seconds = 0;
  for (const [, count, unit] of duration.matchAll(/([\d.]+)([a-z]+)/g)) {
    seconds += Number(count) * (UNITS_S[unit ?? ''] ?? NaN);
  }
  return seconds;
}
