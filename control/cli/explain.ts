import { compile } from '../compile/compile.js';
import type { Compiled } from '../compile/compile.js';
import { explainFrame, explainHex } from '../explain/explain.js';
import type { Explanation } from '../explain/explanation.js';
import { treeOf } from '../explain/sentences.js';
import { loadLab } from '../model/load.js';
import { inputsFrom, portNamed } from '../replay/inputs.js';
import type { InputFile } from '../replay/inputs.js';
import { CallError } from './errors.js';
import type { ExplainLiveOptions } from './explain-live.js';

export interface ExplainOptions {
  readonly in?: readonly string[];
  readonly frame?: string;
  readonly hex?: string;
  readonly port?: string;
  readonly json?: true;
}

/** `etherloom explain`. @throws CallError, TopologyErrors, CaptureError, Refused when the capture has no such frame */
export async function explain(
  topology: string | undefined,
  options: ExplainOptions & ExplainLiveOptions,
): Promise<void> {
  if (topology === undefined)
    throw new CallError('explain needs a topology, or --live PORT of a running lab');
  const forLive = (['filter', 'count', 'lab'] as const).find((it) => options[it] !== undefined);
  if (forLive !== undefined) throw new CallError(`--${forLive} belongs to --live`);
  if ((options.frame === undefined) === (options.hex === undefined))
    throw new CallError('explain needs either --frame NUMBER or --hex DIGITS');
  if (options.port !== undefined && options.hex === undefined)
    throw new CallError('--port belongs to --hex; write --frame PORT:NUMBER');
  const compiled = compile(await loadLab(topology));
  const inputs = inputsFrom(options.in ?? [], compiled);
  const explanation =
    options.hex === undefined
      ? await explainFrame(compiled, inputs, wanted(options.frame ?? '', inputs, compiled))
      : await explainHex(compiled, inputs, bytesOf(options.hex), givenPort(options.port, compiled));
  process.stdout.write(
    options.json ? `${JSON.stringify(explanation, null, 2)}\n` : `${told(explanation)}\n`,
  );
}

/** The sentences about a frame, numbered from the second on; those of a way that branches are indented, a dash before each branch. */
export function told(explanation: Explanation): string {
  const [first, ...steps] = treeOf(explanation);
  let number = 0;
  const lines = steps.map(({ sentence, depth, opens }) => {
    if (depth === 0) return `  ${++number}. ${sentence}`;
    return `${'  '.repeat(depth + 1)} ${opens ? '-' : ' '} ${sentence}`;
  });
  return [first?.sentence, ...lines].join('\n');
}

/** `17`, or `c1:17`. */
function wanted(
  word: string,
  inputs: readonly InputFile[],
  compiled: Compiled,
): { port: number; serial: number } {
  const parts = /^(?:(?<port>.+):)?(?<number>[1-9]\d{0,9})$/.exec(word)?.groups;
  if (parts === undefined)
    throw new CallError(`--frame ${word}: write a number from 1 on, or PORT:NUMBER`);
  const serial = Number(parts['number']);
  const [first] = inputs;
  if (first === undefined) throw new CallError('--frame needs a capture: --in c1=a.pcap');
  if (parts['port'] !== undefined) {
    const port = portNamed(parts['port'], compiled);
    if (inputs.some((input) => input.port === port)) return { port, serial };
    throw new CallError(`--frame ${word}: no --in names ${parts['port']}`);
  }
  if (inputs.length > 1)
    throw new CallError(
      `--frame ${word}: there are several captures; say which, as ${first.name}:${word}`,
    );
  return { port: first.port, serial };
}

function bytesOf(hex: string): Uint8Array {
  const digits = hex.replace(/[\s:.-]|0x/g, '');
  if (digits === '' || digits.length % 2 === 1 || /[^0-9a-f]/i.test(digits))
    throw new CallError('--hex: write the bytes of the frame as pairs of hexadecimal digits');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function givenPort(name: string | undefined, compiled: Compiled): number | undefined {
  return name === undefined ? undefined : portNamed(name, compiled);
}
