import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { CallError, Refused } from '../../control/cli/errors.js';
import { explainFrame, explainHex } from '../../control/explain/explain.js';
import { commentOf, sentencesOf } from '../../control/explain/sentences.js';
import { station } from '../../pcaps/build/ethernet.js';
import { arpRequest } from '../../pcaps/build/ipv4.js';
import { join, pcapHeader, pcapRecord } from '../capture/build.js';
import { inDirectory } from '../capture/read.js';
import { bridge, labOf } from '../dataplane/lab.js';
import { frame } from '../wire/frames.js';
import { atBridge, explained, told } from './told.js';

// Line numbers count: the sentences quote them.
const lab = labOf(`services:
  c1: { image: x, networks: [net] }
  c2: { image: x, networks: [net] }
  c3:
    image: x
    networks: [net]
    x-port: { isolated: true }
  c4: { image: x, networks: [net], x-port: { isolated: true } }
networks:
  net:
    driver_opts: { com.docker.network.driver.mtu: 1400 }
    x-bridge:
      mac: "02:00:00:00:00:fe"
      group_fwd_mask: 0
      stations:
        - { mac: "02:00:00:00:00:53", port: c1, sticky: true }
        - { mac: "02:00:00:00:00:54", port: c1 }
`);
const net = 'a port of the network net, a learning bridge (lab.yaml:10)';
const atC1 = `It came in at c1 (lab.yaml:2), ${net}.`;
const atC2 = `It came in at c2 (lab.yaml:3), ${net}.`;
const atC3 = `It came in at c3 (lab.yaml:6), ${net}.`;
const learned = (station: string, port: string): string =>
  `Its source ${station} was learned: it lives behind ${port}.`;
const A = '02:00:00:00:00:41';
const B = '02:00:00:00:00:42';
const S = '02:00:00:00:00:53';
const T = '02:00:00:00:00:54';

test('a frame is told by its number, its port, its time and what it is', (t) => {
  const explanation = explained(
    lab,
    `c1: A>*
     at 12.000000345s c2: B>A type=88b5 size=64`,
  );
  t.is(
    sentencesOf(explanation)[0],
    `Frame 2 of c2, 12.000000345 s after the first: 64 bytes, EtherType 0x88b5, ${B} → ${A}.`,
  );
  t.is(commentOf(explanation), sentencesOf(explanation).join(' '));
});

test('flood: a new station is learned, and a broadcast goes to everybody else', (t) => {
  t.deepEqual(told(lab, 'c1: A>*'), [
    atC1,
    learned(A, 'c1'),
    'Its destination is everybody.',
    'It was flooded and left by c2 (lab.yaml:3), c3 (lab.yaml:6), c4 (lab.yaml:8).',
  ]);
});

test('flood: isolated ports that are passed by are named', (t) => {
  t.deepEqual(told(lab, 'c3: C>01:00:5e:00:00:01'), [
    atC3,
    learned('02:00:00:00:00:43', 'c3'),
    'Its destination 01:00:5e:00:00:01 is a group.',
    'It was flooded and left by c1 (lab.yaml:2), c2 (lab.yaml:3), but not by c4: isolated ports do not hear each other.',
  ]);
});

test('flood: of a station that nobody knows, or knows no more, it is said so', (t) => {
  const story = `
    at 0s c1: A>*
    at 300s c2: B>A`;
  t.is(
    told(lab, story)[2],
    `Nobody knows where its destination ${A} lives: no frame from it was seen, or the last one is older than the ageing time.`,
  );
});

test('send: the entry that decided tells which frame taught it and how long ago', (t) => {
  const story = `
    c1: A>*
    at 2.5s c1: A>*
    at 4s c2: B>A`;
  t.deepEqual(told(lab, story), [
    atC2,
    learned(B, 'c2'),
    `Its destination ${A} lives behind c1, learned from frame 1 of c1 4 s before, last heard 1.5 s before.`,
    'It left by c1 (lab.yaml:2).',
  ]);
});

test('refreshed: a known station is heard again where it lives', (t) => {
  const story = `
    c1: A>*
    at 1s c1: A>*`;
  t.is(
    told(lab, story)[1],
    `Its source ${A} was known behind c1, learned from frame 1 of c1 1 s before; it was heard again.`,
  );
});

