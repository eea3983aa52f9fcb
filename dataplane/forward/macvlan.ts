/**
 * macvlan: children of one link, each with a MAC of its own, told apart by nothing else (Linux drivers/net/macvlan.c).
 *
 * What a child sends (macvlan_queue_xmit): in bridge mode unicast to another child in bridge mode goes up by the parent at once and never
 * sees the wire, groups are copied to the other children in bridge mode and go out; everything else goes out. So the host's own stack
 * never hears a child, nor they it.
 *
 * What comes in by the parent (macvlan_handle_frame): unicast goes to the child that has the address, whatever its mode; with passthru all
 * of it to the one child. Groups from outside go to every child and to the host. Groups that a child itself sent and a switch gave back go to
 * those that have not heard them: from a vepa child to the vepa and bridge children but itself, from a bridge child to the vepa
 * children; a private or passthru child gets its own back, and nobody else does. A child in source mode gets what its sources send, and
 * nothing by its address.
 *
 * Complication: which groups a child has joined is known to its own stack alone, so every child hears all of them. PAUSE is never copied.
 */
import type { Frame } from '../frame/frames.js';
import { LinkFlag, MacvlanMode, PortFlag } from '../program/layout.js';
import { Exact } from '../state/exact.js';
import {
  destinationHigh,
  destinationLow,
  EtherType,
  isGroup,
  sourceHigh,
  sourceLow,
} from '../wire/ethernet.js';
import type { Plane } from './plane.js';
import { down, send, toHost, up } from './verdict.js';
import { Action } from './verdict.js';
import type { Verdict } from './verdict.js';

const ALL = MacvlanMode.Private | MacvlanMode.Vepa | MacvlanMode.Bridge | MacvlanMode.Passthru;
const NOBODY = -1;

export interface Macvlan {
  /** Decides about a frame that a child sends. */
  readonly fromChild: (frame: Frame, port: number) => Verdict;
  /** Decides about a frame that comes in by a link with children. */
  readonly fromBelow: (frame: Frame, link: number) => Verdict;
}

export function macvlanOn(plane: Plane): Macvlan {
  const { frames, program, fan } = plane;
  const { start, etherType, view } = frames;
  const { link: linkOf, macvlanMode: modeOf } = program.ports;
  const { flags, firstChild, childCount } = program.links;
  const children = childrenOf(plane);
  const listen = listenersOn(plane);

  function childTo(link: number, at: number): number {
    return children.find(link, 0, 0, destinationHigh(view, at), destinationLow(view, at));
  }

  /** All children of these modes hear it, but one. */
  function spread(link: number, modes: number, except: number): void {
    const end = firstChild[link] + childCount[link];
    for (let port = firstChild[link]; port < end; port++)
      if ((modeOf[port] & modes) !== 0 && port !== except) fan.add(port);
  }

  function group(frame: Frame, link: number, sender: number): Verdict {
    const mode = sender < 0 ? 0 : modeOf[sender];
    if ((mode & (MacvlanMode.Private | MacvlanMode.Passthru | MacvlanMode.Source)) !== 0) {
      fan.add(sender);
      return Action.Fan;
    }
    fan.host = link;
    if (etherType[frame] === EtherType.MacControl) return Action.Fan;
    if (mode === 0) spread(link, ALL, NOBODY);
    else if (mode === MacvlanMode.Vepa) spread(link, MacvlanMode.Vepa | MacvlanMode.Bridge, sender);
    else spread(link, MacvlanMode.Vepa, sender);
    return Action.Fan;
  }

  function unicast(frame: Frame, link: number): Verdict {
    const isPassthru = (flags[link] & LinkFlag.Passthru) !== 0;
    const child = isPassthru ? firstChild[link] : childTo(link, start[frame]);
    if (child >= 0 && modeOf[child] !== MacvlanMode.Source) return send(child);
    return toHost(link);
  }

  return {
    fromChild: (frame, port) => {
      const link = linkOf[port];
      if (modeOf[port] !== MacvlanMode.Bridge) return down(link);
      const at = start[frame];
      if (!isGroup(destinationHigh(view, at))) {
        const sibling = childTo(link, at);
        return sibling >= 0 && modeOf[sibling] === MacvlanMode.Bridge ? up(link) : down(link);
      }
      if (etherType[frame] === EtherType.MacControl) return down(link);
      fan.clear();
      spread(link, MacvlanMode.Bridge, port);
      fan.down = link;
      return Action.Fan;
    },
    fromBelow: (frame, link) => {
      fan.clear();
      if (listen(frame, link)) return Action.Fan;
      const at = start[frame];
      const heard = fan.count;
      const verdict = isGroup(destinationHigh(view, at))
        ? group(frame, link, children.find(link, 0, 0, sourceHigh(view, at), sourceLow(view, at)))
        : unicast(frame, link);
      if (heard === 0 || verdict === Action.Fan) return verdict;
      // Somebody listens to its source, and it goes on to where it is for as well.
      const isSend = (verdict & 0xff000000) === Action.Send;
      if (isSend) fan.add(verdict & 0xffff);
      else fan.host = link;
      return Action.Fan;
    },
  };
}

/** The macvlan children by link and MAC. */
function childrenOf({ program }: Plane): Exact {
  const { ports } = program;
  const children = new Exact(ports.rows);
  for (let port = 0; port < ports.rows; port++)
    if (ports.macvlanMode[port] !== 0)
      children.put(ports.link[port], 0, 0, ports.macHigh[port], ports.macLow[port], port);
  return children;
}

/**
 * Makes the function that puts the children in source mode which listen to this source into the fan (macvlan_forward_source). True when one of
 * them takes the frame alone.
 */
function listenersOn({ frames, program, fan }: Plane): (frame: Frame, link: number) => boolean {
  const { start, view } = frames;
  const { ports, sources } = program;
  const { port: listener, macHigh, macLow } = sources;
  const heard = new Exact(sources.rows);
  for (let row = 0; row < sources.rows; row++)
    heard.put(ports.link[listener[row]], 0, 0, macHigh[row], macLow[row], row);
  return (frame, link) => {
    if (sources.rows === 0) return false;
    const high = sourceHigh(view, start[frame]);
    const low = sourceLow(view, start[frame]);
    const first = heard.find(link, 0, 0, high, low);
    let alone = false;
    if (first < 0) return alone;
    for (let row = first; row < sources.rows; row++) {
      const port = listener[row];
      if (macHigh[row] !== high || macLow[row] !== low || ports.link[port] !== link) continue;
      fan.add(port);
      if ((ports.flags[port] & PortFlag.TakesAlone) !== 0) alone = true;
    }
    return alone;
  };
}
