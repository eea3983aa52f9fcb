/** Each timer of both profiles, at the tick at which it ends and at the one before. */
import test, { type ExecutionContext } from 'ava';
import { Mark } from '../../dataplane/state/connections.js';
import { rfcTimeouts, Timer } from '../../dataplane/state/conntrack-timeouts.js';
import { Verdict } from '../../dataplane/state/tcp-tracker.js';
import { Protocol } from '../../dataplane/state/tuple.js';
import { Conversation } from './conversation.js';

const established = (it: Conversation): Conversation => it.opens('S').answers('SA').opens('A');

/** What leads to each timer. The last packet starts it. */
const stories = {
  SYN_SENT: (it) => it.opens('S'),
  SYN_RECV: (it) => it.opens('S').answers('SA'),
  ESTABLISHED: established,
  FIN_WAIT: (it) => established(it).opens('FA'),
  CLOSE_WAIT: (it) => established(it).opens('FA').answers('A'),
  LAST_ACK: (it) => established(it).opens('FA').answers('FA'),
  TIME_WAIT: (it) => established(it).opens('FA').answers('FA').opens('A'),
  CLOSE: (it) => established(it).opens('R'),
  SYN_SENT2: (it) => it.opens('S').answers('S'),
  'the same segment four times': (it) => established(it).answers('A').again(3),
  'data without acknowledgment': (it) => established(it).opens('A', { payload: 100 }),
  'a closed window': (it) => established(it).answers('A', { window: 0 }),
  'a connection picked up in the middle': (it) => it.opens('A', { payload: 10 }),
} satisfies Readonly<Record<string, (it: Conversation) => Conversation>>;

type Story = keyof typeof stories;

/** Seconds that Linux remembers: nf_conntrack-sysctl.rst. */
const linux: Readonly<Record<Story, number>> = {
  SYN_SENT: 120,
  SYN_RECV: 60,
  ESTABLISHED: 432_000,
  FIN_WAIT: 120,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  TIME_WAIT: 120,
  CLOSE: 10,
  SYN_SENT2: 120,
  'the same segment four times': 300,
  'data without acknowledgment': 300,
  'a closed window': 300,
  'a connection picked up in the middle': 300,
};

/** Seconds that the RFCs ask for: 2 hours and 4 minutes of what is established, else 4 minutes. */
const rfc: Readonly<Record<Story, number>> = {
  SYN_SENT: 240,
  SYN_RECV: 240,
  ESTABLISHED: 7440,
  FIN_WAIT: 240,
  CLOSE_WAIT: 240,
  LAST_ACK: 240,
  TIME_WAIT: 240,
  CLOSE: 240,
  SYN_SENT2: 240,
  'the same segment four times': 7440,
  'data without acknowledgment': 7440,
  'a closed window': 7440,
  'a connection picked up in the middle': 240,
};

/** The connection is there for so many seconds after the last packet, and not a nanosecond longer. */
function livesFor(t: ExecutionContext, it: Conversation, seconds: number): void {
  t.is(it.verdict, Verdict.Accept);
  const end = it.tick + seconds * 1e9;
  it.tick = end - 1;
  t.true(it.isFound, 'one nanosecond before the end');
  it.tick = end;
  t.false(it.isFound, 'at the end');
}

for (const name of Object.keys(stories) as Story[]) {
  test(`NCT-1: Linux remembers TCP for ${linux[name]} s after ${name}`, (t) => {
    livesFor(t, stories[name](new Conversation()), linux[name]);
  });

  test(`N5382-5, N7857-2: TCP is remembered for ${rfc[name]} s after ${name}, as the RFCs ask`, (t) => {
    const it = new Conversation(Protocol.Tcp, { timeouts: rfcTimeouts() });
    livesFor(t, stories[name](it), rfc[name]);
  });
}

test('NCT-1: a SYN that is answered by a RST is forgotten at once', (t) => {
  const it = new Conversation().opens('S').answers('RA', { sequence: 0 });
  t.is(it.verdict, Verdict.Accept);
  t.false(it.isFound);
});

