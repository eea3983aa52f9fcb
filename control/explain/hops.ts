/**
 * The way of a frame as data: hops, each with what it met there. `after` is the number of the hop it came from, counted from 0; where
 * several hops came after one, a flood has branched.
 */
import type { ReasonText } from '../../dataplane/observe/reasons.js';
import type { Position } from '../model/position.js';
import type { Rule } from './rules.js';

/** What the Fdb holds about a station, seen at the tick of the frame being explained. */
export interface EntryView {
  readonly port: string;
  readonly kind: 'dynamic' | 'static' | 'sticky' | 'local';
  /** The frame that taught it; absent for an entry that the topology declares. `port` is where that frame came into the lab. */
  readonly taughtBy?: { readonly port: string; readonly number: number; readonly before_s: number };
  /** How long ago the station was last heard. */
  readonly heardBefore_s?: number;
  /** Where the topology declares it. */
  readonly at?: Position;
}

/** A port and where it stands in the topology. */
export interface PortView {
  readonly port: string;
  readonly at?: Position;
}

/** A VLAN tag, or what would stand in it. */
export interface TagView {
  readonly vlan: number;
  readonly priority: number;
}

/** A port by which a frame went. */
export interface SentView extends PortView {
  /** It leads on within the lab: to a NIC, or to the uplink of a bridge. */
  readonly inner?: true;
  /** What a VLAN-aware bridge did to the tag: none any more, or this one. */
  readonly tag?: TagView | 'none';
  /** A macvlan child in source mode that listens to the source of the frame, and where it says so. */
  readonly listens?: { readonly at?: Position };
}

/** An interface of a host: a bridge, a NIC, a VLAN of one, or a dummy. */
export interface LinkView {
  readonly name: string;
  readonly host: string;
  readonly at?: Position;
}

/** An address, whose it is, and where it is written. */
export interface AddressView {
  readonly address: string;
  readonly port?: string;
  readonly at?: Position;
}

/** How the frame, or this copy of it, ended here. */
export interface Ending {
  readonly verdict: 'drop' | 'consume';
  readonly reason: ReasonText;
  /** The lines of the topology, or the defaults, that it rests on. */
  readonly rules: readonly Rule[];
}

export interface Hop {
  /** Number of the hop before this one; absent for the first. */
  readonly after?: number;
  /** Ports of the lab by which it left here, and places within the lab to which it went on. */
  readonly sent: readonly SentView[];
  readonly ended?: Ending;
  /** The address of the host that the frame asked for, when the host answered it here. */
  readonly answered?: AddressView;
  /** The same when the host kept silent, and what says so. */
  readonly ignored?: AddressView & { readonly rule: Rule };
  /** What the ICMP error says that the host sent to its sender. */
  readonly complaint?: string;
  /** What an ICMP error would have said that the topology keeps back. */
  readonly silenced?: SilencedView;
  /** Frames that had waited for what this one told the host. */
  readonly released?: readonly FrameName[];
  /** Later fragments of its datagram that had waited for this one, the first. */
  readonly gathered?: readonly FrameName[];
  /** It is a later fragment, and waits for the first one of its datagram. */
  readonly gathers?: true;
  /** It opens a connection of TCP that nobody inside has asked for, and waits whether the inside opens it, too. */
  readonly unsolicited?: UnsolicitedView;
}

/** An error that is not sent, the interface by which it would have left, and the line that says so. */
export interface SilencedView {
  readonly complaint: string;
  readonly by: string;
  readonly at?: Position;
}

/** The host that keeps a SYN waiting, and where its profile is written. */
export interface UnsolicitedView {
  readonly host: string;
  readonly at?: Position;
}

/** A frame by the port by which it came into the lab, and its number there. */
export interface FrameName {
  readonly port: string;
  readonly number: number;
}

