/** "Ping works, TCP does not" never happens: real sockets at each end of each kind of port, whatever is left to whom. */
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { RunningLab } from '../../control/supervisor/running.js';
import { loadNative } from '../../native-bindings/load.js';
import { liveTest } from './live.js';
import { build, KINDS, stationsOf } from './matrix/bench.js';
import type { Kind } from './matrix/bench.js';
import { cellsOf, tableOf, tryAll } from './matrix/cells.js';
import { whyNoMatrix } from './matrix/why-no-matrix.js';

const TCP_BYTES = 1_000_000;

/** What was dropped, a line for each port and Reason. */
function lossesOf({ workers, compiled }: RunningLab): string[] {
  return workers.flatMap(({ counters: memory }) => {
    const { dropped } = new Counters(compiled.ports.length, memory);
    return [...dropped].flatMap((count, at) => {
      const port = compiled.ports[Math.floor(at / Reason.Count)]?.port ?? '?';
      return count > 0 ? [`${port}: ${count} ${reasonText(at % Reason.Count).name}`] : [];
    });
  });
}

liveTest(
  'ping, UDP and TCP pass between any two kinds of ports, whatever their offloads, MTU, VLAN and version of IP',
  async (t, lab) => {
    const why = whyNoMatrix();
    if (why !== undefined) {
      t.log(`left out: ${why}`);
      t.pass();
      return;
    }
    const kinds: Kind[] = KINDS.filter((kind) => kind !== 'capture' || loadNative().hasCapture);
    if (kinds.length < KINDS.length) t.log('without capture: the addon was built without libpcap');
    const stations = stationsOf(lab, kinds);
    const running = await build(t, lab, stations);
    const cells = cellsOf(stations);
    const begin = performance.now();
    const answers = await tryAll(cells, TCP_BYTES);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    t.log(`${answers.length} cells in ${seconds} s`);
    await running.stop();
    const table = tableOf(answers);
    const losses = lossesOf(running);
    t.true(table === '', `${table}\ndropped on the way: ${losses.join(', ')}`);
    for (const { counters } of running.workers)
      t.is(new Counters(running.compiled.ports.length, counters).unaccounted(), 0);
  },
);
