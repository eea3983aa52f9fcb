/**
 * Scenarios of layer 2 that read as sentences: a topology, and a story of frames with what becomes of each.
 *
 *     c1: c1>* => c2 h1.eth0[50]
 *
 * says that what c1 sends to everybody leaves by c2 as it came in, and by the NIC with a tag of VLAN 50. What story.ts says of coming
 * in holds for leaving: the tags behind a port are all that the frame has there. What else is not as it came in is said behind them:
 *
 *     h1.eth0{h1.eth0>G}                          other MACs, as routers write them
 *     h1.eth0{h1.eth0>*}ask=10.0.0.1>10.0.0.9     another content: what a host says by itself (also reply=, pong=, advert=,
 *                                                 solicit= and, to the neighbor itself, probe=)
 *     h1.eth0{h1.eth0>G}of=1                      the content of the first line, which had to wait
 *
 * Ends inside are told in full where nothing leaves (`=> dropped: no-wire`), or nothing at all (`=> nothing`). Where something leaves,
 * copies of it may end in several places, which is left out unless a line names them.
 *
 * Every story is told frame by frame, with every frame traced, and in one burst; each time the same must leave, byte for byte.
 */
import test from 'ava';
import type { Compiled } from '../../control/compile/compile.js';
import { BURST } from '../../dataplane/forward/plane.js';
import { AdvertisementFlag } from '../../dataplane/wire/icmpv6.js';
import { advertisement, solicitation } from '../../pcaps/build/ipv6.js';
import { arpFrame, digitsOf, digitsOfFrame, frameOf, ipv4Text, packetOf } from './frames.js';
import type { Frame } from './frames.js';
import { namesOf, tagsText } from './names.js';
import type { Names } from './names.js';
import type { Scripted } from '../dataplane/story.js';
import { byPort, play } from './play.js';
import type { Breath, Left } from './play.js';
import { partyOf, pong6Of, pongOf, readStory } from './story.js';
import type { Told } from './story.js';
import { addressText } from '../../control/address.js';

const PATIENCE_NS = 100e9;
/** Where the target of a neighbor solicitation stands (RFC 4861 §4.3), in digits from the EtherType on. */
const SOLICITED = [100, 132] as const;

export interface Scenario {
  readonly lab: Compiled;
  readonly story: string;
}

/** Declares a test whose title is a claim and whose story is the proof. */
export function scenario(claim: string, { lab, story }: Scenario): void {
  test(claim, (t) => {
    const names = namesOf(lab);
    const script = readStory(story, lab, names);
    const played = [...script, quietEnd(script)];
    const told = script.map(({ said, ends }) => `${said} => ${ends.join(' ')}`);
    const tell = (breaths: readonly Breath[]): string[] =>
      script.map((line, i) => {
        const ends = endsOf(line, script, breaths[i], names);
        return `${line.said} => ${ends.join(' ')}`;
      });
    const breaths = play(lab, played);
    t.deepEqual(tell(breaths), told);
    t.deepEqual(tell(play(lab, played, { traced: true })), told);
    t.deepEqual(byPort(play(lab, played, { most: BURST })), byPort(breaths));
  });
}

/** A frame of no bytes, so late that nobody waits any more for anything. */
function quietEnd(script: readonly Told[]): Scripted {
  const tick = Math.max(...script.map((line) => line.tick)) + PATIENCE_NS;
  return { line: '', said: '', port: 0, tick, frame: new Uint8Array(), size: 0 };
}

function endsOf(
  line: Told,
  script: readonly Told[],
  breath: Breath | undefined,
  names: Names,
): readonly string[] {
  const { left, ended } = breath ?? { left: [], ended: ['no breath'] };
  const ports = left.map((one) => `${one.port}${changesOf(line, script, one, names)}`);
  if (line.ends.length === 1 && line.ends[0] === 'nothing' && ports.length === 0) return line.ends;
  const isTold = ports.length === 0 || line.ends.some((end) => /^(dropped|consumed):/.test(end));
  return [...ports, ...(isTold ? ended : [])].sort();
}

/** In what a frame that left is not as it came in, so that nothing of it stays unsaid. */
function changesOf(
  { sent, frame, size }: Told,
  script: readonly Told[],
  { digits, missing }: Left,
  names: Names,
): string {
  const left = frameOf(digits);
  const came = frameOf(digitsOf(frame)).rest;
  const macs =
    left.to === sent.to && left.from === sent.from
      ? ''
      : `{${names.name(left.from)}>${names.name(left.to)}}`;
  const isSame = left.rest === came && missing === size - frame.length;
  const earlier = script.findIndex((line) => line.sent.rest === left.rest);
  const content = earlier < 0 ? contentOf(left, sent, missing) : `of=${earlier + 1}`;
  return tagsText(left.tags) + macs + (isSame ? '' : content);
}

/** What a host says by itself; it is told only if it says exactly that, otherwise as it is. */
function contentOf(left: Frame, asked: Frame, missing: number): string {
  const packet = packetOf(left);
  const question = packetOf(asked);
  const as = (text: string, rest: string): string | undefined =>
    rest === left.rest && missing === 0 ? text : undefined;
  if (packet?.kind === 'arp') {
    const [sender, goal] = [ipv4Text(packet.sender), ipv4Text(packet.target)];
    const { rest } = arpFrame(
      packet.asks,
      { mac: left.from, ip: packet.sender },
      { mac: left.to, ip: packet.target },
    );
    const said = as(`${packet.asks ? 'ask' : 'reply'}=${sender}>${goal}`, rest);
    if (said !== undefined) return said;
  }
  const asker = question === undefined ? '::' : textOf(question.sender);
  const said = packet && answerOf(left, asker, textOf(packet.sender), as);
  return said ?? `raw=${left.rest}${missing === 0 ? '' : ` and ${missing} bytes`}`;
}

/** A neighbor solicitation of a host, or its answer to one or to a ping. */
function answerOf(
  left: Frame,
  asker: string,
  target: string,
  as: (text: string, rest: string) => string | undefined,
): string | undefined {
  const [from, to] = [partyOf(asker, left.to), partyOf(target, left.from)];
  const solicited = asker === '::' ? 0 : AdvertisementFlag.Solicited;
  const flags = AdvertisementFlag.Router | AdvertisementFlag.Override | solicited;
  const everybody = partyOf('ff02::1', left.to);
  const advert = advertisement(to, asker === '::' ? everybody : from, flags);
  const identification = parseInt(left.rest.slice(12, 16), 16);
  const wanted = textOf(left.rest.slice(...SOLICITED).padEnd(32, '0'));
  const [asks, asked] = [partyOf(target, left.from), partyOf(wanted, left.to)];
  const [question, probe] = [solicitation(asks, asked), solicitation(asks, asked, asked)];
  return (
    as(`solicit=${target}>${wanted}`, digitsOf(question).slice(24)) ??
    as(`probe=${target}>${wanted}`, digitsOf(probe).slice(24)) ??
    as(`pong=${target}>${asker}`, pongOf(from, to, identification)) ??
    as(`pong=${target}>${asker}`, pong6Of(from, to)) ??
    as(`advert=${target}`, digitsOfFrame(frameOf(digitsOf(advert))).slice(24))
  );
}

function textOf(digits: string): string {
  return addressText(digits.length === 8 ? 4 : 6, BigInt(`0x${digits}`));
}
