#include "coalesce.h"

#include <algorithm>
#include <utility>

namespace etherloom {

namespace {

constexpr uint32_t PACKET_MAX = 65535;
constexpr uint8_t ACK = 0x10, PSH = 0x08;
constexpr uint32_t TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_WINDOW = 14, TCP_URGENT = 18;

bool isSame(const uint8_t* one, const uint8_t* other, uint32_t from, uint32_t to) {
  return std::memcmp(one + from, other + from, to - from) == 0;
}

}  // namespace

bool Train::canBegin(uint8_t* frame, uint32_t length, uint32_t room, const Offload& offload) {
  if ((offload.flags & SUPER) != 0 || !findTransport(frame, length, layout_) || layout_.protocol != PROTOCOL_TCP)
    return false;
  const uint8_t* const tcp = frame + layout_.transport;
  const uint32_t options = (tcp[TCP_OFFSET] >> 4) * 4u;
  headerBytes_ = layout_.transport + options;
  if (options < TCP_HEADER || tcp[TCP_FLAGS] != ACK || length < headerBytes_ + PAYLOAD_MIN) return false;
  if (!layout_.isIpv6 && layout_.transport - layout_.network != IPV4_HEADER) return false;
  isPartial_ = (offload.flags & PARTIAL) != 0;
  if (isPartial_ && (offload.checksumStart != layout_.transport || offload.checksumOffset != TCP_CHECKSUM)) return false;
  frame_ = frame;
  length_ = length;
  lengthMax_ = std::min(room, layout_.network + PACKET_MAX);
  segmentBytes_ = length - headerBytes_;
  return true;
}

bool Train::follows(const uint8_t* frame, uint32_t length, const Offload& offload) {
  if (length <= headerBytes_ || length > headerBytes_ + segmentBytes_ || (offload.flags & SUPER) != 0) return false;
  if (length_ + (length - headerBytes_) > lengthMax_) return false;
  if (((offload.flags & PARTIAL) != 0) != isPartial_) return false;
  if (isPartial_ && (offload.checksumStart != layout_.transport || offload.checksumOffset != TCP_CHECKSUM)) return false;
  const uint8_t* const tcp = frame + layout_.transport;
  const uint32_t next = read32(frame_ + layout_.transport + 4) + (length_ - headerBytes_);
  if (read32(tcp + 4) != next || (tcp[TCP_FLAGS] & ~PSH) != ACK || !hasSameHeaders(frame)) return false;
  if (!hasRightNetwork(frame, length) || !isIntact(frame, length)) return false;
  // The first is looked at when it is clear that it may not stay alone.
  if (segments_ == 1 && !(hasRightNetwork(frame_, length_) && isIntact(frame_, length_))) {
    isOpen_ = false;
    return false;
  }
  return true;
}

/** Everything but what counts on, and checksums. */
bool Train::hasSameHeaders(const uint8_t* frame) const {
  const uint32_t network = layout_.network, transport = layout_.transport;
  const uint32_t ports = transport + 4, acknowledged = transport + 8;
  const bool sameNetwork = layout_.isIpv6
                               ? isSame(frame_, frame, 0, network + 4) && isSame(frame_, frame, network + 6, ports)
                               : isSame(frame_, frame, 0, network + 2) && isSame(frame_, frame, network + 6, network + 10) &&
                                     isSame(frame_, frame, network + 12, ports);
  return sameNetwork && isSame(frame_, frame, acknowledged, transport + TCP_FLAGS) &&
         isSame(frame_, frame, transport + TCP_WINDOW, transport + TCP_CHECKSUM) &&
         isSame(frame_, frame, transport + TCP_URGENT, headerBytes_);
}

/** Lengths, and with IPv4 the identification and the header checksum, of the segment that comes next or, when alone, of the first. */
bool Train::hasRightNetwork(const uint8_t* frame, uint32_t length) const {
  const uint8_t* const ip = frame + layout_.network;
  if (layout_.isIpv6) return read16(ip + 4) == length - layout_.network - IPV6_HEADER;
  const uint32_t first = read16(frame_ + layout_.network + 4);
  const uint16_t identification = static_cast<uint16_t>(frame == frame_ ? first : first + segments_);
  // Ones' complement has two zeros; who writes a checksum never writes 0xFFFF.
  return read16(ip + 2) == length - layout_.network && read16(ip + 4) == identification &&
         sumOf(ip, IPV4_HEADER) == 0xFFFF && read16(ip + 10) != 0xFFFF;
}

bool Train::isIntact(const uint8_t* frame, uint32_t length) const {
  const uint32_t bytes = length - layout_.transport;
  const uint32_t pseudo = pseudoSum(frame, layout_, bytes);
  const uint16_t checksum = read16(frame + layout_.transport + TCP_CHECKSUM);
  if (isPartial_) return checksum == fold(pseudo);
  return checksum != 0xFFFF && fold(uint64_t{pseudo} + sumOf(frame + layout_.transport, bytes)) == 0xFFFF;
}

void Train::append(const uint8_t* frame, uint32_t length) {
  const uint32_t payload = length - headerBytes_;
  std::memcpy(frame_ + length_, frame + headerBytes_, payload);
  length_ += payload;
  segments_++;
  lastFlags_ = frame[layout_.transport + TCP_FLAGS];
  isOpen_ = payload == segmentBytes_ && lastFlags_ == ACK;
}

bool Train::close(Offload& offload) {
  isOpen_ = false;
  if (segments_ < 2) return false;
  segments_ = 0;
  uint8_t* const ip = frame_ + layout_.network;
  if (layout_.isIpv6) {
    write16(ip + 4, length_ - layout_.network - IPV6_HEADER);
  } else {
    write16(ip + 2, length_ - layout_.network);
    write16(ip + 10, 0);
    write16(ip + 10, static_cast<uint16_t>(~sumOf(ip, IPV4_HEADER)));
  }
  uint8_t* const tcp = frame_ + layout_.transport;
  tcp[TCP_FLAGS] = lastFlags_;
  write16(tcp + TCP_CHECKSUM, fold(pseudoSum(frame_, layout_, length_ - layout_.transport)));
  offload.flags = PARTIAL | SUPER;
  offload.gsoType = layout_.isIpv6 ? GSO_TCP_V6 : GSO_TCP_V4;
  offload.gsoSize = static_cast<uint16_t>(segmentBytes_);
  offload.checksumStart = static_cast<uint16_t>(layout_.transport);
  offload.checksumOffset = TCP_CHECKSUM;
  return true;
}

void Burst::keep(uint8_t* frame, uint32_t length, uint32_t wireLength, const Offload& offload, int ahead) {
  closeTrain();
  std::swap(slots_[filled_], slots_[filled_ + ahead]);
  const int32_t slot = slots_[filled_++];
  pool_.start[slot] = static_cast<uint32_t>(frame - pool_.bytes);
  arrivals_.book(pool_, slot, length, wireLength, offload);
  if (length == wireLength) train_.begin(frame, length, pool_.room, offload);
}

int Burst::finish() {
  closeTrain();
  return filled_;
}

void Burst::closeTrain() {
  Offload offload;
  if (!train_.close(offload)) return;
  const int32_t slot = slots_[filled_ - 1];
  pool_.length[slot] = pool_.wireLength[slot] = train_.length();
  pool_.setOffload(slot, offload);
}

}  // namespace etherloom
