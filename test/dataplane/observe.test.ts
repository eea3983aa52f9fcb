import test from 'ava';
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { Step, Trace } from '../../dataplane/observe/trace.js';

test('the trace gives the notes since a mark, oldest first, and keeps the newest when it is full', (t) => {
  const trace = new Trace();
  trace.begin(7, 2, 1, 0);
  trace.note(Step.Sent, 3);
  const mark = trace.written;
  trace.begin(8, 2, 2, 5);
  t.is(trace.newest, mark);
  t.deepEqual(trace.since(mark), [[Step.Arrived, 8, 2, 2, 5]]);
  t.is(trace.since(0).length, 3);
  for (let i = 0; i < 70_000; i++) trace.note(Step.Sent, i);
  const kept = trace.since(0);
  t.is(kept.length, 65_536);
  t.deepEqual(kept[0], [Step.Sent, 70_000 - 65_536, 0, 0, 0]);
  t.deepEqual(kept.at(-1), [Step.Sent, 69_999, 0, 0, 0]);
});

test('counters are shared: who views the same memory sees the same numbers', (t) => {
  const counters = new Counters(3);
  const seen = new Counters(3, counters.memory);
  counters.framesIn[2] = 4;
  counters.copied[0] = 2;
  counters.framesOut[1] = 3;
  counters.drop(2, Reason.Runt);
  counters.consume(0, Reason.GatewayAddress);
  t.is(seen.framesIn[2], 4);
  t.is(seen.dropped[2 * Reason.Count + Reason.Runt], 1);
  t.is(seen.consumed[Reason.GatewayAddress], 1);
  t.is(seen.unaccounted(), 4 + 2 - 3 - 1 - 1);
  t.is(counters.bookLost(2), 1);
  t.is(counters.unaccounted(), 0);
  t.is(seen.dropped[2 * Reason.Count + Reason.WorkerLost], 1);
  t.is(counters.bookLost(2), 0);
  counters.originated[0] = 6;
  t.is(seen.unaccounted(), 6);
});

test('counters of several Workers add up', (t) => {
  const [one, two, total] = [new Counters(2), new Counters(2), new Counters(2)];
  one.framesIn[0] = 3;
  two.framesIn[1] = 4;
  one.drop(0, Reason.Runt);
  two.drop(0, Reason.Runt);
  two.copied[0] = 1;
  one.errorsKeptBack[0] = 2;
  two.errorsKeptBack[0] = 3;
  for (const turns of [1, 2]) {
    total.setToSumOf([one, two]);
    t.deepEqual([...total.framesIn], [3, 4], `turn ${turns}`);
    t.is(total.dropped[Reason.Runt], 2);
    t.is(total.unaccounted(), 3 + 4 + 1 - 2);
    t.is(total.errorsKeptBack[0], 5);
  }
});
