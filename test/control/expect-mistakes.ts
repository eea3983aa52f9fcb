import test from 'ava';

import { parseLab } from '../../control/model/load.js';
import { TopologyErrors, type Mistake } from '../../control/model/mistake.js';

/** The mistakes of a text, in file order; none if it is a lab. */
export function mistakesOf(text: string): readonly Mistake[] {
  try {
    parseLab(text, 'lab.yaml');
    return [];
  } catch (error) {
    if (error instanceof TopologyErrors) return error.mistakes;
    throw error;
  }
}

/**
 * One line of a table of mistakes: a title (beginning with the ids of Docker's cases, if it has the same mistake), a topology
 * with a `▸` before each place that is complained about, and what is said there.
 */
export type Case = readonly [title: string, topology: string, ...whats: string[]];

export function testCases(cases: readonly Case[]): void {
  for (const [title, marked, ...whats] of cases) {
    test(title, (t) => {
      const found = mistakesOf(marked.replaceAll('▸', ''));
      const places = placesIn(marked);
      t.is(places.length, whats.length, 'one ▸ for each mistake');
      t.deepEqual(
        found.map(({ at, what }) => `${at.line}:${at.column} ${what}`),
        whats.map((what, index) => `${places[index] ?? '?'} ${what}`),
      );
      t.true(found.every(({ fix }) => fix.length > 0));
      const isDockers = /^[A-Z]\d\d/.test(title);
      if (isDockers) t.true(found.some(({ docker }) => docker !== undefined));
    });
  }
}

function placesIn(marked: string): string[] {
  return marked.split('\n').flatMap((line, index) => {
    const pieces = line.split('▸').slice(0, -1);
    let column = 1;
    return pieces.map((piece) => `${index + 1}:${(column += piece.length)}`);
  });
}

/** Networks as given, one service `c1` in network `x1`. */
export function network(settings: string): string {
  return `networks:\n  x1: ${settings}\nservices: { c1: { networks: [x1] } }\n`;
}

/** A network with one entry of ipam.config. */
export function subnet(config: string): string {
  return network(`{ ipam: { config: [ { ${config} } ] } }`);
}

/** A service beside `c1`, which is in network `base` (10.10.0.0/16) and has the address 10.10.0.2. */
export function service(settings: string): string {
  return [
    'networks:',
    '  base: { ipam: { config: [ { subnet: 10.10.0.0/16, gateway: 10.10.0.1 } ] } }',
    '  autonet: {}',
    'services:',
    '  c1: { networks: { base: { ipv4_address: 10.10.0.2 } } }',
    `  z1: ${settings}`,
    '',
  ].join('\n');
}