/** A bridge, or the learning switch of a wire. */
export interface BridgeHop extends Hop {
  readonly stage: 'bridge' | 'wire';
  readonly network: { readonly name: string; readonly at?: Position };
  /** By which port of it the frame came. */
  readonly port: PortView;
  /** In which VLAN it was, where the bridge keeps VLANs apart, and what of the port says so. */
  readonly vlan?: TagView & { readonly rule: Rule };
  readonly source: {
    readonly outcome: 'learned' | 'moved' | 'refreshed' | 'kept' | 'not learned';
    readonly before?: EntryView;
  };
  /** The entry of the destination when the frame was decided; absent for groups and unknown stations. */
  readonly destination?: EntryView;
  /** `route`: the host of the bridge forwards it, or keeps it until it knows where to. */
  readonly verdict: 'send' | 'flood' | 'route' | 'drop' | 'consume';
  /** Why it was dropped or consumed; that of `ended`. */
  readonly reason?: ReasonText;
  readonly rules: readonly Rule[];
  readonly passedBy: readonly (PortView & {
    readonly reason: ReasonText;
    readonly rules: readonly Rule[];
  })[];
}

/** A value that the topology sets, or a default without a place. */
export interface Setting {
  readonly value: string;
  readonly at?: Position;
}

/** What a macvlan or ipvlan network is told about its parent. */
export interface ParentView {
  readonly driver: 'macvlan' | 'ipvlan';
  readonly mode: Setting;
  /** ipvlan only. */
  readonly flag?: Setting;
}

/** The frame is sent by a child of a macvlan or ipvlan parent. */
export interface ChildHop extends Hop {
  readonly stage: 'child';
  readonly port: PortView;
  readonly link: LinkView;
  readonly parent: ParentView;
  /** It went out by the parent, to a route, or nowhere but to siblings and the host. */
  readonly goes: 'out' | 'by route' | 'nowhere';
  /** The child that the frame is for, when it went up to that. */
  readonly owner?: AddressView;
  /** A macvlan child sends to the MAC of its own parent. */
  readonly toParent?: true;
  readonly heard?: true;
}

/** The frame comes up by a NIC. */
export interface UpHop extends Hop {
  readonly stage: 'up';
  readonly link: LinkView;
  /** The VLAN whose tag was taken off. */
  readonly popped?: LinkView & { readonly vlan: number };
  /** Who takes what comes in there, where it is children. */
  readonly parent?: ParentView;
  /** The child whose own frame it is, given back by a switch. */
  readonly ownOf?: PortView;
  readonly owner?: AddressView;
  /** The stack of the host heard it, too. */
  readonly heard?: true;
}

/** The frame goes out by a NIC or a VLAN of one. */
export interface DownHop extends Hop {
  readonly stage: 'down';
  readonly link: LinkView;
  readonly nic: LinkView;
  readonly pushed?: { readonly vlan: number; readonly at?: Position };
  readonly wire?: { readonly name: string; readonly at?: Position };
}

/** What a host that tracks connections makes of a packet. */
export interface ConnectionView {
  readonly host: string;
  /**
   * Whether the packet opens it, belongs to it in the direction of its opener, or is a reply; `refused`: it would have opened one; `unknown`: there is
   * none, and none can begin so.
   */
  readonly part: 'opens' | 'belongs' | 'replies' | 'refused' | 'unknown';
  readonly openedBy?: FrameName;
  /** Of TCP, in the words of conntrack(8): `SYN_SENT`, `ESTABLISHED`. */
  readonly state?: string;
  /** A packet of the other side has been seen. */
  readonly replied?: boolean;
  /** It is not given up for newer ones. */
  readonly assured?: boolean;
  /** How long the host keeps it when no other packet comes. */
  readonly livesFor_s?: number;
  /** The key of `timeouts` that says so, and its line; absent where nobody wrote one. */
  readonly livesBy?: { readonly key: string; readonly at?: Position };
}

/** An address, with its port or the identifier of an echo. */
export interface PlaceView {
  readonly address: string;
  readonly port?: number;
  readonly identifier?: number;
}

/** What the topology says about translating: `the masquerade of network lan`, where it stands, and what the key there is. */
export interface TranslationRule extends Rule {
  readonly key?: string;
}

