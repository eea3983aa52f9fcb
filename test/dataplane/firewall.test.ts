/**
 * What Docker lets its hosts forward, as tables written by hand from its own descriptions of its rules (moby,
 * integration/network/bridge/iptablesdoc/generated; docs/docker-forwarding.md).
 */
import test from 'ava';
import { ConnectionState } from '../../dataplane/forward/connection.js';
import { NO_TRANSPORT } from '../../dataplane/forward/packet.js';
import type { Packet } from '../../dataplane/forward/packet.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { GatewayMode, NONE } from '../../dataplane/program/layout.js';
import { NatKind } from '../../dataplane/program/nat-layout.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import {
  addressOn,
  bridges,
  CONTAINER,
  ETH0,
  ETH1,
  FAMILIES,
  judge,
  modes,
  outside,
  packetOf,
  PLAIN0,
  PLAIN1,
  PORT,
  programOf,
  publishes,
  SIBLING,
  wayNames,
  ways,
  wordOf,
} from './docker-host.js';
import type { Bridge, Family, Mode, Told, Way } from './docker-host.js';

const states = {
  new: ConnectionState.New,
  established: ConnectionState.Established,
  related: ConnectionState.Related,
} as const;

const firewall = judge(programOf());

/** Whose packets come to the container: a NIC, another bridge, another that is internal, its own with and without icc. */
const senders = [
  'outside',
  'another bridge',
  'an internal network',
  'its bridge',
  'icc off',
] as const;
type Sender = (typeof senders)[number];

const isInternal = ({ mode }: Bridge): boolean => mode === 'internal' || mode === 'isolated';

/** Where they come in. */
function ifacesOf(sender: Sender, to: Bridge): readonly number[] {
  const others = bridges.filter(({ iface }) => iface !== to.iface);
  switch (sender) {
    case 'outside':
      return [ETH0, ETH1];
    case 'another bridge':
      return others.filter((bridge) => !isInternal(bridge)).map(({ iface }) => iface);
    case 'an internal network':
      return others.filter(isInternal).map(({ iface }) => iface);
    case 'its bridge':
      return to.icc ? [to.iface] : [];
    case 'icc off':
      return to.icc ? [] : [to.iface];
  }
}

/** What is said of a packet that comes in at `from` for the container on `to`. */
function verdictOf(
  family: Family,
  [from, to]: readonly [from: number, to: number],
  way: Way,
  state: ConnectionState,
): string {
  const { protocol, port, isDirect, isPublished } = ways[way];
  const source = from < bridges.length ? addressOn(family, from, SIBLING) : outside(family);
  const destination = addressOn(family, to, CONTAINER);
  const packet = packetOf({ family, source, destination, protocol, port });
  const row = isPublished ? publishes(family, to) : -1;
  return wordOf(firewall(from, to, packet, state, row, isDirect));
}

/** The table of all that is said from one interface to another. */
function linesOf(family: Family, between: readonly [from: number, to: number]): readonly string[] {
  return Object.entries(states).map(([name, state]) =>
    [name, ...wayNames.map((way) => verdictOf(family, between, way, state))].join(' '),
  );
}

const listed: string[] = [];

/** A paragraph for each sender: who it is, what that comes to, and a line of verdicts for each state. */
function into(mode: Mode, table: string): void {
  for (const paragraph of table.trim().split('\n\n')) {
    const [first = '', ...rest] = paragraph.split('\n').map((line) => line.trim());
    const [sender = '', title = ''] = first.split(': ');
    const lines = rest.map((line) => line.replace(/ +/g, ' '));
    listed.push(`${mode}, ${sender}`);
    test(`gateway mode ${mode}, from ${sender}: ${title}`, (t) => {
      for (const to of bridges.filter((bridge) => bridge.mode === mode))
        for (const from of ifacesOf(sender as Sender, to))
          for (const family of FAMILIES)
            t.deepEqual(linesOf(family, [from, to.iface]), lines, `IPv${family}, at ${from}`);
    });
  }
}

// Columns: the ways, which are closed, open, icmp, published, translated.
into(
  'nat',
  `
  outside: nothing reaches the address of a container, only what is published and answers get in
      new          direct       direct       direct       ok           unpublished
      established  direct       direct       direct       ok           ok
      related      direct       direct       direct       ok           ok

  another bridge: published ports of the host are reached, and nothing by the address of a container
      new          isolated     isolated     isolated     ok           isolated
      established  isolated     isolated     isolated     ok           ok
      related      isolated     isolated     isolated     ok           ok

  an internal network: not even published ports are reached
      new          isolated     isolated     isolated     internal     internal
      established  isolated     isolated     isolated     ok           ok
      related      isolated     isolated     isolated     ok           ok

  its bridge: siblings reach each other in every way
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  icc off: without icc siblings begin nothing, at published ports neither
      new          icc          icc          icc          icc          icc
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok`,
);

