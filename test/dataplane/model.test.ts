/**
 * The whole bridge against a naive one, which is written from the clauses and knows nothing of slots, verdicts or hashes: whatever a
 * bridge is told and whatever comes in, both say the same of every frame.
 */
import test from 'ava';
import fc from 'fast-check';
import { bridge } from './lab.js';
import { tell } from './scenario.js';
import { readStory } from './story.js';

const AGEING_S = 10;
const MTU = 1500;
const PORTS = ['c1', 'c2', 'c3', 'c4'];

interface Told {
  readonly hairpin: readonly string[];
  readonly isolated: readonly string[];
  readonly icc: boolean;
  readonly mask: number;
  readonly nailed: 'static' | 'sticky';
}

interface Sent {
  readonly wait_s: number;
  readonly port: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly tags: readonly string[];
  /** Bytes behind the Ethernet header and the tags that the bridge knows; negative: the frame ends before. */
  readonly carried: number;
}

interface Known {
  readonly port: string;
  readonly heard_s: number;
  readonly kind: 'dynamic' | 'static' | 'sticky';
}

/** A bridge with ports c1 to c4 and station S nailed to c1. */
class NaiveBridge {
  private readonly known = new Map<string, Known>();

  constructor(private readonly told: Told) {
    this.known.set('S', { port: 'c1', heard_s: 0, kind: told.nailed });
  }

  outcome(frame: Sent, now_s: number): string {
    if (frame.carried < 0)
      return frame.tags.length === 0 ? 'dropped: runt' : 'dropped: vlan-tag-truncated';
    if (frame.carried > MTU) return 'dropped: mtu-exceeded';
    if (isNobody(frame.from)) return 'dropped: source-address-invalid';
    if (frame.type === 'pause') return 'dropped: pause-frame';
    if (frame.to !== reserved(1)) this.learn(frame, now_s);
    const n = parseInt(frame.to.slice(-1), 16);
    if (frame.to.startsWith(reserved()) && (this.told.mask & (1 << n)) === 0)
      return 'dropped: reserved-address';
    if (frame.to === 'gateway') return this.heardByHost(frame);
    return this.forwarded(frame, this.find(frame.to, now_s));
  }

  /** The frames carry no IP packet, whatever they say, and the host looks at those without a tag. */
  private heardByHost(frame: Sent): string {
    const header = { ip: 20, ipv6: 40 }[frame.type];
    if (header === undefined || frame.tags.length > 0) return 'consumed: gateway-address';
    const family = frame.type === 'ip' ? 'ipv4' : 'ipv6';
    return `dropped: ${family}-${frame.carried < header ? 'truncated' : 'bad-version'}`;
  }

  private forwarded(frame: Sent, to: Known | undefined): string {
    const { port } = frame;
    if (to?.port === port && !this.told.hairpin.includes(port)) return 'dropped: reflection';
    if (to !== undefined && this.areApart(port, to.port)) return 'dropped: port-isolated';
    const isIp = frame.tags.length === 0 && ['ip', 'ipv6'].includes(frame.type);
    if (isIp && !this.told.icc) return 'dropped: inter-container-disabled';
    if (to !== undefined) return to.port;
    const others = PORTS.filter((out) => out !== port || this.told.hairpin.includes(port));
    const hears = others.filter((out) => !this.areApart(port, out));
    return hears.length > 0 ? hears.join(' ') : 'dropped: port-isolated';
  }

  private areApart(one: string, other: string): boolean {
    return [one, other].every((port) => this.told.isolated.includes(port));
  }

  private find(station: string, now_s: number): Known | undefined {
    const known = this.known.get(station);
    const isForgotten = known?.kind === 'dynamic' && now_s - known.heard_s >= AGEING_S;
    return isForgotten ? undefined : known;
  }

  private learn({ from, port }: Sent, now_s: number): void {
    const kind = this.known.get(from)?.kind ?? 'dynamic';
    if (from !== 'gateway' && kind !== 'sticky')
      this.known.set(from, { port, heard_s: now_s, kind });
  }
}

const ZERO = '00:00:00:00:00:00';
const GROUP = '01:00:5e:00:00:01';
const reserved = (n?: number): string => `01:80:c2:00:00:0${n?.toString(16) ?? ''}`;
const isNobody = (station: string): boolean => station === ZERO || station === GROUP;

const told = fc.record({
  hairpin: fc.subarray(PORTS),
  isolated: fc.subarray(PORTS),
  icc: fc.boolean(),
  mask: fc.integer({ min: 0, max: 0xffff }),
  nailed: fc.constantFrom<Told['nailed']>('static', 'sticky'),
});
const station = fc.constantFrom('A', 'B', 'C', 'S', 'gateway');
const sent = fc.record({
  wait_s: fc.constantFrom(0, 0, 0, 1, 9, 10),
  port: fc.constantFrom(...PORTS),
  from: fc.oneof(
    { weight: 9, arbitrary: station },
    { weight: 1, arbitrary: fc.constantFrom(ZERO, GROUP) },
  ),
  to: fc.oneof(
    { weight: 6, arbitrary: station },
    { weight: 2, arbitrary: fc.constantFrom('Z', '*', GROUP) },
    {
      weight: 2,
      arbitrary: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 15 })).map(reserved),
    },
  ),
  type: fc.constantFrom('experimental', 'ip', 'ipv6', 'arp', 'pause', '0026', '9100'),
  tags: fc.constantFrom([], [], ['8100'], ['88a8', '8100']),
  carried: fc.constantFrom(-1, 0, 46, 46, 46, MTU, MTU + 1),
});

function labAs({ hairpin, isolated, icc, mask, nailed }: Told) {
  const ports = PORTS.map((port) =>
    [
      port,
      ...(hairpin.includes(port) ? ['hairpin'] : []),
      ...(isolated.includes(port) ? ['isolated'] : []),
    ].join('+'),
  );
  const station = `{ mac: "02:00:00:00:00:53", port: c1, sticky: ${nailed === 'sticky'} }`;
  return bridge(ports.join(' '), {
    bridge: `ageing: ${AGEING_S}s, group_fwd_mask: ${mask}, stations: [${station}]`,
    options: `com.docker.network.bridge.enable_icc: "${icc}"`,
  });
}

test('the bridge says of every frame what a naive bridge says', (t) => {
  fc.assert(
    fc.property(told, fc.array(sent, { minLength: 1, maxLength: 80 }), (settings, frames) => {
      const naive = new NaiveBridge(settings);
      let now_s = 0;
      const story = frames.map((frame) => {
        now_s += frame.wait_s;
        const { port, from, to, type, tags, carried } = frame;
        const size = 14 + 4 * tags.length + carried;
        const option = tags.length === 0 ? '' : ` tags=${tags.join(',')}`;
        const said = `at ${now_s}s ${port}: ${from}>${to} type=${type} size=${size}${option}`;
        return `${said} => ${naive.outcome(frame, now_s)}`;
      });
      const lab = labAs(settings);
      const script = readStory(story.join('\n'), lab);
      t.deepEqual(tell(t, lab, script), story);
    }),
    { numRuns: 100 },
  );
});
