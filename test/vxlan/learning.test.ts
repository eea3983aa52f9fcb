import fc from 'fast-check';
import test from 'ava';
import { Change } from '../../dataplane/state/history.js';
import { inner } from './ends.js';
import {
  A,
  B,
  C,
  C1,
  C2,
  ENDS,
  EVERYBODY,
  FAR,
  fromFar,
  settled,
  toEverybody,
  toFar,
  Tunnel,
} from './lab.js';

const MESH = 'remotes: [192.168.99.2, 192.168.99.3, 192.168.99.4]';
const S = 1e9;

/** To which ends a frame goes. */
function endsOf(tunnel: Tunnel, digits = toFar(), tick = 0): string[] {
  return tunnel.sent(digits, { tick }).map(({ destination }) => destination);
}

const ALL = ENDS.map(({ ip }) => ip);

test('VX-9: where a station lives is learned from what comes out of the tunnel, and follows it when it moves', (t) => {
  const tunnel = settled({ vxlan: MESH });
  t.deepEqual(endsOf(tunnel), ALL);
  tunnel.receive({ inner: fromFar() }, {}, B);
  t.deepEqual(endsOf(tunnel), [B.ip]);
  tunnel.receive({ inner: fromFar() }, {}, C);
  t.deepEqual(endsOf(tunnel), [C.ip]);
});

test('VX-9: with `learning: false` nothing is learned', (t) => {
  const tunnel = settled({ vxlan: `${MESH}, learning: false` });
  tunnel.receive({ inner: fromFar() }, {}, B);
  t.deepEqual(endsOf(tunnel), ALL);
});

test('VX-9: who is not heard for the ageing time is forgotten; to send to it does not keep it', (t) => {
  const tunnel = settled({ vxlan: `${MESH}, ageing: 10s`, bridge: 'ageing: 1000s' });
  tunnel.receive({ inner: fromFar() }, { tick: 0 }, B);
  t.deepEqual(endsOf(tunnel, toFar(), 9 * S), [B.ip]);
  t.deepEqual(endsOf(tunnel, toFar(), 10 * S), ALL);
  tunnel.receive({ inner: fromFar() }, { tick: 11 * S }, B);
  tunnel.receive({ inner: fromFar() }, { tick: 20 * S }, B);
  t.deepEqual(endsOf(tunnel, toFar(), 29 * S), [B.ip]);
});

test('VX-9: a station that is declared does not move, and what says it is elsewhere ends', (t) => {
  const stations = `stations: [{ mac: "02:42:0a:00:00:03", remote: 192.168.99.2 }]`;
  const tunnel = settled({ vxlan: `${MESH}, ${stations}` });
  t.deepEqual(endsOf(tunnel), [A.ip]);
  const { left, ended } = tunnel.receive({ inner: fromFar() }, {}, B);
  t.deepEqual(left, []);
  t.deepEqual(ended, ['dropped: vxlan-station-elsewhere']);
  t.deepEqual(tunnel.receive({ inner: fromFar() }, {}, A).left.length, 1);
  t.deepEqual(endsOf(tunnel, toFar(), 1e6 * S), [A.ip], 'and never ages');
});

test('VX-10: frames for everybody, for groups and for nobody known go once to each end of the VNI, and never back', (t) => {
  const tunnel = settled({ vxlan: MESH });
  t.deepEqual(endsOf(tunnel, toEverybody()), ALL);
  t.deepEqual(endsOf(tunnel, inner({}, { to: '01005e000001', from: C1.mac })), ALL);
  t.deepEqual(endsOf(tunnel, inner({}, { to: '02420a0000ff', from: C1.mac })), ALL);
  const { left } = tunnel.receive({ inner: toEverybody(FAR.mac) });
  t.deepEqual(
    left.map(({ port }) => port),
    ['c1', 'c2'],
  );
});

test('VX-10: without remotes nothing leaves that is not known', (t) => {
  const tunnel = settled({ vxlan: 'vni: 42' });
  const { left, ended } = tunnel.send(toEverybody());
  t.deepEqual(
    left.map(({ port }) => port),
    ['c2'],
  );
  t.deepEqual(ended, ['dropped: vxlan-without-remote']);
  tunnel.receive({ inner: fromFar() }, {}, C);
  t.deepEqual(endsOf(tunnel), [C.ip], 'what was heard is known');
});

test('VX-10: an end to which no route leads gets no copy, and the others get theirs', (t) => {
  const tunnel = settled({ vxlan: 'remotes: [192.168.99.2, 10.9.9.9, 192.168.99.3]' });
  const { left, ended } = tunnel.send(toEverybody());
  t.deepEqual(
    left.map(({ port }) => port),
    ['c2', 'h.eth0', 'h.eth0'],
  );
  t.deepEqual(ended, ['dropped: no-route']);
});

test('containers of one bridge reach each other beside the tunnel', (t) => {
  const tunnel = settled({ vxlan: MESH });
  tunnel.pass({ port: 'c2', digits: inner({}, { to: EVERYBODY, from: C2.mac }) });
  const { left } = tunnel.send(inner({}, { to: C2.mac, from: C1.mac }));
  t.deepEqual(
    left.map(({ port }) => port),
    ['c2'],
  );
});

