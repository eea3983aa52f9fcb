/**
 * Which state does a TCP connection come to, by what the packet is and who sends it? (after nf_conntrack_proto_tcp.c)
 *
 * The observer stands in the middle. What it has seen may be lost before it arrives, so it cannot know the states of RFC 9293 §3.3.2 at
 * either end; its own say what has passed. A packet that may be right although it does not fit is *ignored*: it passes, and the answer
 * shows who was out of step. One that cannot be right is *invalid*.
 */
import { TcpState } from './conntrack-timeouts.js';

/** The control bits of a header: RFC 9293 §3.1. */
export const enum Control {
  Fin = 0x01,
  Syn = 0x02,
  Rst = 0x04,
  Psh = 0x08,
  Ack = 0x10,
  Urg = 0x20,
}

/** What a packet is. Of several bits the first in this order counts: RST, SYN, FIN, ACK. */
export const enum Kind {
  Syn,
  SynAck,
  Fin,
  Ack,
  Rst,
  None,
  Count,
}

/** Instead of a state: the packet passes and changes none. */
export const IGNORED = TcpState.Count;
/** Instead of a state: the packet cannot belong here. */
export const INVALID = TcpState.Count + 1;

export function kindOf(flags: number): Kind {
  if ((flags & Control.Rst) !== 0) return Kind.Rst;
  const acknowledges = (flags & Control.Ack) !== 0;
  if ((flags & Control.Syn) !== 0) return acknowledges ? Kind.SynAck : Kind.Syn;
  if ((flags & Control.Fin) !== 0) return Kind.Fin;
  return acknowledges ? Kind.Ack : Kind.None;
}

/**
 * Do these control bits make sense together? PSH, ECE and CWR may stand with all of them, URG not with RST and not with SYN and ACK. All but
 * a SYN and a RST acknowledge something.
 */
export function isSound(flags: number): boolean {
  switch (flags & (Control.Fin | Control.Syn | Control.Rst | Control.Ack | Control.Urg)) {
    case Control.Ack:
    case Control.Ack | Control.Urg:
    case Control.Fin | Control.Ack:
    case Control.Fin | Control.Ack | Control.Urg:
    case Control.Syn:
    case Control.Syn | Control.Urg:
    case Control.Syn | Control.Ack:
    case Control.Rst:
    case Control.Rst | Control.Ack:
      return true;
    default:
      return false;
  }
}

const SS = TcpState.SynSent;
const SR = TcpState.SynRecv;
const ES = TcpState.Established;
const FW = TcpState.FinWait;
const CW = TcpState.CloseWait;
const LA = TcpState.LastAck;
const TW = TcpState.TimeWait;
const CL = TcpState.Close;
const S2 = TcpState.SynSent2;
const ig = IGNORED;
const no = INVALID;

/** By direction, kind and state. */
const transitions = Uint8Array.from(
  [
    // The opener sends; from
    // None, SynSent, SynRecv, Established, FinWait, CloseWait, LastAck, TimeWait, Close, SynSent2
    [SS, SS, ig, ig, ig, ig, ig, SS, SS, S2], // a SYN: a new connection, or the same SYN again; later on who knows
    [no, no, ig, ig, ig, ig, ig, ig, ig, SR], // SYN and ACK: only to answer the other's SYN that crossed its own
    [no, no, FW, FW, LA, LA, LA, TW, CL, no], // FIN: it begins to close, or the other has begun
    [ES, no, ES, ES, CW, CW, TW, TW, CL, no], // ACK: of a connection whose beginning nobody saw, of the handshake, of a FIN
    [no, CL, CL, CL, CL, CL, CL, CL, CL, CL], // RST
    [no, no, no, no, no, no, no, no, no, no], // none of these
    // The answerer sends; from
    // None, SynSent, SynRecv, Established, FinWait, CloseWait, LastAck, TimeWait, Close, SynSent2
    [no, S2, no, no, no, no, no, SS, no, S2], // a SYN: both open at once; or the answerer of before opens anew
    [no, SR, ig, ig, ig, ig, ig, ig, ig, SR], // SYN and ACK: the answer; later on it may answer a SYN that was ignored
    [no, no, FW, FW, LA, LA, LA, TW, CL, no], // FIN
    [no, ig, SR, ES, CW, CW, TW, TW, CL, ig], // ACK: to a SYN it may be the challenge of one whose connection is half open
    [no, CL, CL, CL, CL, CL, CL, CL, CL, CL], // RST
    [no, no, no, no, no, no, no, no, no, no], // none of these
  ].flat(),
);

/** The state after a packet; or IGNORED, or INVALID. */
export function stateAfter(direction: number, kind: Kind, was: TcpState): number {
  return transitions[(direction * Kind.Count + kind) * TcpState.Count + was];
}
