/** TCP from the middle: which segments belong to a connection, and in which state it is after them. */
import test from 'ava';
import fc from 'fast-check';
import { Mark } from '../../dataplane/state/connections.js';
import { rfcTimeouts, TcpState } from '../../dataplane/state/conntrack-timeouts.js';
import { Verdict } from '../../dataplane/state/tcp-tracker.js';
import { isSound } from '../../dataplane/state/tcp-transitions.js';
import { Protocol } from '../../dataplane/state/tuple.js';
import { controlBits, Conversation, type Settings } from './conversation.js';

const { Accept, Invalid } = { Accept: Verdict.Accept, Invalid: Verdict.Invalid };

function established(settings?: Settings): Conversation {
  return new Conversation(Protocol.Tcp, settings).opens('S').answers('SA').opens('A');
}

/** A connection whose windows are shifted by these scales. */
function scaled(opener: number, answerer: number): Conversation {
  return new Conversation()
    .opens('S', { scale: opener })
    .answers('SA', { scale: answerer })
    .opens('A');
}

test('N5382-2: a handshake leads to ESTABLISHED, and the last ACK makes the connection assured', (t) => {
  const it = new Conversation().opens('S');
  t.is(it.state, TcpState.SynSent);
  t.is(it.answers('SA').state, TcpState.SynRecv);
  t.false(it.has(Mark.Assured));
  t.is(it.opens('A').state, TcpState.Established);
  t.true(it.has(Mark.Assured));
});

test('N5382-2a: two SYNs that cross lead to ESTABLISHED, whoever is acknowledged first', (t) => {
  const it = new Conversation().opens('S').answers('S');
  t.is(it.state, TcpState.SynSent2);
  t.is(it.opens('SA', { sequence: 1000 }).state, TcpState.SynRecv);
  t.is(it.verdict, Accept);
  t.is(it.answers('SA', { sequence: 5000 }).verdict, Accept);
  t.is(it.answers('A').state, TcpState.Established);
  t.is(it.opens('A').answers('A').verdict, Accept);
  t.true(it.has(Mark.Assured));
});

test('N5382-2: the opener closes first: FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT', (t) => {
  const it = established();
  t.is(it.opens('FA').state, TcpState.FinWait);
  t.is(it.answers('A').state, TcpState.CloseWait);
  t.is(it.answers('FA').state, TcpState.LastAck);
  t.is(it.opens('A').state, TcpState.TimeWait);
  t.is(it.again(1).verdict, Accept);
  t.is(it.state, TcpState.TimeWait);
});

test('N5382-2: the answerer closes first, or both at once', (t) => {
  const it = established().answers('FA').opens('A').opens('FA');
  t.is(it.state, TcpState.LastAck);
  t.is(it.answers('A').state, TcpState.TimeWait);
  const both = established().opens('FA').answers('FA', { acknowledgment: 1001 });
  t.is(both.state, TcpState.LastAck);
  t.is(both.opens('A').state, TcpState.TimeWait);
});

test('a side that has closed may still be sent to', (t) => {
  const it = established().opens('FA').answers('A').answers('A', { payload: 500 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.CloseWait]);
  t.is(it.opens('A').verdict, Accept);
});

test('N5382-2: a half-closed connection goes on when a FIN is sent again', (t) => {
  const it = established().opens('FA').again(1);
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.LastAck]);
});

test('NCT-4: control bits that make no sense together are invalid, all others are not', (t) => {
  const sound = ['S', 'SU', 'SA', 'R', 'RA', 'FA', 'FAU', 'A', 'AU'];
  const all = Array.from({ length: 256 }, (_, flags) => flags);
  const expected = all.filter((flags) =>
    sound.some((names) => controlBits(names) === (flags & 0x37)),
  );
  t.deepEqual(all.filter(isSound), expected);
  for (const names of ['', 'SF', 'SR', 'F', 'U', 'P', 'FSRPAU'])
    t.is(established().opens(names).verdict, Invalid, names);
});

