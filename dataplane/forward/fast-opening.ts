/**
 * The fast path of first packets: what most of them are opens a connection as it would on the long way (nat.ts, nat-source.ts), with fewer questions.
 *
 * Common is a first packet that goes where it says, as no rule gives it another destination, and comes for others from where it says, or from the
 * one address of the interface by which it leaves, with the port that it has. Where that port is another's, or there is no room but in
 * place of one that is alive, the long way decides.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { NatFlag, NatSelection } from '../program/nat-layout.js';
import type { Program } from '../program/program.js';
import { Mark } from '../state/connections.js';
import { Protocol, replyPorts } from '../state/tuple.js';
import { ConnectionState } from './connection.js';
import type { Firewall } from './firewall.js';
import type { Interfaces } from './interfaces.js';
import { NO_RULE } from './nat-rules.js';
import type { NatRules } from './nat-rules.js';
import { Packet } from './packet.js';
import type { Plane } from './plane.js';
import type { Tracking } from './tracking.js';

export interface OpeningSurroundings {
  readonly interfaces: Interfaces;
  readonly rules: NatRules;
  readonly firewall: Firewall;
}

const NONE = -1;

/**
 * Makes the function that enters the connection of a first packet, of UDP or TCP over IPv4, that came in by `iface` of a host and leaves by `out`:
 * its number; or -1, and nothing has happened.
 */
export function openingOn(
  { frames, program }: Plane,
  { interfaces, rules, firewall }: OpeningSurroundings,
): (
  frame: Frame,
  host: number,
  iface: number,
  out: number,
  tracking: Tracking,
  key: number,
) => number {
  const { payload, tick, inPort, serial, view } = frames;
  const isCommon = commonRules(program);
  const [own, hasOwn] = soleAddresses(program, interfaces);
  const packet = new Packet();

  return (frame, host, iface, out, { table }, key) => {
    const at = payload[frame];
    const [from, to] = [view.getInt32(at + 12), view.getInt32(at + 16)];
    const ports = view.getInt32(at + 20);
    packet.source[3] = from;
    packet.destination[3] = to;
    packet.protocol = view.getUint8(at + 9);
    packet.ports = ports;
    packet.transport = at + 20;
    if (rules.destination(host, iface, packet) !== NO_RULE) return NONE;
    if (firewall(iface, out, packet, ConnectionState.New, NO_RULE, true) !== Reason.Ok) return NONE;
    const rule = rules.source(host, out, packet);
    if (rule !== NO_RULE && isCommon[rule] === 0) return NONE;
    const isMasked = rule !== NO_RULE || rules.masquerades(host, out, packet);
    if (isMasked && hasOwn[out] === 0) return NONE;
    const source = isMasked ? own[out] : from;
    const answers = replyPorts(Protocol.Udp, ports);
    if (!table.hasRoom(tick[frame]) || table.hasTuple(key, to, source, answers)) return NONE;
    const connection = table.enter(key, from, to, ports, to, source, answers);
    if (source !== from) table.mark(connection, Mark.SourceTranslated);
    table.setRule(connection, rule);
    table.setFirstFrame(connection, inPort[frame], serial[frame]);
    return connection;
  };
}

/** By row of `natRules`: 1 when it masquerades, and leaves each port as it is where it can. */
function commonRules({ natRules }: Program): Uint8Array {
  return Uint8Array.from({ length: natRules.rows }, (_, row) => {
    const selection: NatSelection = natRules.selection[row];
    const keeps = selection === NatSelection.Hash || selection === NatSelection.Persistent;
    const masquerades = (natRules.flags[row] & NatFlag.Masquerade) !== 0;
    return masquerades && keeps && natRules.toPortFirst[row] === 0 ? 1 : 0;
  });
}

/** By interface: its IPv4 address, and whether it has one and no other. */
function soleAddresses(
  { addresses }: Program,
  { count, firstOwn, ownCount }: Interfaces,
): [own: Int32Array, hasOwn: Uint8Array] {
  const own = new Int32Array(count);
  const hasOwn = new Uint8Array(count);
  for (let iface = 0; iface < count; iface++) {
    const end = firstOwn[iface] + ownCount[iface];
    let found = 0;
    for (let row = firstOwn[iface]; row < end; row++) {
      if ((addresses.word0[row] | addresses.word1[row] | addresses.word2[row]) !== 0) continue;
      own[iface] = addresses.word3[row];
      found++;
    }
    hasOwn[iface] = found === 1 ? 1 : 0;
  }
  return [own, hasOwn];
}
