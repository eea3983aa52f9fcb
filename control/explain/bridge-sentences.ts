/** What happened at a bridge, or at the switch of a wire, in sentences. */
import type { FrameDescription } from './dissect.js';
import type { BridgeHop } from './hops.js';
import {
  answer,
  complaint,
  ending,
  entry,
  gathering,
  leaving,
  release,
  ruleText,
  where,
} from './phrases.js';

/** The sentences about a hop; those about how it came there only where it is not the first. */
export function bridgeSentences(file: string, frame: FrameDescription, hop: BridgeHop): string[] {
  const sentences = [
    ...learning(file, frame, hop),
    ...membership(file, hop),
    ...decision(file, frame, hop),
    ...departure(file, hop),
    ...answer(file, hop),
    ...complaint(file, hop),
    ...release(hop.released),
    ...gathering(file, hop),
  ];
  if (hop.after === undefined) return sentences;
  const [first = '', ...others] = sentences;
  const kind = hop.stage === 'wire' ? 'At the wire' : 'At the bridge of the network';
  const lead = `${kind} ${hop.network.name}${where(file, hop.network.at)}`;
  return [`${lead} ${first.charAt(0).toLowerCase()}${first.slice(1)}`, ...others];
}

/** How the frame came in, where the bridge is the first that it meets. */
export function bridgeArrival(file: string, { stage, port, network }: BridgeHop): string {
  const kind = stage === 'wire' ? 'a learning switch' : 'a learning bridge';
  const what = stage === 'wire' ? 'wire' : 'network';
  return `It came in at ${port.port}${where(file, port.at)}, a port of the ${what} ${network.name}, ${kind}${where(file, network.at)}.`;
}

function membership(file: string, { vlan }: BridgeHop): string[] {
  if (vlan === undefined) return [];
  const which = vlan.vlan === 0 ? 'no VLAN' : `VLAN ${vlan.vlan}`;
  return [`It is in ${which}: ${ruleText(file, vlan.rule)}.`];
}

function learning(file: string, frame: FrameDescription, { source, port }: BridgeHop): string[] {
  const mac = frame.source;
  if (mac === undefined) return [];
  const { before } = source;
  const known = before && entry(file, before);
  switch (source.outcome) {
    case 'learned':
      return [`Its source ${mac} was learned: it lives behind ${port.port}.`];
    case 'moved':
      return [
        `Its source ${mac} moved to ${port.port}; until now it lived behind ${before?.port ?? ''}, ${known ?? ''}.`,
      ];
    case 'refreshed':
      return [
        `Its source ${mac} was known behind ${port.port}, ${known ?? ''}; it was heard again.`,
      ];
    case 'kept':
      if (before?.kind === 'local')
        return [
          `Its source ${mac} is the address of the gateway itself${where(file, before.at)}: that teaches nothing.`,
        ];
      return [
        `Its source ${mac} stays behind ${before?.port ?? ''}, ${known ?? ''}: that entry does not move.`,
      ];
    case 'not learned':
      return [`Its source ${mac} was not learned.`];
  }
}

function decision(file: string, frame: FrameDescription, hop: BridgeHop): string[] {
  const { destination, verdict } = hop;
  if (frame.destination === undefined) return [];
  const mac = frame.destination;
  if (destination?.kind === 'local') return [`Its destination ${mac} is the gateway itself.`];
  if (destination !== undefined)
    return [
      `Its destination ${mac} lives behind ${destination.port}, ${entry(file, destination)}.`,
    ];
  if (verdict !== 'flood') return [];
  if (mac === 'ff:ff:ff:ff:ff:ff') return [`Its destination is everybody.`];
  const group = (parseInt(mac.slice(0, 2), 16) & 1) === 1;
  return [
    group
      ? `Its destination ${mac} is a group.`
      : `Nobody knows where its destination ${mac} lives: no frame from it was seen, or the last one is older than the ageing time.`,
  ];
}

function departure(file: string, hop: BridgeHop): string[] {
  const { verdict, sent, ended } = hop;
  if (ended !== undefined) return ending(file, ended);
  if (verdict === 'route') return [];
  if (verdict === 'send') return [`It ${leaving(file, sent)}.`];
  return [`It was flooded and ${leaving(file, sent)}${spared(file, hop)}.`];
}

/** Ports that a flood passed by, and why. */
function spared(file: string, { passedBy }: BridgeHop): string {
  const of = (reason: string) => passedBy.filter((passed) => passed.reason.name === reason);
  const isolated = of('port-isolated').map(({ port }) => port);
  const closed = of('vlan-not-admitted');
  const because = closed
    .flatMap(({ rules }) => rules.map((rule) => ruleText(file, rule)))
    .join(', ');
  return [
    ...(isolated.length > 0
      ? [`, but not by ${isolated.join(', ')}: isolated ports do not hear each other`]
      : []),
    ...(closed.length > 0
      ? [`, but not by ${closed.map(({ port }) => port).join(', ')}: ${because}`]
      : []),
  ].join('');
}
