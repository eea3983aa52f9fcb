import test from 'ava';
import { defaultRoutes } from '../../control/sandbox/plan.js';
import { hostsText } from '../../control/sandbox/texts.js';
import { lab, HOSTS, on } from './overlays.js';

test('X-24: docker_gwbridge gives the containers of overlays their way out, behind the address of ingress', (t) => {
  const found =
    lab(`${HOSTS}networks: { a: { driver: overlay }, b: { driver: overlay }, lan: { x-host: n1 } }
services:
  c1: ${on('n1', '[b, a]', ', ports: ["8080:80"]')}
  c2: ${on('n1', '[a]')}
  c3: ${on('n2', '[a]')}
  c4: ${on('n1', '[lan]')}
`);
  t.deepEqual(
    found.sandboxes.map(({ endpoints }) =>
      endpoints.map(
        ({ port, device }) => `${port} ${device.kind === 'sandbox' ? device.name : ''}`,
      ),
    ),
    [
      ['c1.b eth1', 'c1.a eth0', 'c1.docker_gwbridge eth2'],
      ['c2.a eth0', 'c2.docker_gwbridge eth1'],
      ['c3.a eth0', 'c3.docker_gwbridge eth1'],
      ['c4 eth0'],
    ],
  );
  const bridges = found.networks.filter(({ name }) => name === 'docker_gwbridge');
  t.deepEqual(
    bridges.map(({ host, at, pools, bridge, endpoints }) => {
      return [
        host,
        at,
        pools[0]?.subnet.value,
        bridge?.icc.value,
        bridge?.masquerade.value,
        ...endpoints.map(({ ipv4 }) => ipv4?.value),
      ];
    }),
    [
      ['n1', undefined, '172.18.0.0/16', false, true, '172.18.0.3', '172.18.0.4'],
      ['n2', undefined, '172.18.0.0/16', false, true, '172.18.0.3'],
    ],
  );
  const [c1] = found.sandboxes;
  if (c1 === undefined) throw new Error('no c1');
  t.deepEqual(
    c1.published?.map(({ hostPort, containerAddress, network }) => {
      return [hostPort, containerAddress, network];
    }),
    [[8080, '172.18.0.3', 'docker_gwbridge']],
  );
  t.deepEqual(defaultRoutes(c1, found.networks), [{ via: '172.18.0.1', family: 4, nic: 'eth2' }]);
  t.is(found.networks.find(({ name }) => name === 'lan')?.pools[0]?.subnet.value, '172.19.0.0/16');
});

test('docker_gwbridge has no names', (t) => {
  const found = lab(`networks: { a: { driver: overlay }, b: { driver: overlay } }
services: { c1: { networks: [a] }, c2: { networks: [b] } }
`);
  const [c1] = found.sandboxes;
  if (c1 === undefined) throw new Error('no c1');
  const text = hostsText(found, c1, []);
  t.true(text.includes('10.0.1.2\tc1'));
  t.false(text.includes('172.18.0'));
  t.false(text.includes('c2'));
});

test('who has another way out, or needs none, is not on docker_gwbridge', (t) => {
  const NETWORKS = `networks:
  ov: { driver: overlay }
  in: { driver: overlay, internal: true }
  br: { }
  hidden: { internal: true }
  mac: { driver: macvlan, driver_opts: { parent: eth1 } }
  l3: { driver: ipvlan, driver_opts: { parent: eth1, ipvlan_mode: l3 } }
  dummy: { driver: macvlan }
`;
  const isOn = (service: string): boolean =>
    lab(
      `${NETWORKS.replace(/ {2}(mac|l3)/g, (line, key: string) => {
        return service.includes(key) ? line : `  ${key}-unused`;
      })
        .split('\n')
        .filter((line) => !line.includes('-unused'))
        .join('\n')}services: { c1: ${service} }`,
    ).networks.some(({ name }) => name === 'docker_gwbridge');
  t.true(isOn('{ networks: [ov] }'));
  t.true(isOn('{ networks: [ov, in, hidden, dummy] }'));
  t.false(isOn('{ networks: [in] }'));
  t.false(isOn('{ networks: [ov, br] }'));
  t.false(isOn('{ networks: [ov, mac] }'));
  t.false(isOn('{ networks: [ov, l3] }'));
  t.false(isOn('{ networks: [ov], x-port: { tap: vm1 } }'));
  t.true(isOn('{ networks: [ov], x-port: { record: c1.pcapng } }'));
});

test('a docker_gwbridge that is declared is taken as it is', (t) => {
  const found = lab(`networks:
  ov: { driver: overlay }
  gw: { name: docker_gwbridge, ipam: { config: [ { subnet: 172.28.0.0/24 } ] } }
services: { c1: { networks: [ov] } }
`);
  t.deepEqual(
    found.sandboxes[0]?.endpoints.map(({ port, ipv4 }) => [port, ipv4?.value]),
    [
      ['c1.ov', '10.0.1.2'],
      ['c1.gw', '172.28.0.3'],
    ],
  );
  t.true(found.networks.find(({ key }) => key === 'gw')?.bridge?.icc.value);
});

test('what a service says of its port is meant for its network, not for docker_gwbridge', (t) => {
  const found = lab(`networks: { ov: { driver: overlay } }
services: { c1: { networks: [ov], x-port: { record: c1.pcapng } } }
`);
  t.deepEqual(
    found.sandboxes[0]?.endpoints.map(({ record }) => record?.value),
    ['c1.pcapng', undefined],
  );
});
