/** Quantities for people, three digits and a unit: what is read on a line that changes each second. */

const PREFIXES = ['', 'k', 'M', 'G', 'T'] as const;

/** 1234567 as `1.23M`. */
export function count(value: number): string {
  const { digits, prefix } = scaled(value);
  return `${digits}${prefix}`;
}

/** 9412345678 as `9.41 Gbit/s`. */
export function bits(value: number): string {
  const { digits, prefix } = scaled(value);
  return `${digits} ${prefix}bit/s`;
}

/** Seconds as `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}

function scaled(value: number): { digits: string; prefix: string } {
  if (value < 999.5) return { digits: String(Math.round(value)), prefix: '' };
  let power = 0;
  let rest = value;
  while (rest >= 999.5 && power < PREFIXES.length - 1) {
    rest /= 1000;
    power++;
  }
  const decimals = rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0;
  return { digits: rest.toFixed(decimals), prefix: PREFIXES[power] ?? '' };
}
