export interface InterfaceCounters {
  readonly frames: number;
  readonly bytes: number;
}

/** What an interface has received, from the text of /proc/net/dev. @throws Error when it is not there */
export function countersOf(text: string, name: string): InterfaceCounters {
  for (const line of text.split('\n')) {
    const [label, figures = ''] = line.split(':');
    if (label?.trim() !== name) continue;
    const [bytes = NaN, frames = NaN] = figures.trim().split(/\s+/).map(Number);
    return { bytes, frames };
  }
  throw new Error(`there is no interface ${name}`);
}