test('N7857-2: a RST is no proof that the session is over: it is kept for 4 minutes, also when nothing else has answered', (t) => {
  const it = new Conversation(Protocol.Tcp, { timeouts: rfcTimeouts() });
  livesFor(t, it.opens('S').answers('RA', { sequence: 0 }), 240);
});

test('N5382-5, N4787-5, N5508-2: every timer can be set, for each table by itself', (t) => {
  const timeouts = rfcTimeouts();
  timeouts[Timer.TcpEstablished] = 10_000e9;
  timeouts[Timer.Icmp] = 61e9;
  livesFor(t, established(new Conversation(Protocol.Tcp, { timeouts })), 10_000);
  livesFor(t, new Conversation(Protocol.Icmp, { timeouts, ports: 0x0001_0800 }).opens(), 61);
  t.is(rfcTimeouts()[Timer.Icmp], 60e9);
});

test('NCT-1: Linux remembers UDP for 30 s, answered or not', (t) => {
  livesFor(t, new Conversation(Protocol.Udp).opens(), 30);
  livesFor(t, new Conversation(Protocol.Udp).opens().answers(), 30);
  livesFor(t, new Conversation(Protocol.Udp).opens().answers().waits(2).opens(), 30);
});

test('NCT-1: Linux remembers UDP for 120 s when it has gone both ways for more than 2 s', (t) => {
  const it = new Conversation(Protocol.Udp).opens().answers().waits(2);
  it.tick += 1;
  t.true(it.opens().has(Mark.Assured));
  livesFor(t, it, 120);
});

test('UDP that nobody answers is never assured, however long it goes on', (t) => {
  const it = new Conversation(Protocol.Udp);
  for (let i = 0; i < 10; i++) it.opens().waits(20);
  t.false(it.has(Mark.Assured));
  t.is(it.left, 10);
});

test('N4787-5, N4787-6: UDP is remembered for 5 minutes from the last packet of either side', (t) => {
  const timeouts = rfcTimeouts();
  const begun = (): Conversation => new Conversation(Protocol.Udp, { timeouts }).opens();
  livesFor(t, begun(), 300);
  livesFor(t, begun().waits(299).opens(), 300);
  livesFor(t, begun().waits(299).answers(), 300);
  livesFor(t, begun().answers().waits(299).answers(), 300);
});

const ECHO = 0x0007_0800;
const ECHO_V6 = 0x0007_8000;

test('NCT-1: Linux remembers an ICMP query for 30 s', (t) => {
  livesFor(t, new Conversation(Protocol.Icmp, { ports: ECHO }).opens(), 30);
  livesFor(t, new Conversation(Protocol.Icmpv6, { ports: ECHO_V6 }).opens().answers(), 30);
});

test('N5508-2: an ICMP query is remembered for 60 s', (t) => {
  const timeouts = rfcTimeouts();
  livesFor(t, new Conversation(Protocol.Icmp, { ports: ECHO, timeouts }).opens(), 60);
  livesFor(t, new Conversation(Protocol.Icmpv6, { ports: ECHO_V6, timeouts }).opens(), 60);
});

test('an ICMP answer to which there is no query is invalid', (t) => {
  const it = new Conversation(Protocol.Icmp, { ports: ECHO }).answers();
  t.is(it.verdict, Verdict.Invalid);
  t.is(it.table.count, 0);
});

test('NCT-1: every other protocol is remembered for 10 minutes', (t) => {
  const gre = 47;
  livesFor(t, new Conversation(gre, { ports: 0 }).opens(), 600);
  livesFor(t, new Conversation(gre, { ports: 0, timeouts: rfcTimeouts() }).opens().answers(), 600);
});

test('NCT-2: what the answerer sends marks the connection as answered', (t) => {
  for (const protocol of [Protocol.Udp, 47]) {
    const it = new Conversation(protocol).opens();
    t.false(it.has(Mark.SeenReply));
    t.true(it.answers().has(Mark.SeenReply));
  }
});
