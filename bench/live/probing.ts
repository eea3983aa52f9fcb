import { Assistant } from './assistant.js';
import type { Path } from './forwarder.js';
import type { ProberAnswer, ProberQuestion } from './prober.js';
import type { Stage } from './stage.js';

const PATIENCE_MS = 10_000;

type Without<Q> = Q extends unknown ? Omit<Q, 'who' | 'leftNamespace'> : never;

/** Asks a prober between the two ends. @throws Error when it does not answer */
export type Probe = (question: Without<ProberQuestion>) => Promise<ProberAnswer>;

/** Starts a prober and has it used; it ends afterwards. */
export async function withProber<Result>(
  stage: Stage,
  { left, right }: Path,
  use: (probe: Probe) => Promise<Result>,
): Promise<Result> {
  const module = new URL('./prober.js', import.meta.url);
  const prober = Assistant.start<ProberQuestion, ProberAnswer>(stage, right.namespace, module);
  const who = {
    sourceMac: left.mac,
    destinationMac: right.mac,
    sourceAddress: left.address,
    destinationAddress: right.address,
  };
  try {
    return await use((question) =>
      prober.ask(
        { ...question, who, leftNamespace: left.namespace },
        question.measure_ms + PATIENCE_MS,
      ),
    );
  } finally {
    await prober.end();
  }
}