test('NCT-5: only a SYN opens a connection, and with tcp_loose an ACK that belongs to none', (t) => {
  const begins = (names: string, loose: boolean): boolean =>
    new Conversation(Protocol.Tcp, { loose }).opens(names).isFound;
  t.deepEqual(
    ['S', 'A', 'SA', 'FA', 'R', 'RA', ''].map((names) => begins(names, true)),
    [true, true, false, false, false, false, false],
  );
  t.deepEqual(
    ['S', 'A', 'SA', 'FA', 'R', 'RA', ''].map((names) => begins(names, false)),
    [true, false, false, false, false, false, false],
  );
});

test('NCT-5: a connection that was picked up is established, assured once both sides are heard, and bound by no window', (t) => {
  const it = new Conversation().opens('A', { payload: 100 });
  t.deepEqual([it.state, it.has(Mark.Assured), it.left], [TcpState.Established, false, 300]);
  t.is(it.answers('A').opens('A', { payload: 10 }).verdict, Accept);
  t.true(it.has(Mark.Assured));
  t.is(it.opens('A', { sequence: 0x4000_0000 }).verdict, Accept);
  t.is(it.answers('A', { acknowledgment: 0x4000_0000 }).verdict, Accept);
});

test('NCT-6: a segment behind what the receiver allows is invalid, with tcp_be_liberal it is not', (t) => {
  for (const [liberal, verdict] of [
    [false, Invalid],
    [true, Accept],
  ] as const) {
    const it = established({ liberal });
    t.is(it.opens('A', { sequence: 1001 + 10_000, payload: 1 }).verdict, Accept, 'the last byte');
    t.is(it.opens('A', { sequence: 1001 + 40_000, payload: 1 }).verdict, verdict);
  }
});

test('NCT-6: a segment that acknowledges what was never sent is invalid, with tcp_be_liberal it is not', (t) => {
  for (const [liberal, verdict] of [
    [false, Invalid],
    [true, Accept],
  ] as const) {
    const it = established({ liberal });
    t.is(it.opens('A', { acknowledgment: 5002 }).verdict, verdict);
    t.is(it.opens('A', { acknowledgment: 5001 }).verdict, Accept);
  }
});

test('NCT-6: an old segment passes, and neither renews nor changes anything', (t) => {
  const it = established();
  for (let i = 0; i < 20; i++) it.opens('A', { payload: 9000 }).answers('A');
  it.waits(10);
  const left = it.left;
  t.is(it.opens('A', { sequence: 1001, payload: 10 }).verdict, Accept, 'sent again');
  t.is(it.left, left);
  t.is(it.answers('A', { acknowledgment: 1001 }).verdict, Accept, 'acknowledged long ago');
  t.is(it.left, left);
  t.is(it.opens('FA', { sequence: 1001 }).verdict, Accept);
  t.deepEqual([it.state, it.left], [TcpState.Established, left]);
});

test('NCT-6: windows are scaled when both SYNs say so, and a SYN’s own window never is', (t) => {
  const far = (it: Conversation, offset: number): Verdict =>
    it.answers('A', { window: 10_000 }).opens('A', { sequence: 1001 + offset, payload: 1 }).verdict;
  t.is(far(scaled(0, 7), 10_000 << 7), Accept);
  t.is(far(scaled(0, 7), 10_000 << 9), Invalid);
  t.is(far(scaled(-1, 7), 100_000), Invalid, 'only one of them can scale');
  t.is(far(scaled(7, -1), 100_000), Invalid, 'only one of them can scale');
  t.is(far(scaled(0, 15), 10_000 << 14), Accept, 'no more than by 14 bits');
  t.is(far(scaled(0, 15), 10_000 << 15), Invalid, 'no more than by 14 bits');
});

