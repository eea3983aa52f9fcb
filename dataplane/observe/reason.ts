/**
 * Why a frame ended as it did. Numbers only, so that the data plane can use them for nothing; the sentences for people stand in
 * `reasons.ts`. New reasons are added at the end of their group: the numbers are not stable between versions, the names are.
 */
export const enum Reason {
  Ok,

  // The frame itself (forward/parse).
  Runt,
  SnappedHeader,
  VlanTagTruncated,
  MtuExceeded,
  OffloadInvalid,
  PoolExhausted,

  // Between the data plane and the kernel (port).
  KernelQueueFull,
  SnappedFrame,
  PortMtuExceeded,
  DeviceQueueFull,
  DeviceDown,
  NoCarrier,
  DeviceGone,
  DeviceRefused,
  WorkerLost,

  // The learning bridge (forward/bridge).
  SourceAddressInvalid,
  PauseFrame,
  ReservedAddress,
  GatewayAddress,
  Reflection,
  PortIsolated,
  InterContainerDisabled,
  NoOtherPort,
  VlanNotAdmitted,

  // Hosts: NICs, their VLANs and their stacks (forward/link).
  VlanReserved,
  VlanUnknown,
  NotForThisHost,
  HostStack,
  NoWire,

  // ipvlan (forward/ipvlan), and the routes behind its L3 modes (forward/route).
  IpvlanPrivate,
  IpvlanL3Group,
  IpvlanL3NotIp,
  NoRoute,
  NeighborUnresolved,
  NeighborQueueFull,

  // Hosts as routers (forward/router).
  RouteBlackhole,
  RouteUnreachable,
  RouteProhibited,
  MartianAddress,
  ReversePath,
  OptionsInvalid,
  SourceRouted,
  HopLimitExceeded,
  NatPortsExhausted,
  NatUntranslatable,
  ConnectionsExceeded,
  SynUnsolicited,

  // Fragments (state/fragments, forward).
  FragmentOverlap,
  FragmentDuplicate,
  FragmentTooLong,
  FragmentsExceeded,
  FragmentTimeout,
  FragmentTiny,
  FragmentBadLength,
  FragmentationNeeded,

  // What Docker lets its hosts forward (forward/firewall).
  BridgeIsolated,
  InternalNetwork,
  PortNotPublished,
  DirectRoutingDenied,
  ForwardingDenied,

  // VXLAN (forward/encapsulate, forward/decapsulate).
  VxlanMtu,
  VxlanWithoutRemote,
  VxlanNeighborKnown,
  VxlanNeighborUnknown,
  VxlanTooDeep,
  VxlanWithoutVni,
  VxlanVniUnknown,
  VxlanReservedBits,
  VxlanChecksumMissing,
  VxlanInnerTag,
  VxlanStationElsewhere,
  VxlanCongested,

  // Packets inside frames (wire): a bridge forwards them all the same, a router does not.
  ArpTruncated,
  ArpBadLengths,
  Ipv4Truncated,
  Ipv4BadVersion,
  Ipv4BadHeaderLength,
  Ipv4TotalLengthTooShort,
  Ipv4LongerThanFrame,
  Ipv4BadChecksum,
  Ipv6Truncated,
  Ipv6BadVersion,
  Ipv6LongerThanFrame,
  Ipv6ExtensionTruncated,
  Ipv6ExtensionsTooMany,
  Ipv6HopByHopNotFirst,
  IcmpTruncated,
  IcmpBadChecksum,
  UdpTruncated,
  UdpBadLength,
  UdpBadChecksum,
  TcpTruncated,
  TcpBadDataOffset,
  TcpBadChecksum,
  LlcTruncated,
  LlcLongerThanFrame,
  ArpOtherProtocol,
  NeighborDiscoveryTruncated,
  NeighborDiscoveryBadOption,
  VxlanTruncated,

  /** How many there are; not a reason. */
  Count,
}
