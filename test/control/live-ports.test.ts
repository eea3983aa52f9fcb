import test from 'ava';
import { describeLab } from '../../control/describe.js';
import { parseSpeed } from '../../control/model/device.js';
import { parseLab } from '../../control/model/load.js';
import { splitWords } from '../../control/model/words.js';
import { service, testCases } from './expect-mistakes.js';

const port = (keys: string) => service(`{ networks: [base], x-port: { ${keys} } }`);

/** x-port */
testCases([
  [
    'interface and tap',
    port('interface: eth1, ▸tap: vm1'),
    'a port cannot be both interface and tap',
  ],
  [
    'interface and play',
    port('interface: eth1, ▸play: a.pcap'),
    'a port cannot be both interface and play',
  ],
  ['driver alone', port('▸driver: capture'), 'driver means nothing without interface'],
  ['driver with tap', port('tap: vm1, ▸driver: capture'), 'driver means nothing without interface'],
  ['owner alone', port('▸owner: alice'), 'owner means nothing without tap'],
  ['speed alone', port('▸speed: 2x'), 'speed means nothing without play'],
  ['a speed that is none', port('play: a.pcap, speed: ▸fast'), '"fast" is not a speed'],
  ['standstill', port('play: a.pcap, speed: ▸0x'), '"0x" is not a speed'],
  [
    'a driver that is none',
    port('interface: eth1, driver: ▸xdp'),
    'services.z1.x-port.driver must be "packet" or "capture"',
  ],
  [
    'a name of 16 characters',
    port('interface: ▸a123456789012345'),
    '"a123456789012345" is not a name for an interface',
  ],
  ['a TAP with a slash', port('tap: ▸a/b'), '"a/b" is not a name for an interface'],
  ['an owner with a blank', port('tap: vm1, owner: ▸"a b"'), '"a b" is not a name for a user'],
  ['no path', port('play: ▸""'), 'this is not the path of a file'],
  [
    'one interface at two ports',
    'services:\n  a: { x-port: { interface: eth1 } }\n  b: { x-port: { tap: ▸eth1 } }\n',
    'eth1 is already used by port a',
  ],
  [
    'two recordings in one file',
    'services:\n  a: { x-port: { record: o.pcapng } }\n  b: { x-port: { record: ▸./o.pcapng } }\n',
    'o.pcapng is already used by port a',
  ],
  [
    'a capture that is played and recorded',
    'services:\n  a: { x-port: { record: o.pcapng } }\n  b: { x-port: { play: ▸o.pcapng } }\n',
    'o.pcapng is recorded at port a',
  ],
  [
    'one name for two NICs',
    'networks: { x: , y: }\nservices: { a: { networks: { x: { interface_name: lan }, y: { interface_name: ▸lan } } } }\n',
    'a has another interface "lan"',
  ],
  [
    'the stack of a service that has none here',
    'services:\n  a: { x-port: { tap: vm1 } }\n  b: { network_mode: ▸"service:a" }\n',
    'a has no network stack here that could be shared',
  ],
]);

/** The inside of a sandbox. */
testCases([
  [
    'a name for a project with capitals',
    'name: ▸My Lab\nservices: { a: }\n',
    'invalid project name "My Lab": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number',
  ],
  ['open quotes in a command', service('{ command: ▸"echo \'a" }'), "the command has no closing '"],
  [
    'a pipe in a command',
    service('{ command: ▸"a | b" }'),
    'no shell reads this command, and "|" would not be understood',
  ],
  [
    'a number as command',
    service('{ command: [sleep, ▸10] }'),
    'services.z1.command.1 must be text',
  ],
  ['a host name with a slash', service('{ hostname: ▸a/b }'), '"a/b" is not a name for a host'],
  [
    'a zero byte in a command',
    service('{ command: ▸[a, "b\\0"] }'),
    'a program cannot be given a zero byte',
  ],
  [
    'a zero byte in a variable',
    service('{ environment: ▸{ A: "\\0" } }'),
    'a program cannot be given a zero byte',
  ],
  ['a program without a name', service('{ command: ▸[""] }'), 'the name of the program is empty'],
  [
    'an interface name that the kernel would complete',
    service('{ networks: { base: { interface_name: ▸eth%d } } }'),
    '"eth%d" is not a name for an interface',
  ],
  ['a variable without a name', service('{ environment: [ ▸"=1" ] }'), '"=1" names no variable'],
]);

test('speeds: as captured, a multiple, a rate, as fast as it goes', (t) => {
  t.deepEqual(parseSpeed('captured'), { times: 1 });
  t.deepEqual(parseSpeed('2x'), { times: 2 });
  t.deepEqual(parseSpeed('0.5x'), { times: 0.5 });
  t.deepEqual(parseSpeed('500pps'), { framesPerSecond: 500 });
  t.deepEqual(parseSpeed('10kpps'), { framesPerSecond: 10_000 });
  t.deepEqual(parseSpeed('1.5Mpps'), { framesPerSecond: 1_500_000 });
  t.is(parseSpeed('max'), 'max');
  for (const text of ['', 'x', '-1x', '1 x', '1e3x', '0pps', '1Kpps', 'Infinityx', '2x2x'])
    t.is(parseSpeed(text), undefined, text);
});