into(
  'nat-unprotected',
  `
  outside: every port of a container is reached
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  another bridge: every port of a container is reached as well
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  an internal network: nothing is reached
      new          internal     internal     internal     internal     internal
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  its bridge: siblings reach each other in every way
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  icc off: without icc siblings begin nothing, since only the outside is let in
      new          icc          icc          icc          icc          icc
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok`,
);

into(
  'routed',
  `
  outside: a container is pinged, and reached at published ports by its own address
      new          unpublished  ok           ok           ok           unpublished
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  another bridge: a container is pinged, and reached at published ports as well
      new          isolated     ok           ok           ok           isolated
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  an internal network: nothing is reached, a ping neither
      new          internal     internal     internal     internal     internal
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  its bridge: siblings reach each other in every way
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  icc off: without icc siblings ping each other, since the rule for ICMP asks for no origin
      new          icc          icc          ok           icc          icc
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok`,
);

for (const mode of ['internal', 'isolated'] as const)
  into(
    mode,
    `
  outside: nothing comes in, answers neither
      new          internal     internal     internal     internal     internal
      established  internal     internal     internal     internal     internal
      related      internal     internal     internal     internal     internal

  another bridge: nothing comes in
      new          internal     internal     internal     internal     internal
      established  internal     internal     internal     internal     internal
      related      internal     internal     internal     internal     internal

  an internal network: nothing comes in from one to another
      new          internal     internal     internal     internal     internal
      established  internal     internal     internal     internal     internal
      related      internal     internal     internal     internal     internal

  its bridge: siblings reach each other in every way
      new          ok           ok           ok           ok           ok
      established  ok           ok           ok           ok           ok
      related      ok           ok           ok           ok           ok

  icc off: without icc siblings exchange nothing at all, since no rule excepts answers
      new          icc          icc          icc          icc          icc
      established  icc          icc          icc          icc          icc
      related      icc          icc          icc          icc          icc`,
  );

test('every gateway mode is asked about every sender', (t) => {
  const all = Object.keys(modes).flatMap((mode) => senders.map((sender) => `${mode}, ${sender}`));
  t.deepEqual(listed.toSorted(), all.toSorted());
});

test('every state that is no answer counts as new', (t) => {
  for (const { iface: to } of bridges)
    for (const from of [ETH0, ...bridges.keys()])
      for (const way of wayNames)
        for (const state of [ConnectionState.Invalid, ConnectionState.Untracked])
          t.is(
            verdictOf(4, [from, to], way, state),
            verdictOf(4, [from, to], way, ConnectionState.New),
          );
});

/** What is said of any packet from one interface to another, where neither way nor state makes a difference; else all that is said. */
function alwaysSaid(from: number, to: number): string {
  const said = FAMILIES.flatMap((family) =>
    Object.values(states).map((state) => {
      const port = { protocol: Protocol.Tcp, port: PORT };
      const told = { family, source: addressOn(family, from, SIBLING), ...port };
      const packet = packetOf({ ...told, destination: outside(family) });
      return wordOf(firewall(from, to, packet, state, -1, true));
    }),
  );
  return [...new Set(said)].join(' ');
}

test('whatever the state, bridges of mode nat, nat-unprotected and routed send what they like to the outside, internal and isolated ones nothing', (t) => {
  for (const bridge of bridges)
    t.is(alwaysSaid(bridge.iface, ETH0), isInternal(bridge) ? 'internal' : 'ok', bridge.mode);
});

test('from one NIC to another, and out by the same, a host with Docker forwards nothing', (t) => {
  t.is(alwaysSaid(ETH0, ETH1), 'policy');
  t.is(alwaysSaid(ETH0, ETH0), 'policy');
});

test('a host without Docker forwards everything', (t) => {
  t.is(alwaysSaid(PLAIN0, PLAIN1), 'ok');
});

/** One of the bridges with icc. */
function bridgeOf(mode: Mode): number {
  return bridges.findIndex((bridge) => bridge.mode === mode && bridge.icc);
}

/** A connection to a container that begins, with what is told otherwise. */
function opening(family: Family, network: number, told: Partial<Told> = {}): Packet {
  const [source, destination] = [outside(family), addressOn(family, network, CONTAINER)];
  return packetOf({ family, source, destination, protocol: Protocol.Tcp, port: PORT, ...told });
}

test('gateway mode routed: what is open is the published protocol and port of the published address', (t) => {
  const routed = bridgeOf('routed');
  for (const family of FAMILIES) {
    const ask = (told: Partial<Told>): string =>
      wordOf(firewall(ETH0, routed, opening(family, routed, told), ConnectionState.New, -1, true));
    t.is(ask({}), 'ok');
    t.is(ask({ protocol: Protocol.Udp }), 'unpublished');
    t.is(ask({ destination: addressOn(family, routed, SIBLING) }), 'unpublished');
    const icmpOfTheOther = family === 4 ? Protocol.Icmpv6 : Protocol.Igmp;
    t.is(ask({ protocol: icmpOfTheOther }), 'unpublished');
  }
});