test('moved: a station that is heard elsewhere tells where it lived until now', (t) => {
  const story = `
    c1: A>*
    at 1s c2: A>*`;
  t.is(
    told(lab, story)[1],
    `Its source ${A} moved to c2; until now it lived behind c1, learned from frame 1 of c1 1 s before.`,
  );
});

test('learned: a station that was forgotten is learned anew, not moved', (t) => {
  const story = `
    at 0s c1: A>*
    at 300s c2: A>*`;
  t.is(told(lab, story)[1], learned(A, 'c2'));
});

test('kept: a sticky station stays where the topology says, and the gateway is nobody else', (t) => {
  t.is(
    told(lab, 'c2: S>*')[1],
    `Its source ${S} stays behind c1, as a sticky entry says (lab.yaml:16): that entry does not move.`,
  );
  t.is(
    told(lab, 'c2: gateway>*')[1],
    'Its source 02:00:00:00:00:fe is the address of the gateway itself (lab.yaml:13): that teaches nothing.',
  );
});

test('a static station is known from its line, until a frame moves it', (t) => {
  t.is(
    told(lab, 'c2: B>T')[2],
    `Its destination ${T} lives behind c1, as a static entry says (lab.yaml:17).`,
  );
  const story = `
    c2: T>*
    at 3s c1: A>T`;
  t.is(
    told(lab, story)[2],
    `Its destination ${T} lives behind c2, learned from frame 1 of c2 3 s before.`,
  );
});

test('consume: a frame to the gateway is told with the line of its MAC', (t) => {
  t.deepEqual(told(lab, 'c1: A>gateway'), [
    atC1,
    learned(A, 'c1'),
    'Its destination 02:00:00:00:00:fe is the gateway itself.',
    "It went no further because it is for the gateway of the network, which is the bridge itself; the gateway's MAC is 02:00:00:00:00:fe (lab.yaml:13). [gateway-address]",
  ]);
});

test('a frame that the host answers is told with the address and its line', async (t) => {
  const host = labOf(`services:
  c1: { networks: [net] }
  c2: { networks: [net] }
networks:
  net: { ipam: { config: [{ subnet: 172.28.0.0/24, gateway: 172.28.0.1 }] } }
`);
  const explanation = await explainHex(host, [], arpRequest(station(2), station(1)), 0);
  t.is(
    sentencesOf(explanation).at(-1),
    'The host answered it: 172.28.0.1 is an address of its own (lab.yaml:5).',
  );
});

const dropped = (what: string): string => `It was dropped because ${what}`;
const mac = (station: string): string => `Its source ${station} was not learned.`;

test('drop: what ends a frame is told last, with the lines of the topology behind it', (t) => {
  const last = (story: string): string | undefined => told(lab, story).at(-1);
  t.is(
    last('c1: A>B size=1415'),
    dropped(
      'it is longer than the MTU of its network allows; the MTU is 1400 (lab.yaml:11). [mtu-exceeded]',
    ),
  );
  t.is(
    last('c1: A>01:80:c2:00:00:0e'),
    dropped(
      'its destination is reserved for the neighbouring device, and group_fwd_mask does not let it pass; group_fwd_mask is 0x0000 (lab.yaml:14). [reserved-address]',
    ),
  );
  t.is(
    last('c1: A>A'),
    dropped(
      'its destination lives behind the port it came from; c1 has no hairpin (default). [reflection]',
    ),
  );
  t.is(
    last('c3: A>*\nc4: B>A'),
    dropped(
      'both the port it came from and the port it would leave by are isolated; c4 is isolated (lab.yaml:8) and c3 is isolated (lab.yaml:7). [port-isolated]',
    ),
  );
  t.is(
    last('c1: A>B type=pause'),
    dropped('it is a MAC control frame, which speaks to the next device only. [pause-frame]'),
  );
  t.is(
    last('c1: 00:00:00:00:00:00>B'),
    dropped(
      'its source is a group address or all zeros, which no station can have. [source-address-invalid]',
    ),
  );
  t.is(
    last('c1: A>B size=13'),
    dropped('it is shorter than the 14 bytes of an Ethernet header. [runt]'),
  );
  t.is(
    last('c1: A>B kept=13'),
    dropped('the capture kept fewer bytes of it than its headers take. [snapped-header]'),
  );
  t.is(
    last('c1: A>B tags=8100 size=16'),
    dropped('it ends inside a VLAN tag. [vlan-tag-truncated]'),
  );
});

