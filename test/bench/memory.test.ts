/** The benchmark of the data plane in memory: what it sends is what it says, and goes where it is to go. */
import test from 'ava';
import { sourcePortsOf } from '../../bench/memory/source-ports.js';
import { introduceTunnel, tunnelProgram } from '../../bench/memory/tunnels.js';
import { chiSquareCritical, chiSquareOf } from '../../bench/statistics.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink } from '../../dataplane/port/port.js';
import { tunnelFlowsOn } from '../../dataplane/port/tunnel-flows.js';
import type { TunnelFlows, TunnelKind } from '../../dataplane/port/tunnel-flows.js';
import { pseudoSumIpv4 } from '../../dataplane/wire/checksum.js';
import { checkIpv4, Protocol } from '../../dataplane/wire/ipv4.js';
import { checkUdp, checkUdpChecksum } from '../../dataplane/wire/udp.js';
import { breathOn } from '../../dataplane/worker/breathe.js';

const PORTS = 8;
const NIC = PORTS + 1;
const OUTER = 50;

test('chi-square is 0 of what is even, and its critical values are those of the tables', (t) => {
  t.is(chiSquareOf([5, 5, 5, 5]), 0);
  t.is(chiSquareOf([10, 20, 30]), 10);
  for (const [degrees, critical] of [
    [30, 50.892],
    [63, 92.01],
    [100, 135.807],
  ] as const)
    t.true(Math.abs(chiSquareCritical(degrees) / critical - 1) < 0.001, `${degrees}`);
});

test('source ports of outer packets spread no worse than by chance, of random flows and of such that count up', (t) => {
  const spread = sourcePortsOf(flowsOf('vxlan encapsulate', 64));
  t.deepEqual(
    spread.map(({ flows, count, degrees }) => [flows, count, degrees]),
    [
      ['random', 10_000, 63],
      ['sequential', 10_000, 63],
    ],
  );
  for (const { chiSquare, critical } of spread) t.true(chiSquare < critical, `${chiSquare}`);
});

function flowsOf(kind: TunnelKind, frameBytes: number): TunnelFlows {
  return { seed: 1, kind, count: 1000, ports: PORTS, frameBytes };
}

/** Sends 10,000 frames; gives how many came in and went out by each port, and why those that leave are not right, each reason once. */
function run(kind: TunnelKind, frameBytes = 64) {
  const flows = flowsOf(kind, frameBytes);
  const plane = new Plane(tunnelProgram(flows));
  introduceTunnel(plane, flows);
  const { frames } = plane;
  const wrong = new Set<Reason>();

  function check(frame: number, skip: number, sized: number): void {
    const at = (frames.start[frame] ?? 0) + skip + 14;
    const end = (frames.start[frame] ?? 0) + (frames.length[frame] ?? 0);
    if (end - at + 14 !== sized) wrong.add(Reason.MtuExceeded);
    const udp = at + 20;
    wrong.add(checkIpv4(frames.view, at, end, end));
    wrong.add(checkUdp(frames.view, udp, end, end));
    const pseudo = pseudoSumIpv4(frames.view, at, Protocol.Udp, end - udp);
    wrong.add(checkUdpChecksum(frames.view, udp, pseudo, skip === 0 && sized > frameBytes));
  }

  const listener = (port: number): Sink => ({
    send(from, at, count) {
      for (const frame of from.slice(at, at + count)) {
        const isWrapped = port === NIC;
        if (isWrapped) check(frame, 0, frameBytes - 4 + OUTER);
        check(frame, isWrapped ? OUTER : 0, frameBytes - 4);
      }
      return 0;
    },
    refusals: NO_REFUSALS,
  });
  const sinks = Array.from({ length: plane.program.ports.rows }, (_, port) => listener(port));
  const breath = breathOn(plane, tunnelFlowsOn(frames, flows), sinks, 100);
  for (let i = 0; i < 100; i++) breath();
  const { framesIn, framesOut } = plane.counters;
  wrong.delete(Reason.Ok);
  return { plane, framesIn: [...framesIn], framesOut: [...framesOut], wrong: [...wrong] };
}

for (const bytes of [64, 1468])
  test(`what goes into a tunnel, ${bytes} bytes, leaves by its NIC, and nothing is lost`, (t) => {
    const { framesIn, framesOut, wrong } = run('vxlan encapsulate', bytes);
    t.true(framesIn.slice(0, PORTS).every((count) => count > 1000));
    t.is(framesOut[NIC], 10_000);
    t.deepEqual(wrong, []);
  });

test('what comes out of a tunnel leaves by the ports of the containers, and its sources were learned', (t) => {
  const { plane, framesIn, framesOut, wrong } = run('vxlan decapsulate');
  t.is(framesIn[NIC], 10_000);
  t.true(framesOut.slice(0, PORTS).every((count) => count > 1000));
  t.deepEqual(wrong, []);
  t.is(plane.remotes[0]?.fdb.learned, 1000);
  t.is(plane.counters.unaccounted(), 0);
});

test('half of what is translated comes out of the tunnel, and half goes in', (t) => {
  const { plane, framesIn, framesOut, wrong } = run('vxlan nat');
  t.deepEqual(framesIn.slice(NIC), [5000, 5000]);
  t.deepEqual(framesOut.slice(NIC), [5000, 5000]);
  t.deepEqual(wrong, []);
  t.is(plane.trackings[0]?.table.count, 1000);
});
