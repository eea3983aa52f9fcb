/** The live benchmark's figures: from what was counted to what is reported. */
import test from 'ava';
import { topologyOf } from '../../bench/live/forwarder-etherloom.js';
import type { Forwarder } from '../../bench/live/forwarder.js';
import { Histogram } from '../../bench/live/histogram.js';
import { countersOf } from '../../bench/live/interface-counters.js';
import { sampleOf as iperf3Sample } from '../../bench/live/iperf3.js';
import { sampleOf as latencySample } from '../../bench/live/latency.js';
import type { Measure, Sample } from '../../bench/live/measure.js';
import { frameRate, sampleOf as rateSample } from '../../bench/live/rate.js';
import { renderReport } from '../../bench/live/report.js';
import { rowOf } from '../../bench/live/result.js';
import type { Row } from '../../bench/live/result.js';
import { skippedOf } from '../../bench/live/run.js';
import type { Report } from '../../bench/live/run.js';
import { sampleOf as tcpSample, tcp } from '../../bench/live/tcp.js';
import { cellsOf, notesOf } from '../../bench/live/words.js';
import { median, quantile, spreadOf } from '../../bench/statistics.js';

test('a quantile is one of the samples, in whatever order they come', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(quantile([5, 1, 4, 2, 3], 0), 1);
  t.is(quantile([5, 1, 4, 2, 3], 1), 5);
  t.is(spreadOf([1, 2, 3, 4, 5]), 1 / 3);
  t.true(Number.isNaN(median([])));
});

test('iperf3 is believed what arrived, and asked whether anything is wrong', (t) => {
  const end = { sum_received: { bits_per_second: 5e9 }, sum_sent: { retransmits: 3 } };
  t.deepEqual(iperf3Sample({ end }), { value: 5e9, more: { retransmits: 3 } });
  t.deepEqual(iperf3Sample({ end, error: 'stalls' }), { value: 0, broken: 'stalls' });
  t.is(iperf3Sample({}).value, 0);
});