test('NCT-6: the window of a SYN-ACK is not scaled', (t) => {
  const it = scaled(0, 7);
  t.is(it.opens('A', { sequence: 1001 + 40_000, payload: 1 }).verdict, Invalid);
});

test('a side that sends a little more than it may is let through, and may be acknowledged', (t) => {
  const it = established().opens('A', { sequence: 1001 + 10_001, payload: 500 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.Established]);
  t.is(it.answers('A', { acknowledgment: 1001 + 10_501 }).verdict, Accept);
});

test('a closed window may be tried with one byte', (t) => {
  const it = established().answers('A', { window: 0 }).opens('A', { payload: 1 });
  t.is(it.verdict, Accept);
  t.is(it.answers('A', { acknowledgment: 1001, window: 0 }).verdict, Accept);
});

test('the answer to a keep-alive of a picked-up side is valid', (t) => {
  const it = new Conversation().opens('A', { sequence: 999, acknowledgment: 5000 });
  t.is(it.answers('A', { acknowledgment: 1000 }).verdict, Accept);
  t.is(it.opens('A', { sequence: 1000, payload: 10 }).verdict, Accept);
});

test('NCT-7: a RST that is exactly the next byte closes the connection', (t) => {
  const it = established().opens('A', { payload: 100 }).answers('A');
  t.is(it.opens('R').state, TcpState.Close);
  t.is(it.left, 10);
  const answerer = established().answers('RA');
  t.is(answerer.state, TcpState.Close);
});

test('NCT-7: a RST before what has been acknowledged is invalid and changes nothing', (t) => {
  for (const liberal of [false, true]) {
    const it = established({ liberal }).opens('A', { payload: 100 }).answers('A').waits(5);
    const left = it.left;
    t.is(it.opens('R', { sequence: 1050 }).verdict, Invalid);
    t.deepEqual([it.state, it.left], [TcpState.Established, left]);
  }
});

test('NCT-7: a RST behind the window is invalid', (t) => {
  const it = established();
  t.is(it.opens('R', { sequence: 1001 + 50_000 }).verdict, Invalid);
  t.is(it.state, TcpState.Established);
});

test('NCT-7: a RST in the window that is not the next byte may be forged: the connection stays open, for 10 s if nobody says more, else as with data that are not acknowledged', (t) => {
  const it = established().opens('R', { sequence: 1501 });
  t.deepEqual([it.verdict, it.state, it.left], [Accept, TcpState.Established, 10]);
  t.is(it.answers('A').opens('A').left, 300);
});

test('NCT-7: a RST behind the data that its sender sent last closes the connection', (t) => {
  const it = established().opens('A', { payload: 19 });
  t.is(it.opens('RA').state, TcpState.Close);
});

test('N7857-2: the RFC profile keeps a session after a RST for 4 minutes, and as long as it is used', (t) => {
  const it = established({ timeouts: rfcTimeouts() }).opens('R');
  t.deepEqual([it.state, it.left], [TcpState.Close, 240]);
  t.is(it.waits(100).answers('A', { payload: 10 }).verdict, Accept);
  t.is(it.left, 240);
});

test('NCT-7: a SYN that is answered by a RST without a sequence number of its own is over', (t) => {
  const it = new Conversation().opens('S').answers('RA', { sequence: 0 });
  t.is(it.verdict, Accept);
  t.false(it.isFound);
});

test('NCT-7: while a connection is opened a RST may have 0 for its sequence number', (t) => {
  const it = new Conversation().opens('S').answers('SA').opens('R', { sequence: 0 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.Close]);
});

test('NCT-7: a RST that acknowledges something else than the SYN does not end it', (t) => {
  const it = new Conversation()
    .opens('S')
    .answers('RA', { sequence: 0, acknowledgment: 7_000_000 });
  t.is(it.verdict, Invalid);
  t.is(it.state, TcpState.SynSent);
});

