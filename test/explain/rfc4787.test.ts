/** What is told of packets at a home router with the profile rfc4787, where it does otherwise than Linux. */
import test from 'ava';
import { sentencesOf } from '../../control/explain/sentences.js';
import { labOf } from '../dataplane/lab.js';
import { home, inner, one, other, outer, pc } from './home-lab.js';
import { arpRequest, SYN, tcp } from './routed-lab.js';
import type { Came } from './routed-lab.js';
import { explainedFrames } from './told.js';

const introduced: readonly Came[] = [
  ['in.p', arpRequest(pc, inner)],
  ['out.p', arpRequest(one, outer)],
  ['out.p', arpRequest(other, outer)],
];

/** What is said of the last of these frames, which come after all have been introduced. */
function said(settings: string, ...frames: readonly Came[]): string[] {
  const lab = labOf(home(settings, 'to: masquerade'));
  return sentencesOf(explainedFrames(lab, [...introduced, ...frames]));
}

const unsolicited: Came = ['out.p', tcp(one, outer, [6000, 80], SYN)];

test('a SYN that nobody has asked for waits, which is told with the line of the profile; one that comes again does not', (t) => {
  t.is(
    said('profile: rfc4787', unsolicited).at(-1),
    'It opens a TCP connection that nobody inside has asked for: gw, whose profile is rfc4787 (lab.yaml:9), waits 6 s for the inside to open the same, and else says that the port is unreachable.',
  );
  t.is(
    said('profile: rfc4787', unsolicited, unsolicited).at(-1),
    'It was dropped because nobody inside had asked for the TCP connection that it would open. [syn-unsolicited]',
  );
});
