import { network, service, testCases } from './expect-mistakes.js';

/** YAML itself. */
testCases([
  ['an empty file', '▸', 'empty compose file'],
  ['a file of comments', '▸# nothing\n', 'empty compose file'],
  ['a list at the top', '▸- a\n- b\n', 'Top-level object must be a mapping'],
  ['text at the top', '▸hello\n', 'Top-level object must be a mapping'],
  ['a tab as indentation', 'services:\n▸\tc1: {}\n', 'Tabs are not allowed as indentation'],
  [
    'a key written twice',
    'services:\n  c1: {}\n  ▸c1: {}\n',
    'mapping key "c1" already defined at line 2',
  ],
  [
    'a key written twice in flow style',
    'services: { c1: {}, ▸c1: {} }\n',
    'mapping key "c1" already defined at line 1',
  ],
  [
    'several keys written twice',
    'services: { c1: {}, ▸c1: {}, ▸c1: }\nnetworks:\n▸networks:\n',
    'mapping key "c1" already defined at line 1',
    'mapping key "c1" already defined at line 1',
    'mapping key "networks" already defined at line 2',
  ],
  ['an alias of nothing', 'services:\n  c1: ▸*base\n', "unknown anchor 'base'"],
  ['an alias of what it stands in', 'services: &all\n  c1: ▸*all\n', '*all repeats itself'],
  [
    'a merge of something that is no mapping',
    'services:\n  c1:\n    <<: ▸5\n',
    'map merge requires map or sequence of maps as the value',
  ],
  ['a key that is a list', 'services:\n  ▸[a, b]: {}\n', 'a key must be text'],
  ['a key that belongs to JavaScript', 'services:\n  ▸__proto__: 5\n', 'a key must be text'],
  [
    'two documents',
    'services: {}\n▸---\nservices: {}\n',
    'the file holds more than one YAML document',
  ],
  [
    'a bracket that is never closed',
    'services: { c1: {}\n▸',
    'Flow map in block collection must be sufficiently indented and end with a }',
  ],
]);

/** Shape: kinds of values, unknown keys. */
testCases([
  ['a section that is a list', 'services: ▸[c1]\n', 'services must be a mapping'],
  ['a section that is a number', 'networks: ▸5\n', 'networks must be a mapping'],
  ['a service that is text', 'services:\n  c1: ▸alpine\n', 'services.c1 must be a mapping'],
  [
    'an address that YAML reads as a number',
    service('{ networks: { base: { ipv4_address: ▸10.5 } } }'),
    'services.z1.networks.base.ipv4_address must be text',
  ],
  [
    'a switch that is text',
    network('{ internal: ▸"yes" }'),
    'networks.x1.internal must be true or false',
  ],
  [
    'networks that are text',
    'networks: { a: }\nservices: { c1: { networks: ▸a } }\n',
    'services.c1.networks must be a list or a mapping',
  ],
  [
    'a number in a list of names',
    'services: { c1: { networks: [ ▸5 ] } }\n',
    'services.c1.networks.0 must be text',
  ],
  [
    'ports that are a mapping',
    service('{ ports: ▸{ 80: 80 } }'),
    'services.z1.ports must be a list',
  ],
  [
    'a port without target',
    service('{ ports: [ ▸{ published: 80 } ] }'),
    'services.z1.ports.0.target is missing',
  ],
  [
    'a mode that ports do not have',
    service('{ ports: [ { target: 80, mode: ▸fast } ] }'),
    'services.z1.ports.0.mode must be "host" or "ingress"',
  ],
  [
    'a station without port',
    network('{ x-bridge: { stations: [ ▸{ mac: "02:00:00:00:00:01" } ] } }'),
    'networks.x1.x-bridge.stations.0.port is missing',
  ],
  [
    'a misspelt section',
    '▸servics: {}\n',
    'unknown key "servics" in the top level (did you mean "services"?)',
  ],
  [
    'a misspelt key of a service',
    service('{ ▸network: [base] }'),
    'unknown key "network" in services.z1 (did you mean "networks"?)',
  ],
  [
    'a misspelt key of a network',
    network('{ ▸drivr: bridge }'),
    'unknown key "drivr" in networks.x1 (did you mean "driver"?)',
  ],
  [
    'a misspelt key of an endpoint',
    service('{ networks: { base: { ▸ipv4_adress: 10.10.0.9 } } }'),
    'unknown key "ipv4_adress" in services.z1.networks.base (did you mean "ipv4_address"?)',
  ],
  [
    'a key like no other',
    'services: { c1: { ▸zzzzzz: 1 } }\n',
    'unknown key "zzzzzz" in services.c1',
  ],
  [
    'a key that x-port does not have',
    service('{ x-port: { ▸tapp: tap0 } }'),
    'unknown key "tapp" in services.z1.x-port (did you mean "tap"?)',
  ],
  [
    'shape and meaning at once',
    service('{ dns: ▸foo, ▸prots: [], networks: [ ▸nosuch ] }'),
    'invalid argument "foo" for "--dns" flag: foo is not an ip address',
    'unknown key "prots" in services.z1 (did you mean "ports"?)',
    'network nosuch not found',
  ],
  [
    'no complaint about what follows from another mistake',
    'networks: { a: { ipam: { config: [ { subnet: ▸10.0.0.0 } ] } } }\nservices: { c1: { networks: { a: { ipv4_address: 10.0.0.5 } } } }\n',
    'Invalid subnet 10.0.0.0 : invalid CIDR address: 10.0.0.0',
  ],
]);

/** Variables: there is no environment. */
testCases([
  [
    'a variable without a default',
    service('{ network_mode: ▸"${MODE}" }'),
    '"MODE" has no value: a topology is read without the environment',
  ],
  [
    'a bare variable',
    service('{ dns: ▸$DNS }'),
    '"DNS" has no value: a topology is read without the environment',
  ],
  [
    'a variable that must be set',
    service('{ dns: ▸"${DNS:?please}" }'),
    '"DNS" has no value: a topology is read without the environment',
  ],
  [
    'a dollar sign that means nothing',
    service('{ networks: { base: { aliases: [ ▸a$ ] } } }'),
    'invalid interpolation format in "a$"',
  ],
]);