test('a remote that does not answer ARP gets what waits for it when it does', (t) => {
  const tunnel = settled({ vxlan: 'remotes: [192.168.99.77]' });
  const asked = tunnel.send(toFar());
  t.deepEqual(
    asked.left.map(({ port, digits }) => `${port} ${digits.slice(0, 12)} ${digits.slice(24, 28)}`),
    ['c2 02420a000003 0800'],
    'the first frame has asked already',
  );
  const reply = `02000000000102000000007708060001080006040002020000000077c0a8634d020000000001c0a86301`;
  const answered = tunnel.pass({ port: 'h.eth0', digits: reply });
  t.deepEqual(
    answered.left.map(({ port, digits }) => `${port} ${digits.slice(0, 12)} ${digits.slice(100)}`),
    [toFar(), toFar()].map((digits) => `h.eth0 020000000077 ${digits}`),
  );
});

test('every change of what is known keeps its cause: learned, moved, aged', (t) => {
  const tunnel = settled({ vxlan: `${MESH}, ageing: 10s` });
  tunnel.receive({ inner: fromFar() }, { tick: 1 * S }, B);
  tunnel.receive({ inner: fromFar() }, { tick: 2 * S }, B);
  tunnel.receive({ inner: fromFar() }, { tick: 3 * S }, C);
  tunnel.receive({ inner: fromFar() }, { tick: 20 * S }, A);
  const records = tunnel.plane.history?.records() ?? [];
  const last = (words: readonly number[]): string => (words[3] ?? 0).toString(16);
  t.deepEqual(
    records.map(({ change, tick, serial, before, after }) => [
      change,
      tick / S,
      serial,
      last(before),
      last(after),
    ]),
    [
      [Change.Learned, 1, 2, '0', B.ip],
      [Change.Moved, 3, 4, B.ip, C.ip],
      [Change.Aged, 13, 5, C.ip, '0'],
      [Change.Learned, 20, 5, '0', A.ip],
    ],
  );
});

test('a full table gives up one of its entries for a new one, and its history says so', (t) => {
  const tunnel = settled({ vxlan: `${MESH}, fdb_max_learned: 4` });
  for (let i = 0; i < 8; i++) {
    const from = `02420a0001${i.toString(16).padStart(2, '0')}`;
    tunnel.receive({ inner: inner({}, { to: C1.mac, from }) });
  }
  const [remotes] = tunnel.plane.remotes;
  t.is(remotes?.fdb.learned, 4);
  const changes = tunnel.plane.history?.records().map(({ change }) => change) ?? [];
  t.is(changes.filter((change) => change === Change.Evicted).length, 4);
});

test('strangers who send from ever other addresses take no more room than there is, and no one else forgets', (t) => {
  const tunnel = settled({ vxlan: `${MESH}, fdb_max_learned: 100` });
  tunnel.receive({ inner: fromFar() }, {}, B);
  for (let i = 0; i < 3000; i++) {
    const source = (0x0b00_0000 + i).toString(16).padStart(8, '0');
    const from = `02420b00${i.toString(16).padStart(4, '0')}`;
    tunnel.receive({ source, inner: inner({}, { to: C1.mac, from }) });
  }
  const [remotes] = tunnel.plane.remotes;
  t.true((remotes?.fdb.learned ?? 0) <= 100);
  t.true((remotes?.ends.count ?? 0) <= (remotes?.endsMax ?? 0));
  t.deepEqual(endsOf(tunnel, toEverybody()), ALL, 'what is declared stays');
});

test('VX-8: property: what was learned in one VNI is known in no other, whatever the MACs are', (t) => {
  const yaml = {
    bridge: 'vlan_filtering: true',
    vxlan: `vlans: { 10: 1010, 20: 1020, 30: 1030 }, ${MESH}`,
  };
  const vlans = [10, 20, 30];
  const heard = fc.record({
    mac: fc.integer({ min: 0, max: 3 }),
    vlan: fc.integer({ min: 0, max: 2 }),
    end: fc.integer({ min: 0, max: 2 }),
  });
  const macOf = (mac: number): string => `02420a0000${(16 + mac).toString(16)}`;
  fc.assert(
    fc.property(fc.array(heard, { maxLength: 30 }), (story) => {
      const tunnel = new Tunnel(yaml);
      const known = new Map<string, number>();
      for (const { mac, vlan, end } of story) {
        const from = ENDS[end];
        const frame = inner({}, { to: EVERYBODY, from: macOf(mac) });
        tunnel.receive({ inner: frame, vni: 1000 + (vlans[vlan] ?? 0) }, {}, from);
        known.set(`${mac} ${vlan}`, end);
      }
      for (const vlan of [0, 1, 2])
        for (const mac of [0, 1, 2, 3]) {
          const tags = `8100${(vlans[vlan] ?? 0).toString(16).padStart(4, '0')}`;
          const sent = tunnel.sent(inner({}, { to: macOf(mac), from: C1.mac, tags }));
          const end = known.get(`${mac} ${vlan}`);
          const wanted = end === undefined ? ALL : [ENDS[end]?.ip];
          t.deepEqual(
            sent.map(({ destination }) => destination),
            wanted,
          );
          t.true(sent.every(({ vni }) => vni === 1000 + (vlans[vlan] ?? 0)));
        }
    }),
    { numRuns: 30 },
  );
});
