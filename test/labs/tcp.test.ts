/** TCP, UDP and fragments as the stations of the labs speak them, between two of them on one bridge, where nobody translates. */
import test from 'ava';
import { labOf } from '../dataplane/lab.js';
import { PortTold } from './port-told.js';
import { Stage } from './stage.js';

const bridge = labOf(`
services:
  c1: { networks: [net] }
  c2: { networks: [net] }
networks:
  net:
    enable_ipv6: true
    ipam: { config: [{ subnet: 10.1.0.0/24 }, { subnet: 'fd00:1::/64' }] }
`);

/** A bridge on which c2 serves at port 80, by TCP and UDP. */
function stageWithServer(): Stage {
  const stage = new Stage(bridge);
  for (const protocol of ['tcp', 'udp'] as const)
    stage.station('c2').listen({ port: 80, protocol });
  return stage;
}

test('a call is a handshake, a question, an answer, and both hang up', (t) => {
  const stage = stageWithServer();
  const call = stage.call('c1', 'tcp', '10.1.0.3', 80, 40000);
  t.deepEqual(call, { outcome: 'answered', answer: 'you are 10.1.0.2:40000\n' });
  const [c1, c2] = ['c1', 'c2'].map((port) => new PortTold(t, stage, port));
  for (const words of ['[SYN] seq 64000', '[ACK] seq 64001 ack 64001', '[PSH, ACK]', '[FIN, ACK]'])
    c2?.saw(`TCP 10.1.0.2:40000 → 10.1.0.3:80 ${words}`);
  for (const words of ['[SYN, ACK] seq 64000 ack 64001', '[PSH, ACK]', '[FIN, ACK]', '[ACK]'])
    c1?.saw(`TCP 10.1.0.3:80 → 10.1.0.2:40000 ${words}`);
});

test('a port can be called from twice, and others are chosen one after the other', (t) => {
  const stage = stageWithServer();
  const ports = [40000, 40000, undefined, undefined].map(
    (port) => stage.call('c1', 'tcp', '10.1.0.3', 80, port).answer,
  );
  t.deepEqual(
    ports,
    [40000, 40000, 32768, 32769].map((port) => `you are 10.1.0.2:${port}\n`),
  );
});

test('calls and questions go over IPv6 as well', (t) => {
  const stage = stageWithServer();
  for (const over of ['tcp', 'udp'] as const) {
    const call = stage.call('c1', over, 'fd00:1::3', 80, 40000);
    t.deepEqual(call, { outcome: 'answered', answer: 'you are [fd00:1::2]:40000\n' });
    t.is(stage.call('c1', over, 'fd00:1::3', 81).outcome, 'refused');
  }
});

test('where nobody listens a call is refused, and where nobody is it is not even that', (t) => {
  const stage = stageWithServer();
  for (const over of ['tcp', 'udp'] as const) {
    t.is(stage.call('c1', over, '10.1.0.3', 81).outcome, 'refused');
    t.is(stage.call('c1', over, '10.1.0.9', 80).outcome, 'unreachable');
  }
});

test('a datagram is answered with who has sent it', (t) => {
  const call = stageWithServer().call('c1', 'udp', '10.1.0.3', 80, 40000);
  t.deepEqual(call, { outcome: 'answered', answer: 'you are 10.1.0.2:40000\n' });
});

test('a long ping goes and comes in fragments', (t) => {
  const stage = stageWithServer();
  t.is(stage.ping('c1', '10.1.0.3', 1, { dataBytes: 4000 }).loss, 0);
  for (const port of ['c1', 'c2']) {
    new PortTold(t, stage, port).saw('first fragment of datagram 0x0001');
    new PortTold(t, stage, port).saw('last fragment of datagram 0x0001, from byte 2960');
  }
});
