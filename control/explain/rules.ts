/**
 * Which line of the topology stands behind a verdict. A rule that nobody wrote is a default, and says so.
 */
import { Reason } from '../../dataplane/observe/reason.js';
import type { BridgeNetwork } from '../compile/compile.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Position, Value } from '../model/position.js';

/** A rule in the words of the topology, and where it stands; without `at` it is a default. */
export interface Rule {
  readonly rule: string;
  readonly at?: Position;
}

function rule(words: string, { at }: Value<unknown>): Rule {
  return at === undefined ? { rule: words } : { rule: words, at };
}

/** The rules that a Reason rests on, for a frame from `from`, towards the port of `to` if one is known. */
export function ruleBehind(
  reason: Reason,
  { mtu, bridge }: BridgeNetwork,
  from: Endpoint | undefined,
  to: Endpoint | undefined,
): readonly Rule[] {
  switch (reason) {
    case Reason.MtuExceeded:
      return [rule(`the MTU is ${mtu.value}`, mtu)];
    case Reason.ReservedAddress: {
      const { groupForwardMask } = bridge;
      return [
        rule(
          `group_fwd_mask is 0x${groupForwardMask.value.toString(16).padStart(4, '0')}`,
          groupForwardMask,
        ),
      ];
    }
    case Reason.GatewayAddress:
      return [rule(`the gateway's MAC is ${bridge.mac.value}`, bridge.mac)];
    case Reason.Reflection:
      return from === undefined ? [] : [rule(`${from.port} has no hairpin`, from.hairpin)];
    case Reason.PortIsolated:
      return [...(from ? [from] : []), ...(to ? [to] : [])].map(({ port, isolated }) =>
        rule(`${port} is isolated`, isolated),
      );
    case Reason.InterContainerDisabled:
      return [rule('enable_icc is false', bridge.icc)];
    default:
      return [];
  }
}