/** An address that a host replaced. */
export interface TranslationView {
  readonly what: 'source' | 'destination';
  readonly from: PlaceView;
  readonly to: PlaceView;
  /** It is a reply, of which the translation of the connection is turned back. */
  readonly back?: true;
  readonly rule: TranslationRule;
}

/** A packet is routed: forwarded by a host, or sent by a child in an L3 mode. */
export interface RouteHop extends Hop {
  readonly stage: 'route';
  readonly host: string;
  readonly route: Rule;
  /** The interface it leaves by; absent where the route leads nowhere. */
  readonly link?: LinkView;
  readonly nextHop: string;
  /** Absent where the host tracks no connections, or had given up the packet before it asked for one. */
  readonly connection?: ConnectionView;
  /** Of the destination first, which is decided before the route; absent where nothing is translated. */
  readonly translations?: readonly TranslationView[];
  /** Its sender was told that there is a shorter way, as `send_redirects` has it. */
  readonly redirected?: Setting;
  /** It was longer than the MTU, and goes on in so many pieces. */
  readonly pieces?: { readonly count: number; readonly rule: Rule };
  /** The MAC of the next hop was not known; `resumed` where the answer came at once. */
  readonly waits?: 'waiting' | 'resumed';
  /** The MACs that the frame got for the way to the next hop; until then it had those that its sender gave it. */
  readonly addresses?: { readonly source: string; readonly destination: string };
}

/** What a tunnel end knows of a station: behind which other end it lives, and why. */
export interface RemoteView extends Pick<EntryView, 'taughtBy' | 'heardBefore_s' | 'at'> {
  readonly remote: string;
  readonly kind: 'learned' | 'declared';
}

/** A VXLAN segment, and the VLAN of the bridge that it carries. */
export interface SegmentView {
  readonly vni: number;
  readonly at?: Position;
  readonly vlan?: number;
}

/** The frame comes to a tunnel end that is a port of the bridge before. */
export interface TunnelHop extends Hop {
  readonly stage: 'tunnel';
  readonly port: PortView;
  /** Absent where its VLAN has none. */
  readonly segment?: SegmentView;
  /** Behind which end its destination is; absent where that is not known, or is everybody. */
  readonly known?: RemoteView;
  /** To whom it goes then: one group, or so many ends, and where they are listed. */
  readonly listed?: { readonly count: number; readonly group?: string; readonly at?: Position };
}

/** It has got the headers of VXLAN, and goes to one of the other ends. */
export interface EncapsulatedHop extends Hop {
  readonly stage: 'encapsulated';
  readonly host: string;
  readonly vni: number;
  /** The end, and where it is listed, if it is. */
  readonly remote: AddressView;
  readonly isGroup?: true;
  /** VLAN tags of the frame inside are left on. */
  readonly keepsTags?: true;
  readonly udpPort: number;
  /** Absent where there is none, and for a group, which is spoken to by a NIC. */
  readonly route?: Rule;
  readonly link?: LinkView;
  readonly nextHop: string;
  readonly waits?: 'waiting' | 'resumed';
  /** Its sender was told that packets must not be longer. */
  readonly toldMtu?: number;
  /** The MACs for the way to the next hop. */
  readonly addresses?: { readonly source: string; readonly destination: string };
  /** Addresses of the packet around it. */
  readonly packet: { readonly source: string; readonly destination: string };
}

/** A host takes it out of the packet around it. */
export interface DecapsulatedHop extends Hop {
  readonly stage: 'decapsulated';
  /** The tunnel end by which it enters the bridge. */
  readonly port: PortView;
  readonly segment: SegmentView;
  readonly remote: string;
  readonly source: {
    readonly outcome: 'learned' | 'moved' | 'refreshed' | 'kept' | 'not learned';
    readonly before?: RemoteView;
    /** Why it is not learned, where a setting says so. */
    readonly rule?: Rule;
  };
}

export type AnyHop =
  BridgeHop | ChildHop | UpHop | DownHop | RouteHop | TunnelHop | EncapsulatedHop | DecapsulatedHop;
