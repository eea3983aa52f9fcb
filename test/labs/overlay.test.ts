/** The labs of overlays: of the first and fourth document, and one of our own. */
import test from 'ava';
import { lab, yamlOf } from './lab.js';
import { hubAt } from './outside.js';
import { refuses } from './refused.js';

// Left out: swarm init and join, and names, which need a resolver; there is no virtual IP of a service, and its tasks are services here.
lab(
  'A-08',
  'the two tasks of a service on two nodes share an overlay, and reach each other at their own addresses',
  { outside: [hubAt('h1.eth0', 'h2.eth0')] },
  ({ t, stage, the, at }) => {
    const [one, other] = stage.compiled.lab.networks;
    t.deepEqual([one?.mtu.value, other?.mtu.value], [1450, 1450]);
    the('my-web-1').has('10.0.9.2/24', '02:42:0a:00:09:02');
    the('my-web-2').has('10.0.9.4/24', '02:42:0a:00:09:04');
    the('my-web-1').routes('default via 172.18.0.1');
    the('my-web-1').reaches('10.0.9.4', { ttl: 64 });
    the('my-web-2').reaches('10.0.9.2', { ttl: 64 });
    the('my-web-1').reaches('10.0.9.4', { dataBytes: 1450 - 28 });
    the('my-web-1').knows('10.0.9.4', '02:42:0a:00:09:04');
    the('my-web-2').listens(80);
    the('my-web-1').gets('10.0.9.4', 80, { from: '10.0.9.2' });
    at('h1.eth0').carriedOnlyVnis(4097);
    at('h2.eth0').carriedOnlyVnis(4097);
    at('h1.eth0').carried(4097, 'echo request id 7 seq 1, 10.0.9.2 → 10.0.9.4');
    at('h2.eth0').carried(4097, '10.0.9.4:80 → 10.0.9.2');
    at('h1.eth0').didNotCarry('ARP');
    at('h2.eth0').didNotCarry('ARP');
  },
);

test('A-09: there is no overlay without a swarm', (t) => {
  const yaml = `${yamlOf('A-08')}\nx-swarm: { nodes: {} }\n`;
  refuses(t, yaml, 'This node is not a swarm manager.');
});

lab(
  'D-16',
  'an overlay is a bridge inside each node and VXLAN between them, and docker_gwbridge is its way out',
  { outside: [hubAt('h1.eth0', 'h2.eth0')] },
  ({ the, at }) => {
    the('c1').reaches('10.0.1.4');
    at('c2.overlay1').saw('ARP who has 10.0.1.4? tell 10.0.1.2');
    at('h1.eth0').sawNothing();
    the('c1').findsNobodyAt('10.0.1.99');
    at('c2.overlay1').saw('ARP who has 10.0.1.99? tell 10.0.1.2');
    at('h1.eth0').sawNothing();
    the('c1').reaches('10.0.1.5', { ttl: 64 });
    at('h1.eth0').carried(4097, '10.0.1.2 → 10.0.1.5');
    at('c3.overlay1').didNotSee('ARP who has 10.0.1.5');
    the('c3').reaches('10.0.1.4');
    at('h1.eth0').didNotCarry('ARP');
    at('h2.eth0').didNotCarry('ARP');
    the('c1').routes('default via 172.18.0.1');
    the('c1').doesNotReach('172.18.0.4');
    the('c1').gets('172.16.69.235', 8080, { from: '172.16.69.234' });
    at('h1.eth0').saw('172.16.69.234:32768 → 172.16.69.235:8080');
    at('c3.docker_gwbridge').saw('172.16.69.234:32768 → 172.18.0.3:80');
    at('h1.eth0').didNotSee('172.18.0.3');
  },
);

const NODES = [1, 2, 3, 4];

lab(
  'F-16',
  'on an overlay over four nodes all reach each other, nothing unknown crosses, and ARP is answered at home',
  { outside: [hubAt(...NODES.map((node) => `n${node}.eth0`))] },
  ({ stage, the, at }) => {
    const overlays = [
      ['a', 1, 4201],
      ['b', 2, 4202],
    ] as const;
    for (const [name, subnet, vni] of overlays)
      for (const from of NODES) {
        for (const to of NODES.filter((node) => node !== from)) {
          the(`${name}${from}`).reaches(`10.0.${subnet}.${10 + to}`, { count: 1, ttl: 64 });
          const way = `10.0.${subnet}.${10 + from} → 10.0.${subnet}.${10 + to}`;
          at(`n${from}.eth0`).carried(vni, way);
          the(`${name}${from}`).knows(
            `10.0.${subnet}.${10 + to}`,
            `02:42:0a:00:0${subnet}:0${(10 + to).toString(16)}`,
          );
        }
        the(`${name}${from}`).findsNobodyAt(`10.0.${subnet}.99`, { count: 1 });
        stage.announce(`${name}${from}`);
      }
    for (const node of NODES) {
      at(`n${node}.eth0`).carriedOnlyVnis(4201, 4202);
      for (const words of ['ARP', '.99']) at(`n${node}.eth0`).didNotCarry(words);
      at(`a${node}`).didNotSee('ARP who has 10.0.1.99');
      at(`a${node}`).didNotSee('10.0.2.');
      at(`b${node}`).didNotSee('10.0.1.');
    }
  },
);