test('the words of a command are those that Compose finds', (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['ping -c 3  10.0.0.3', ['ping', '-c', '3', '10.0.0.3']],
    [`sh -c "echo 'a b'; exit"`, ['sh', '-c', "echo 'a b'; exit"]],
    [`a"b c"d 'e\\f' g\\ h`, ['ab cd', 'e\\f', 'g h']],
    [`"a\\"b\\n" ''`, ['a"b\\n', '']],
    ['  ', []],
  ];
  for (const [text, words] of cases) t.deepEqual(splitWords(text), words as string[], text);
  t.false(Array.isArray(splitWords('a \\')));
});

const LAB = `services:
  c1: { command: [sleep, "1"], x-port: { record: c1.pcapng }, container_name: web-1 }
  c2: { x-port: { interface: eth1, driver: capture } }
  c3: { x-port: { tap: vm1, owner: alice } }
  c4: { x-port: { play: in/a.pcap, speed: 10kpps }, command: sleep 1 }
`;

test('live ports are kept with their places, and files lie beside the topology', (t) => {
  const { sandboxes, notes } = parseLab(LAB, 'labs/lab.yaml');
  t.deepEqual(
    sandboxes.map(({ endpoints }) => endpoints[0]?.device),
    [
      { kind: 'sandbox', name: 'eth0' },
      {
        kind: 'interface',
        interface: { value: 'eth1', at: { line: 3, column: 30 } },
        driver: 'capture',
      },
      {
        kind: 'tap',
        tap: { value: 'vm1', at: { line: 4, column: 24 } },
        owner: { value: 'alice', at: { line: 4, column: 36 } },
      },
      {
        kind: 'play',
        path: { value: 'labs/in/a.pcap', at: { line: 5, column: 25 } },
        speed: { framesPerSecond: 10_000 },
      },
    ],
  );
  t.is(sandboxes[0]?.endpoints[0]?.record?.value, 'labs/c1.pcapng');
  t.deepEqual(notes, ['c4 has no sandbox here: its command is not started']);
});

test('check says what ports are joined to and what runs', (t) => {
  const text = describeLab(parseLab(LAB, 'labs/lab.yaml'));
  t.regex(text, /^ {2}c1 .* recorded to labs\/c1\.pcapng$/m);
  t.regex(text, /^ {2}c2 .* interface eth1 by capture$/m);
  t.regex(text, /^ {2}c3 .* tap vm1 of alice$/m);
  t.regex(text, /^ {2}c4 .* plays labs\/in\/a\.pcap at 10,000 frames\/s$/m);
  t.regex(text, /^c1 runs sleep 1$/m);
  t.notRegex(text, /^c4 runs/m);
});

test('NICs are named as Compose connects them: by priority, then by name', (t) => {
  const lab = parseLab(
    `networks: { x: , y: , z: , own: }
services:
  a: { networks: { z: { priority: 5 }, y: , x: , own: { interface_name: eth1 } } }
`,
    'lab.yaml',
  );
  t.deepEqual(
    lab.sandboxes[0]?.endpoints.map(({ network, device }) => [
      network,
      device.kind === 'sandbox' ? device.name : '',
    ]),
    [
      ['z', 'eth0'],
      ['y', 'eth3'],
      ['x', 'eth2'],
      ['own', 'eth1'],
    ],
  );
});

test('a lab is named by its name, or by its folder as Compose does it', (t) => {
  const nameOf = (text: string, file: string): string => parseLab(text, file).name;
  t.is(nameOf('name: my_lab-1\nservices: { a: }', 'x/lab.yaml'), 'my_lab-1');
  t.is(nameOf('services: { a: }', '/labs/My Lab.2/lab.yaml'), 'mylab2');
  t.is(nameOf('services: { a: }', '/labs/_-x/lab.yaml'), 'x');
  t.is(nameOf('services: { a: }', '/lab.yaml'), 'lab');
});

test('the inside of a sandbox: names, variables, name servers', (t) => {
  const lab = parseLab(
    `name: demo
services:
  a:
    entrypoint: [sh, -c]
    command: echo
    environment: { N: 1, S: text, EMPTY: , V: "$$x\${W:-3}" }
    dns: [10.0.0.1]
    dns_search: lab.test
    links: [b, "b:db"]
    extra_hosts: { h: ["10.0.0.8", "[fd00::8]"] }
  b: { environment: [A=1=2, PASSED] }
`,
    'lab.yaml',
  );
  const [a, b] = lab.sandboxes.map(({ settings }) => settings);
  t.deepEqual(a?.command, ['sh', '-c', 'echo']);
  t.deepEqual(Object.fromEntries(a?.environment ?? []), { N: '1', S: 'text', V: '$x3' });
  t.deepEqual(Object.fromEntries(b?.environment ?? []), { A: '1=2' });
  t.is(a?.containerName, 'demo-a-1');
  t.deepEqual(a?.dnsSearch, ['lab.test']);
  t.deepEqual(a?.links, [
    { service: 'b', alias: 'b' },
    { service: 'b', alias: 'db' },
  ]);
  t.deepEqual(a?.extraHosts, [
    { name: 'h', address: '10.0.0.8' },
    { name: 'h', address: 'fd00::8' },
  ]);
});