test('drop: rules that nobody wrote are defaults, and a flood that nobody hears is a drop', (t) => {
  const alone = bridge('c1');
  t.is(
    told(alone, 'c1: A>*').at(-1),
    dropped('nobody else is on the network to flood it to. [no-other-port]'),
  );
  t.is(atBridge(explained(alone, 'c1: A>*')).verdict, 'drop');
  t.is(
    told(bridge('c1 c2'), 'c1: A>B size=1515').at(-1),
    dropped(
      'it is longer than the MTU of its network allows; the MTU is 1500 (default). [mtu-exceeded]',
    ),
  );
  t.is(
    told(bridge('c1+isolated c2+isolated'), 'c1: A>*').at(-1),
    dropped(
      'both the port it came from and the port it would leave by are isolated; c1 is isolated (lab.yaml:3). [port-isolated]',
    ),
  );
  const apart = bridge('c1 c2', { options: 'com.docker.network.bridge.enable_icc: "false"' });
  t.is(
    told(apart, 'c1: A>* type=ip').at(-1),
    dropped(
      'the network does not let its containers talk IP to each other; enable_icc is false (lab.yaml:7). [inter-container-disabled]',
    ),
  );
});

test('not learned: a frame that ends before learning says so, even of a station heard at that instant', (t) => {
  const from = (port: string, rest: string): string | undefined =>
    told(lab, `c1: A>*\n${port}: A>${rest}`)[1];
  t.is(from('c1', 'B size=1415'), mac(A));
  t.is(from('c1', 'B type=pause'), mac(A));
  t.is(from('c1', '01:80:c2:00:00:01'), mac(A));
  t.is(from('c2', 'B size=1415'), mac(A));
  t.is(told(lab, 'c2: S>B size=1415')[1], mac(S));
  t.is(told(lab, 'c1: 03:00:00:00:00:01>B')[1], mac('03:00:00:00:00:01'));
});

test('a reserved address keeps its frame here and still teaches', (t) => {
  t.is(told(lab, 'c1: A>01:80:c2:00:00:0e')[1], learned(A, 'c1'));
});

test('what a frame carries may be malformed: a bridge does not mind', (t) => {
  t.is(
    told(lab, 'c1: A>* type=ip')[1],
    'What it carries is malformed: its type says IPv4, but the version in the header is another. A bridge does not look at that.',
  );
});

test('a frame that ends before the look-up is told without one, and its fault only once', (t) => {
  t.deepEqual(told(lab, `c2: B>*\nc1: A>B size=1415`), [
    atC1,
    mac(A),
    dropped(
      'it is longer than the MTU of its network allows; the MTU is 1400 (lab.yaml:11). [mtu-exceeded]',
    ),
  ]);
  t.deepEqual(told(lab, 'c1: A>B size=13'), [
    atC1,
    dropped('it is shorter than the 14 bytes of an Ethernet header. [runt]'),
  ]);
});

test('times keep their nanoseconds, in the unit that reads best', (t) => {
  const heard = (at: string): string | undefined => told(lab, `c1: A>*\nat ${at}s c1: A>*`)[1];
  const after = (time: string): string =>
    `Its source ${A} was known behind c1, learned from frame 1 of c1 ${time} before; it was heard again.`;
  t.is(heard('0.000017005'), after('17.005 µs'));
  t.is(heard('0.443881277'), after('443.881277 ms'));
  t.is(heard('1.000000001'), after('1.000000001 s'));
});

