import test from 'ava';
import { Plane } from '../../dataplane/forward/plane.js';
import { layout } from '../../dataplane/program/layout.js';
import { allocateProgram, reviveProgram } from '../../dataplane/program/program.js';
import type { TableName } from '../../dataplane/program/program.js';

const names = Object.keys(layout) as TableName[];

test('a Program that is revived says what was written, in every column of every table', (t) => {
  const rows = Object.fromEntries(names.map((name, i) => [name, i + 2])) as Record<
    TableName,
    number
  >;
  const program = allocateProgram(rows, 42);
  let value = 1;
  for (const name of names)
    for (const column of Object.values<unknown>(program[name]))
      if (ArrayBuffer.isView(column)) (column as Uint8Array).fill(value++);
  const revived = reviveProgram(program.buffer);
  t.is(revived.epoch, 42);
  value = 1;
  for (const name of names) {
    t.is(revived[name].rows, rows[name]);
    for (const column of Object.keys(layout[name])) {
      const views: Readonly<Record<string, unknown>> = revived[name];
      t.deepEqual([...(views[column] as Uint8Array)], new Array(rows[name]).fill(value++), column);
    }
  }
});

test('a buffer that is no Program, or a part of one, is not revived', (t) => {
  const { buffer } = allocateProgram({ networks: 1, ports: 2, stations: 3 }, 1);
  const cut = new SharedArrayBuffer(buffer.byteLength - 8);
  new Uint8Array(cut).set(new Uint8Array(buffer, 0, cut.byteLength));
  t.throws(() => reviveProgram(cut), { instanceOf: RangeError });
  t.throws(() => reviveProgram(new SharedArrayBuffer(256)), { instanceOf: RangeError });
  t.throws(() => reviveProgram(new SharedArrayBuffer(4)), { instanceOf: RangeError });
  new Uint32Array(buffer)[1] = 99;
  t.throws(() => reviveProgram(buffer), { message: /of this version/ });
});

test('a plane without networks is a plane', (t) => {
  const plane = new Plane(allocateProgram({}, 1));
  t.is(plane.counters.unaccounted(), 0);
});
