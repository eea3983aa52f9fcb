/**
 * The host as a router, live: real stacks in their sandboxes, who reach each other through published ports and by masquerade. TCP passes in
 * super-frames, whose checksums are left to a network card.
 */
import type { ExecutionContext } from 'ava';
import { runProgram } from './live.js';
import type { TestLab } from './live.js';
import { balance, miss, reach } from './edge.js';
import { liveTest, until } from './live.js';

const BYTES = 3_000_000;

const LAB = `x-wires: { lan: }
x-hosts:
  h1: { nics: { eth0: { wire: lan, addresses: [192.0.2.1/24, "2001:db8::1/64"] } } }
  h2: { nics: { eth0: { wire: lan } } }
networks:
  net:
    x-host: h1
    enable_ipv6: true
    ipam: { config: [ { subnet: 172.30.0.0/24 }, { subnet: "fd00:30::/64" } ] }
  pub:
    driver: macvlan
    driver_opts: { parent: eth0 }
    x-host: h2
    enable_ipv6: true
    ipam:
      config:
        - { subnet: 192.0.2.0/24, gateway: 192.0.2.1, ip_range: 192.0.2.64/26 }
        - { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
services:
  web: { networks: [net], x-host: h1, ports: ["8080:80"] }
  pad: { networks: [net], x-host: h1 }
  ext: { networks: { pub: { ipv4_address: 192.0.2.64, ipv6_address: "2001:db8::64" } }, x-host: h2 }
`;

/** Tells each caller who he is, and how many bytes he sent before he was done. */
const SERVER = `require('net').createServer({ allowHalfOpen: true }, (socket) => {
  let bytes = 0;
  socket.on('data', (data) => { bytes += data.length; });
  socket.on('end', () => socket.end(socket.remoteAddress + ' ' + bytes));
  socket.on('error', () => undefined);
}).listen(Number(process.argv[1]), '::')`;

const CLIENT = `const [, host, port, bytes] = process.argv;
const socket = require('net').connect(Number(port), host, () => socket.end(Buffer.alloc(Number(bytes))));
socket.setTimeout(10000, () => { console.log('silence'); process.exit(); });
socket.on('data', (data) => process.stdout.write(data));
socket.on('error', (error) => console.log(error.code));`;

async function serve(t: ExecutionContext, lab: TestLab, service: string, port: number) {
  const ended = lab.inside(service, process.execPath, '-e', SERVER, String(port));
  t.teardown(async () => {
    await runProgram('sh', '-c', `ip netns pids ${lab.namespace(service)} | xargs -r kill`);
    await ended;
  });
  await until(t, `${service} listens`, async () => {
    const { stdout } = await lab.inside(service, 'cat', '/proc/net/tcp6');
    return stdout.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `);
  });
}

async function call(
  lab: TestLab,
  service: string,
  host: string,
  port: number,
  bytes = 0,
): Promise<string> {
  const words = [process.execPath, '-e', CLIENT, host, String(port), String(bytes)];
  const { stdout } = await lab.inside(service, ...words);
  return stdout.trim();
}

liveTest(
  'a host masquerades its containers and publishes their ports, for real stacks and both families',
  async (t, lab) => {
    const running = await lab.startLive(LAB);
    await serve(t, lab, 'web', 80);
    await serve(t, lab, 'ext', 8000);
    await reach(t, lab, ['pad > 192.0.2.1', 'pad > 172.30.0.2']);
    for (const address of ['192.0.2.64', '2001:db8::64'])
      t.regex((await lab.inside('web', 'ping', '-c', '1', '-W', '2', address)).stdout, / ttl=63 /);
    await miss(t, lab, ['ext > 172.30.0.2']);
    t.is(await call(lab, 'ext', '192.0.2.1', 8080, BYTES), `::ffff:192.0.2.64 ${BYTES}`);
    t.is(await call(lab, 'ext', '2001:db8::1', 8080, BYTES), `2001:db8::64 ${BYTES}`);
    t.is(await call(lab, 'web', '192.0.2.64', 8000, BYTES), `::ffff:192.0.2.1 ${BYTES}`);
    t.is(await call(lab, 'web', '2001:db8::64', 8000, BYTES), `2001:db8::1 ${BYTES}`);
    t.is(await call(lab, 'pad', '192.0.2.1', 8080, 1), '::ffff:172.30.0.1 1');
    t.is(await call(lab, 'web', '172.30.0.1', 8080, 1), '::ffff:172.30.0.1 1');
    t.is(await call(lab, 'ext', '192.0.2.1', 8081), 'ECONNREFUSED');
    await balance(t, running);
  },
);