test('--json: an explanation is plain data, with positions and seconds', (t) => {
  const story = `
    c1: A>*
    at 1.25s c2: B>A`;
  t.deepEqual(JSON.parse(JSON.stringify(explained(lab, story))), {
    file: 'lab.yaml',
    port: { port: 'c2', at: { line: 3, column: 30 } },
    number: 2,
    time_s: 1.25,
    frame: {
      length: 60,
      captured: 60,
      source: B,
      destination: A,
      tags: [],
      type: '0x88b5',
      summary: `EtherType 0x88b5, ${B} → ${A}`,
    },
    hops: [
      {
        stage: 'bridge',
        network: { name: 'net', at: { line: 10, column: 3 } },
        port: { port: 'c2', at: { line: 3, column: 30 } },
        source: { outcome: 'learned' },
        destination: {
          port: 'c1',
          kind: 'dynamic',
          taughtBy: { port: 'c1', number: 1, before_s: 1.25 },
          heardBefore_s: 1.25,
        },
        verdict: 'send',
        rules: [],
        sent: [{ port: 'c1', at: { line: 2, column: 30 } }],
        passedBy: [],
      },
    ],
    left: [{ port: 'c1', at: { line: 2, column: 30 } }],
  });
});

test('--json: a drop carries its reason and the rules behind it', (t) => {
  const { verdict, reason, rules, sent } = atBridge(explained(lab, 'c1: A>B size=1415'));
  t.is(verdict, 'drop');
  t.is(reason?.name, 'mtu-exceeded');
  t.deepEqual(rules, [{ rule: 'the MTU is 1400', at: { line: 11, column: 51 } }]);
  t.deepEqual(sent, []);
});

const bytes = new Uint8Array(frame('arpRequest').buffer);

/** Runs `use` with a capture of c1 that holds `count` ARP requests, a second apart. */
function withCapture<T>(count: number, use: (path: string) => Promise<T>): Promise<T> {
  return inDirectory(async (path) => {
    const records = Array.from({ length: count }, (_, seconds) => pcapRecord(bytes, { seconds }));
    await writeFile(path('c1.pcap'), join(pcapHeader(), ...records));
    return use(path('c1.pcap'));
  });
}

test('--frame: frames are numbered as Wireshark does, and those before it have taught', (t) =>
  withCapture(3, async (path) => {
    const inputs = [{ port: 0, name: 'c1', path }];
    const explanation = await explainFrame(lab, inputs, { port: 0, serial: 3 });
    const { number, time_s } = explanation;
    const { source } = atBridge(explanation);
    t.is(number, 3);
    t.is(time_s, 2);
    t.is(source.outcome, 'refreshed');
    t.deepEqual(source.before?.taughtBy, { port: 'c1', number: 1, before_s: 2 });
    t.is(source.before?.heardBefore_s, 1);
  }));

test('--frame: a frame that the capture does not have is refused with how many it has', (t) =>
  withCapture(3, async (path) => {
    const asked = explainFrame(lab, [{ port: 0, name: 'c1', path }], { port: 0, serial: 4 });
    await t.throwsAsync(asked, {
      instanceOf: Refused,
      message: /c1\.pcap has only 3 frames; there is no frame 4$/,
    });
  }));

test('--hex: a frame comes in after the captures, by the port it names', (t) =>
  withCapture(2, async (path) => {
    const explanation = await explainHex(lab, [{ port: 0, name: 'c1', path }], bytes, 1);
    const { number, time_s, port } = explanation;
    t.is(port.port, 'c2');
    t.is(number, 1);
    t.is(time_s, 1);
    t.is(atBridge(explanation).source.outcome, 'moved');
  }));

test('--hex: without a port a frame comes in where its source MAC is at home', async (t) => {
  const owned = Uint8Array.from(bytes);
  const [, home] = lab.ports;
  owned.set(Buffer.from(home?.endpoint?.mac.value.replaceAll(':', '') ?? '', 'hex'), 6);
  t.is((await explainHex(lab, [], owned, undefined)).port.port, 'c2');
  owned[11] = 0xee;
  await t.throwsAsync(explainHex(lab, [], owned, undefined), { instanceOf: CallError });
  await t.throwsAsync(explainHex(lab, [], new Uint8Array(5), undefined), { instanceOf: CallError });
  await t.throwsAsync(explainHex(lab, [], new Uint8Array(9000), 0), { instanceOf: CallError });
});
