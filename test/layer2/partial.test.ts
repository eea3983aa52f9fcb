/** A ping whose checksum is left to the network card (virtio), to a host: the answer leaves its own to the card in the same way. */
import test from 'ava';
import { Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { completeChecksum } from '../../dataplane/frame/segment.js';
import { isRight, sum } from '../../dataplane/wire/checksum.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { sourceOf } from '../dataplane/scenario.js';
import { labOf } from '../dataplane/lab.js';
import { digitsOf } from './frames.js';
import { namesOf } from './names.js';
import { readStory } from './story.js';

const IP_HEADER = 20;
const lab = labOf(`
networks: { net: { ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.1 }] } } }
services: { c1: { image: x, networks: [net] } }`);

/** What c1 gets for a ping with these tags, whose checksum begins `sumAt` bytes into its packet; complete, without Ethernet header and tags. */
function answerTo(tags: string, sumAt: number): Uint8Array | undefined {
  const [ping] = readStory(`c1${tags}: c1>net ping=10.1.0.2>10.1.0.1`, lab, namesOf(lab));
  if (ping === undefined) throw new Error('no frame');
  const plane = new Plane(lab.program);
  const { frames } = plane;
  const packetAt = digitsOf(ping.frame).indexOf('08004500') / 2 + 2;
  const source = sourceOf(plane, [ping], false);
  const receive = (into: Int32Array, most: number): number => {
    const count = source.receive(into, most);
    const slot = into[0] ?? 0;
    frames.flags[slot] = FrameFlag.Partial;
    frames.checksumStart[slot] = packetAt + sumAt;
    frames.checksumOffset[slot] = 2;
    frames.view.setUint16((frames.start[slot] ?? 0) + packetAt + IP_HEADER + 2, 0);
    return count;
  };
  let answer: Uint8Array | undefined;
  const take = (from: Int32Array, at: number): number => {
    const slot = from[at] ?? 0;
    completeChecksum(frames, slot);
    const start = frames.start[slot] ?? 0;
    answer = frames.bytes.slice(start + 14, start + (frames.length[slot] ?? 0));
    return 0;
  };
  breathOn(
    plane,
    { ...source, receive },
    lab.ports.map(() => ({ ...nowhere, send: take })),
    1,
  )();
  return answer;
}

for (const tags of ['', '[0/3]'])
  test(`the checksum of the answer is right once the card has completed it${tags && ', also to a ping with a priority tag'}`, (t) => {
    const packet = answerTo(tags, IP_HEADER);
    if (packet === undefined) return t.fail('no answer');
    const message = packet.length - IP_HEADER;
    t.is(packet[IP_HEADER], 0, 'an echo reply');
    t.true(isRight(sum(new DataView(packet.buffer), IP_HEADER, message)));
  });

test('a ping whose unfinished checksum is none of ICMP gets no answer', (t) => {
  t.is(answerTo('', IP_HEADER + 4), undefined);
});