test('gateway mode routed: a range of ports is open as a whole, and without ports of the container those of the host are', (t) => {
  const program = programOf();
  const [range, kept] = [bridgeOf('routed'), bridgeOf('routed') + 1];
  program.natRules.toPortLast[publishes(4, range)] = PORT + 2;
  program.natRules.toPortFirst[publishes(4, kept)] = 0;
  program.natRules.toPortLast[publishes(4, kept)] = 0;
  const ask = (to: number, port: number): string =>
    wordOf(judge(program)(ETH0, to, opening(4, to, { port }), ConnectionState.New, -1, true));
  t.deepEqual(
    [79, 80, 82, 83].map((port) => ask(range, port)),
    ['unpublished', 'ok', 'ok', 'unpublished'],
  );
  t.deepEqual(
    [80, 8000 + kept].map((port) => ask(kept, port)),
    ['unpublished', 'ok'],
  );
});

test('gateway mode nat: a rule of one’s own gets in where it leads to a published port, and nowhere else', (t) => {
  const program = programOf();
  const { kind, network, match3 } = program.natRules;
  const nat = bridgeOf('nat');
  const rule = publishes(4, bridgeOf('isolated'));
  kind[rule] = NatKind.Destination;
  network[rule] = NONE;
  match3[rule] = 0x7f00_0001;
  const ask = (port: number): Reason =>
    judge(program)(ETH0, nat, opening(4, nat, { port }), ConnectionState.New, rule, false);
  t.is(ask(PORT), Reason.Ok);
  t.is(ask(PORT + 1), Reason.PortNotPublished);
});

test('gateway mode nat: a published packet whose ports cannot be read gets in, by its rule', (t) => {
  const nat = bridgeOf('nat');
  const packet = opening(6, nat);
  packet.transport = NO_TRANSPORT;
  const ask = (row: number): Reason => firewall(ETH0, nat, packet, ConnectionState.New, row, false);
  t.is(ask(publishes(6, nat)), Reason.Ok);
  t.is(ask(-1), Reason.PortNotPublished);
});

test('gateway mode nat: what is published on 127.0.0.1 is reached from no interface', (t) => {
  const program = programOf();
  const nat = bridgeOf('nat');
  const row = publishes(4, nat);
  program.natRules.match3[row] = 0x7f00_0001;
  program.natRules.matchPrefix[row] = 128;
  for (const from of [ETH0, nat, bridgeOf('routed')])
    t.is(
      judge(program)(from, nat, opening(4, nat), ConnectionState.New, row, false),
      Reason.PortNotPublished,
    );
});

test('gateway mode nat: addresses behind a container are not the container’s own: answers get there, nothing else does', (t) => {
  const nat = bridgeOf('nat');
  const packet = opening(4, nat, { destination: outside(4) });
  t.is(firewall(ETH0, nat, packet, ConnectionState.Established, -1, true), Reason.Ok);
  t.is(firewall(ETH0, nat, packet, ConnectionState.New, -1, true), Reason.PortNotPublished);
});

test('each family has its own gateway mode', (t) => {
  const program = programOf();
  const nat = bridgeOf('nat');
  program.networks.gatewayModeIpv6[nat] = GatewayMode.Routed;
  const ask = (family: Family): Reason =>
    judge(program)(ETH0, nat, opening(family, nat), ConnectionState.New, -1, true);
  t.is(ask(4), Reason.DirectRoutingDenied);
  t.is(ask(6), Reason.Ok);
});

test('a bridge without a subnet of a family has no rules for it, so that nothing of it is forwarded', (t) => {
  const program = programOf();
  const [nat, routed] = [bridgeOf('nat'), bridgeOf('routed')];
  program.subnets.network[publishes(6, nat)] = routed;
  const ask = (from: number, to: number): Reason =>
    judge(program)(from, to, opening(6, to), ConnectionState.Established, -1, true);
  t.is(ask(ETH0, nat), Reason.ForwardingDenied);
  t.is(ask(nat, ETH0), Reason.ForwardingDenied);
});

test('gateway mode internal: siblings have addresses of the subnet, but in IPv6, where any will do', (t) => {
  const internal = bridgeOf('internal');
  const ask = (family: Family, told: Partial<Told>): Reason =>
    firewall(internal, internal, opening(family, internal, told), ConnectionState.New, -1, true);
  t.is(ask(4, {}), Reason.InternalNetwork);
  const source = addressOn(4, internal, SIBLING);
  t.is(ask(4, { source }), Reason.Ok);
  t.is(ask(4, { source, destination: outside(4) }), Reason.InternalNetwork);
  t.is(ask(6, {}), Reason.Ok);
});

test('gateway mode isolated: it is isolated also if nobody says that it is internal', (t) => {
  const program = programOf();
  const isolated = bridgeOf('isolated');
  program.networks.flags[isolated] = 0;
  const ask = (from: number, to: number): Reason =>
    judge(program)(from, to, opening(4, to), ConnectionState.Established, -1, true);
  t.is(ask(ETH0, isolated), Reason.InternalNetwork);
  t.is(ask(isolated, bridgeOf('nat-unprotected')), Reason.Ok);
});
