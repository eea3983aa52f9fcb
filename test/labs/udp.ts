/** UDP as far as a lab needs it: one datagram asks, one answers, and says who has asked: `you are 172.16.69.234:40000`. */
import { text } from '../../pcaps/build/bytes.js';
import { portUnreachable, udp } from '../../pcaps/build/ipv4.js';
import { portUnreachable6, udp6 } from '../../pcaps/build/ipv6.js';
import { isIpv6 } from './addresses.js';
import { keyOf, partyText } from './call.js';
import type { Call, Line } from './call.js';
import type { PacketMessage, Quoted } from './packet.js';
import type { Send } from './tcp.js';

const QUESTION = 'who am I?\n';

export class Udp {
  /** Ports. */
  readonly listening = new Set<number>();
  private readonly calls = new Map<string, Call>();

  constructor(private readonly send: Send) {}

  call(line: Line, call: Call): void {
    this.calls.set(keyOf(line), call);
    this.say(line, QUESTION, () => {
      call.outcome = 'unreachable';
    });
  }

  hear({ source, destination, datagram, bytes }: PacketMessage): void {
    if (datagram === undefined) return;
    const { sourcePort, destinationPort, data } = datagram;
    const own = { address: destination, port: destinationPort };
    const line: Line = { own, peer: { address: source, port: sourcePort } };
    const call = this.calls.get(keyOf(line));
    if (call !== undefined) {
      call.outcome = 'answered';
      call.answer = Buffer.from(data).toString();
    } else if (this.listening.has(destinationPort)) {
      this.say(line, `you are ${partyText(line.peer)}\n`);
    } else {
      const build = isIpv6(source) ? portUnreachable6 : portUnreachable;
      this.send(
        destination,
        source,
        (from, to) => build(from, to, bytes),
        () => undefined,
      );
    }
  }

  /** An ICMP error about a datagram of its own. */
  fail(
    { source, sourcePort, destination, destinationPort }: Quoted,
    outcome: Call['outcome'],
  ): void {
    const own = { address: source, port: sourcePort };
    const peer = { address: destination, port: destinationPort };
    const call = this.calls.get(keyOf({ own, peer }));
    if (call?.outcome === 'waiting') call.outcome = outcome;
  }

  private say({ own, peer }: Line, what: string, failed: () => void = () => undefined): void {
    const build = isIpv6(own.address) ? udp6 : udp;
    const ports = [own.port, peer.port] as const;
    this.send(own.address, peer.address, (from, to) => build(from, to, ports, text(what)), failed);
  }
}