test('NCT-8: a SYN that comes again does not renew the connection', (t) => {
  const it = new Conversation().opens('S').waits(100).again(1);
  t.deepEqual([it.verdict, it.left], [Accept, 20]);
});

test('another attempt with a later sequence number replaces the first', (t) => {
  const it = new Conversation().opens('S').opens('S', { sequence: 9000 });
  it.answers('SA', { acknowledgment: 9001 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.SynRecv]);
  t.is(it.opens('A', { sequence: 9001 }).state, TcpState.Established);
});

test('NCT-9: a SYN in the middle of a connection passes and changes nothing', (t) => {
  const it = established().waits(50);
  const left = it.left;
  t.is(it.opens('S', { sequence: 77_000_000 }).verdict, Accept);
  t.deepEqual([it.state, it.left], [TcpState.Established, left]);
  t.is(it.answers('A', { acknowledgment: 1001 }).verdict, Accept, 'the challenge to it');
  t.is(it.state, TcpState.Established);
});

test('NCT-9: when a SYN in the middle is answered by a SYN-ACK the connection begins anew with them', (t) => {
  const it = established().opens('S', { sequence: 77_000_000, scale: 2 });
  it.answers('SA', { sequence: 99_000_000, acknowledgment: 77_000_001, scale: 3 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.SynRecv]);
  it.opens('A', { sequence: 77_000_001, acknowledgment: 99_000_001 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.Established]);
  it.waits(1).opens('A', { sequence: 1001, acknowledgment: 5001, payload: 1 });
  t.deepEqual([it.verdict, it.left], [Accept, 432_000 - 1], 'an old one');
});

test('NCT-9: a SYN-ACK that answers no SYN passes and changes nothing', (t) => {
  const it = established().answers('SA', { sequence: 9000 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.Established]);
});

test('NCT-9: when a SYN in the middle is answered by a RST the connection is over', (t) => {
  const it = established().opens('S', { sequence: 77_000_000 });
  it.answers('RA', { sequence: 0, acknowledgment: 77_000_001 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.Close]);
});

test('NCT-9: the challenge to a SYN is not taken for the last ACK (RFC 5961 §4)', (t) => {
  const it = established().opens('FA').answers('FA').opens('S', { sequence: 77_000_000 });
  t.is(it.answers('A').state, TcpState.LastAck);
  t.is(it.opens('A').state, TcpState.TimeWait);
});

test('NCT-9: of a half-open connection the challenge passes, and the RST that answers it ends it', (t) => {
  const it = new Conversation().opens('S').answers('A', { acknowledgment: 600 });
  t.deepEqual([it.verdict, it.state], [Accept, TcpState.SynSent]);
  t.is(it.opens('R', { sequence: 600 }).verdict, Accept);
  t.is(it.state, TcpState.Close);
});

test('NCT-10: a SYN after the end is the first packet of another connection', (t) => {
  const it = established().opens('FA').answers('FA').opens('A');
  it.opens('S', { sequence: 200 });
  t.deepEqual([it.verdict, it.restarts, it.state], [Accept, 1, TcpState.SynSent]);
  t.is(it.answers('SA', { acknowledgment: 201 }).state, TcpState.SynRecv);
});

test('NCT-10: whoever has aborted a connection may open it again, the other side not', (t) => {
  const it = established().opens('R').opens('S', { sequence: 90_000 });
  t.deepEqual([it.verdict, it.restarts, it.state], [Accept, 1, TcpState.SynSent]);
  const other = established().answers('R').opens('S', { sequence: 90_000 });
  t.deepEqual([other.verdict, other.restarts, other.state], [Accept, 0, TcpState.Close]);
});

test('NCT-10: the answerer of before may open the next connection', (t) => {
  const it = established().opens('FA').answers('FA').opens('A').answers('S', { sequence: 90_000 });
  t.deepEqual([it.verdict, it.restarts], [Accept, 1]);
  const connection = it.connection;
  t.is(it.table.sourceOf(connection, 0), 0x0a00_0002);
});

