/**
 * One TCP stream from left to right, as iperf3 would measure it. The programs at the ends are two Node processes: they are as light as
 * iperf3's, since nearly all of the time is the kernel's (docs/decisions.md).
 */
import { Assistant } from './assistant.js';
import { command, hasProgram, wordsInside } from './command.js';
import type { Path } from './forwarder.js';
import type { Measure, Sample } from './measure.js';
import type { Stage } from './stage.js';
import type { ReceiverAnswer, ReceiverQuestion } from './tcp-receiver.js';
import type { SenderAnswer, SenderQuestion } from './tcp-sender.js';

const WARM_UP_MS = 500;
const PATIENCE_MS = 10_000;

/** With every offload as the interfaces have it. */
export const tcp: Measure = {
  name: 'tcp',
  title: 'TCP, one stream',
  unit: 'bit/s',
  better: 'more',
  unavailable: () => undefined,
  run: stream,
};

/** Without segmentation offloads at the ends, so that all they send fits the MTU. */
export const tcpMtu: Measure = {
  name: 'tcp-mtu',
  title: 'TCP, offloads off',
  unit: 'bit/s',
  better: 'more',
  unavailable: () => (hasProgram('ethtool') ? undefined : 'ethtool is not installed'),
  async run(stage, path, seconds) {
    await setOffloads(path, 'off');
    try {
      return await stream(stage, path, seconds);
    } finally {
      await setOffloads(path, 'on');
    }
  },
};

async function setOffloads({ left, right }: Path, state: 'on' | 'off'): Promise<void> {
  const features = ['tso', 'gso', 'gro', 'tx'].flatMap((feature) => [feature, state]);
  for (const { namespace } of [left, right]) {
    const [program = '', ...words] = wordsInside(namespace, ['ethtool', '-K', 'eth0', ...features]);
    await command(program, ...words);
  }
}

async function stream(stage: Stage, { left, right }: Path, seconds: number): Promise<Sample> {
  const sender = Assistant.start<SenderQuestion, SenderAnswer>(
    stage,
    left.namespace,
    new URL('./tcp-sender.js', import.meta.url),
  );
  const receiver = Assistant.start<ReceiverQuestion, ReceiverAnswer>(
    stage,
    right.namespace,
    new URL('./tcp-receiver.js', import.meta.url),
  );
  try {
    const { address } = left;
    const { port } = await sender.ask({ address }, PATIENCE_MS);
    const measure_ms = seconds * 1000;
    const question = { address, port, warmUp_ms: WARM_UP_MS, measure_ms };
    return sampleOf(await receiver.ask(question, WARM_UP_MS + measure_ms + PATIENCE_MS));
  } finally {
    await Promise.all([sender.end(), receiver.end()]);
  }
}

/** A stream that stands still at the end is broken, whatever it carried before. */
export function sampleOf({ connected, ...counted }: ReceiverAnswer): Sample {
  if (!connected) return { value: 0, broken: 'no connection' };
  if (counted.bytesAtLast === 0)
    return { value: 0, broken: `stalls after ${counted.bytesTotal.toLocaleString('en-US')} bytes` };
  return { value: (counted.bytes * 8) / counted.seconds };
}