test('a histogram gives times to a tenth of a microsecond, and the maximum as it was', (t) => {
  const times = new Histogram();
  for (let i = 1; i <= 1000; i++) times.note(i - 0.05);
  t.is(times.quantile(0.5), 500);
  t.is(times.quantile(0.999), 999);
  t.is(times.max_us, 999.95);
  times.note(250_000);
  t.is(times.quantile(1), 250_000);
  times.clear();
  t.is(times.count, 0);
});

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:  123456    2057    0    3    0     0          0         0      600      10    0    0    0     0       0          0
`;

test('what an interface has received is read from /proc/net/dev', (t) => {
  t.deepEqual(countersOf(NET_DEV, 'eth0'), { bytes: 123_456, frames: 2057 });
  t.throws(() => countersOf(NET_DEV, 'eth1'), { message: 'there is no interface eth1' });
});

test('a TCP stream that stands still at the end is broken, whatever it carried before', (t) => {
  const counted = { connected: true, bytesTotal: 5000, bytes: 4000, seconds: 2, bytesAtLast: 1000 };
  t.deepEqual(tcpSample(counted), { value: 16_000 });
  t.deepEqual(tcpSample({ ...counted, bytesAtLast: 0 }), {
    value: 0,
    broken: 'stalls after 5,000 bytes',
  });
  t.is(tcpSample({ ...counted, connected: false }).broken, 'no connection');
});

const NO_TIMES = { p50: NaN, p99: NaN, 'p99.9': NaN, max: NaN };

test('frames count where they arrive, and only whole', (t) => {
  const answer = { sent: 3000, arrived: 1000, bytes: 60_000, seconds: 0.5, times_us: NO_TIMES };
  t.deepEqual(rateSample(answer), { value: 2000, more: { sent: 6000 } });
  t.is(rateSample({ ...answer, arrived: 0 }).broken, 'no frame arrives');
  t.regex(rateSample({ ...answer, bytes: 40_000 }).broken ?? '', /arrive with 40\.0 bytes/);
});

test('lost frames are told beside the times of the others, unless most are lost', (t) => {
  const times_us = { p50: 10, p99: 20, 'p99.9': 30, max: 40 };
  const answer = { sent: 100, arrived: 90, bytes: NaN, seconds: 1, times_us };
  t.deepEqual(latencySample(answer), { value: 10, more: { ...times_us, lost: 10 } });
  t.is(latencySample({ ...answer, arrived: 10 }).broken, '90 of 100 frames are lost');
});

const samples = (...values: number[]): Sample[] => values.map((value) => ({ value }));

test('a ratio is that of each round, and then the median of them', (t) => {
  const row = rowOf('etherloom tap', tcp, samples(8e9, 30e9, 7e9), samples(10e9, 40e9, 10e9));
  t.is(row.value, 8e9);
  t.is(row.min, 7e9);
  t.is(row.max, 30e9);
  t.deepEqual([row.ratioMin, row.ratio, row.ratioMax], [0.7, 0.75, 0.8]);
  t.is(row.bar, '≥ 0.70');
  t.true(row.isMet);
});

test('a forwarder that is broken in a round meets no bar, and that round is not reckoned with', (t) => {
  const broken = { value: 0, broken: 'no connection' };
  const once = rowOf('etherloom tap', tcp, [...samples(9e9), broken], samples(10e9, 10e9));
  t.is(once.ratio, 0.9);
  t.is(once.broken, 'no connection (1 of 2 rounds)');
  t.false(once.isMet);
  const always = rowOf('etherloom capture', tcp, [broken, broken], samples(10e9, 10e9));
  t.deepEqual([always.value, always.ratio, always.broken], [0, 0, 'no connection']);
});

test('further figures are medians, but a maximum is the worst of all', (t) => {
  const more = [1, 9, 2].map((max) => ({ value: 5, more: { p99: max, max } }));
  t.deepEqual(rowOf('vde_switch', tcp, more, samples(1, 1, 1)).more, { p99: 2, max: 9 });
});

test('what cannot run here is left out with the reason, once', (t) => {
  const forwarder: Forwarder = {
    name: 'frobnicator',
    unavailable: () => 'it is not installed',
    start: () => Promise.reject(new Error('not to be started')),
  };
  const missing: Measure = { ...frameRate, unavailable: () => 'ethtool is not installed' };
  const cases = [tcp, missing].map((measure) => ({ forwarder, measure }));
  t.deepEqual(skippedOf(cases), [
    { what: 'frobnicator', why: 'it is not installed' },
    { what: frameRate.title, why: 'ethtool is not installed' },
  ]);
});

test('the topology puts a service at each end, behind a TAP or an existing interface', (t) => {
  t.regex(topologyOf('bench-1', 'tap'), /^name: bench-1$/m);
  t.notRegex(topologyOf('bench-1', 'tap'), /x-port/);
  t.regex(
    topologyOf('bench-1', 'capture'),
    /right: .*x-port: { interface: right, driver: capture }/,
  );
});

function reportWith(...results: Row[]): Report {
  return {
    machine: { processor: 'P<1>', cores: 2, kernel: '6.1', node: 'v20.0.0', loadBefore: 1.5 },
    seconds: 1,
    runs: 2,
    results,
    skipped: [{ what: 'vde_switch', why: 'it is not installed' }],
  };
}

const REPORT = reportWith(
  rowOf('kernel bridge', tcp, samples(40e9, 30e9), samples(40e9, 30e9)),
  rowOf('etherloom tap', tcp, samples(20e9, 15e9), samples(40e9, 30e9)),
  rowOf('tcpbridge', tcp, [{ value: 0, broken: 'no connection' }], samples(40e9)),
);

test('the table says which bars are met and what is broken', (t) => {
  const [, ours, theirs] = REPORT.results.map(cellsOf);
  const value = ['TCP, one stream', 'etherloom tap', '15.00 Gbit/s', '15.00..20.00', '0.50'];
  t.deepEqual(ours, [...value, '≥ 0.70', 'NOT MET']);
  t.is(theirs?.at(-1), 'broken: no connection');
});

test('the notes say what was skipped and how noisy the machine was', (t) => {
  t.deepEqual(notesOf(REPORT), [
    'skipped: vde_switch: it is not installed',
    'noise: the kernel bridge itself differs by up to 33 % between rounds',
    'noise: other programs were running, load 1.50 before the start',
  ]);
  t.true(notesOf({ ...REPORT, runs: 1 }).includes('noise: one round tells nothing of it'));
});

test('the report is a picture, or a page with the picture, the table and the facts', (t) => {
  const svg = renderReport(REPORT, 'svg', '2020-02-02');
  t.true(svg.startsWith('<svg') && svg.trimEnd().endsWith('</svg>'));
  for (const text of ['etherloom tap', '0.50 = 15.00 Gbit/s (bar ≥ 0.70)', 'broken', '2020-02-02'])
    t.true(svg.includes(text), text);
  const page = renderReport(REPORT, 'html', '2020-02-02');
  t.true(page.includes('<svg') && page.includes('P&lt;1&gt;, 2 cores, Linux 6.1'));
  t.true(page.includes('<td>NOT MET</td>'));
  t.true(page.includes('<li>skipped: vde_switch: it is not installed</li>'));
});