test('NCT-1: the same ACK four times, three of them again, leaves the connection 5 minutes, another one restores it', (t) => {
  const it = established().answers('A').again(2);
  t.is(it.left, 432_000);
  t.is(it.again(1).left, 300);
  t.is(it.answers('A', { payload: 1 }).opens('A').left, 432_000);
});

test('NCT-1: what both sides end outside the windows is not kept for days', (t) => {
  const it = established();
  t.is(it.opens('FA', { sequence: 77_000_000 }).verdict, Invalid);
  t.is(it.again(1).left, 432_000);
  t.is(it.answers('R', { sequence: 77_000_000 }).verdict, Invalid);
  t.is(it.left, 300);
});

test('what the opener sends before it is answered is invalid', (t) => {
  for (const names of ['A', 'FA', 'SA']) {
    const it = new Conversation().opens('S').opens(names);
    t.deepEqual([it.verdict, it.state], [Invalid, TcpState.SynSent], names);
  }
});

interface Turn {
  readonly isOpener: boolean;
  readonly payload: number;
  /** Which segment of before comes again instead: so many back. */
  readonly again: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  isOpener: fc.boolean(),
  payload: fc.integer({ min: 0, max: 1460 }),
  again: fc.integer({ min: -4, max: 4 }),
});

test('N5382-2: no segment of a proper conversation is invalid, wherever its sequence numbers begin, nor one that comes again', (t) => {
  const number = fc.oneof(fc.constantFrom(0, 0xffff_fff0, 0x7fff_fff0), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(number, number, fc.array(turn, { maxLength: 80 }), (opener, answerer, turns) => {
      const it = established({ first: [opener, answerer] });
      const sent: (readonly [isOpener: boolean, sequence: number, payload: number, ack: number])[] =
        [];
      for (const { isOpener, payload, again } of turns) {
        const [mine, theirs] = isOpener ? it.next : [it.next[1], it.next[0]];
        const old = again > 0 ? sent.at(-again) : undefined;
        const [who, sequence, length, acknowledgment] = old ?? [isOpener, mine, payload, theirs];
        const segment = { sequence, acknowledgment, payload: length };
        if (who) it.opens('PA', segment);
        else it.answers('PA', segment);
        t.is(it.verdict, Accept);
        t.is(it.state, TcpState.Established);
        if (old !== undefined) continue;
        it.next[isOpener ? 0 : 1] = (mine + payload) >>> 0;
        sent.push([isOpener, mine, payload, theirs]);
      }
      it.opens('FA').answers('A').answers('FA').opens('A');
      t.deepEqual([it.verdict, it.state], [Accept, TcpState.TimeWait]);
    }),
  );
});

test('no sequence of segments whatever brings the tracker out of its states', (t) => {
  const word = fc.oneof(fc.constantFrom(0, 1000, 1001, 5000, 5001), fc.nat(0xffff_ffff));
  const segment = fc.record({
    isOpener: fc.boolean(),
    names: fc.constantFrom('S', 'SA', 'A', 'FA', 'R', 'RA', 'PA', 'F', ''),
    sequence: word,
    acknowledgment: word,
    window: fc.nat(0xffff),
    payload: fc.nat(0xff00),
    scale: fc.integer({ min: -1, max: 255 }),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 40 }), fc.boolean(), (segments, liberal) => {
      const it = new Conversation(Protocol.Tcp, { liberal });
      for (const { isOpener, names, ...words } of segments) {
        if (isOpener) it.opens(names, words);
        else it.answers(names, words);
        if (!it.isFound) continue;
        t.true(it.state > TcpState.None && it.state < TcpState.Count);
        t.true(it.left > 0 && it.left <= 432_000);
        t.true(it.table.count <= 1);
      }
    }),
    { numRuns: 500 },
  );
});
