/** Sentences about what left a lab by a port, which is what `tcpdump` sees come in there. */
import type { ExecutionContext } from 'ava';
import { describeFrame } from '../../control/explain/dissect.js';
import type { FrameDescription } from '../../control/explain/dissect.js';
import { viewOf } from '../../pcaps/build/bytes.js';
import { tunneledIn } from './tunneled.js';
import type { Stage } from './stage.js';

export class PortTold {
  constructor(
    private readonly t: ExecutionContext,
    private readonly stage: Stage,
    private readonly port: string,
  ) {}

  /** Some frame there is described by a line with these words in it. */
  saw(words: string): void {
    const lines = this.lines();
    this.t.true(
      lines.some((line) => line.includes(words)),
      `${this.port} saw:\n${lines.join('\n')}`,
    );
  }

  didNotSee(words: string): void {
    const lines = this.lines().filter((line) => line.includes(words));
    this.t.deepEqual(lines, [], `${this.port} saw it`);
  }

  sawNothing(): void {
    this.t.deepEqual(this.lines(), [], this.port);
  }

  /** Every frame there had one 802.1Q tag, and these are the VLANs. */
  sawOnlyVlans(...vlans: number[]): void {
    const seen = this.descriptions().map(({ tags }) => tags.map(({ vlan }) => vlan).join(' '));
    const expected = vlans.map(String).sort();
    this.t.deepEqual([...new Set(seen)].sort(), expected, `VLANs at ${this.port}`);
  }

  /** No frame there had a tag. */
  sawNoTags(): void {
    const tagged = this.descriptions().filter(({ tags }) => tags.length > 0);
    this.t.deepEqual(
      tagged.map(({ summary }) => summary),
      [],
      `tagged frames at ${this.port}`,
    );
  }

  /** Every frame there that has an IP packet, or ARP, in it came from one of these MACs. */
  sawOnlyFrom(...macs: string[]): void {
    const sources = new Set(this.descriptions().map(({ source = '' }) => source));
    this.t.deepEqual([...sources].sort(), [...macs].sort(), `sources at ${this.port}`);
  }

  /** Some VXLAN packet there, of this VNI, had a frame in it that is described by a line with these words in it. */
  carried(vni: number, words: string): void {
    const lines = this.carriedLines(vni);
    this.t.true(
      lines.some((line) => line.includes(words)),
      `${this.port} carried in VNI ${vni}:\n${lines.join('\n')}`,
    );
  }

  /** No VXLAN packet there had such a frame in it. */
  didNotCarry(words: string): void {
    const lines = this.carriedVnis().flatMap((vni) => this.carriedLines(vni));
    this.t.deepEqual(
      lines.filter((line) => line.includes(words)),
      [],
      `${this.port} carried it`,
    );
  }

  /** There were VXLAN packets of these VNIs there. */
  carriedOnlyVnis(...vnis: number[]): void {
    this.t.deepEqual(this.carriedVnis(), vnis, `VNIs at ${this.port}`);
  }

  private carriedVnis(): number[] {
    const frames = this.stage.leftBy(this.port).flatMap(({ bytes }) => tunneledIn(bytes) ?? []);
    return [...new Set(frames.map(({ vni }) => vni))].sort((one, other) => one - other);
  }

  private carriedLines(wanted: number): string[] {
    const frames = this.stage.leftBy(this.port).flatMap(({ bytes }) => tunneledIn(bytes) ?? []);
    return frames.filter(({ vni }) => vni === wanted).map(({ frame }) => describe(frame).summary);
  }

  private lines(): string[] {
    return this.descriptions().map(({ summary }) => summary);
  }

  private descriptions(): FrameDescription[] {
    return this.stage.leftBy(this.port).map(({ bytes }) => describe(bytes));
  }
}

function describe(bytes: Uint8Array): FrameDescription {
  return describeFrame(viewOf(bytes), 0, bytes.length, bytes.length);
}
