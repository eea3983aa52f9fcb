#include "packet.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>

#include <algorithm>
#include <cerrno>

#include "errors.h"
#include "namespace.h"
#include "vnet.h"

namespace etherloom {

namespace {

/** Frames received in one call. */
constexpr int RECEIVED_MAX = 256;
/** For some thousand frames, or some hundred super-frames. */
constexpr int SOCKET_BUFFER_BYTES = 16 << 20;

void set(int socket, int level, int option, const char* name, const std::string& subject, int value) {
  if (setsockopt(socket, level, option, &value, sizeof value) != 0) throw Failure(name, subject, errno);
}

/** Beyond the limit of the system where that is allowed, else up to it. */
void enlarge(int socket) {
  const int bytes = SOCKET_BUFFER_BYTES;
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/** What the kernel says beside a frame; null when it says nothing. */
const tpacket_auxdata* auxiliaryOf(const msghdr& message) {
  return reinterpret_cast<const tpacket_auxdata*>(besideOf(message, SOL_PACKET, PACKET_AUXDATA));
}

/** Puts a tag behind the addresses, by moving them to the front. */
void pushTag(uint8_t* frame, uint16_t type, uint16_t tag) {
  std::memmove(frame - TAG_BYTES, frame, ETHERNET_ADDRESSES);
  write16(frame + ETHERNET_ADDRESSES - TAG_BYTES, type);
  write16(frame + ETHERNET_ADDRESSES - TAG_BYTES + 2, tag);
}

}  // namespace

Descriptor packetSocket(const std::string& name, const Link& link, int program) {
  if (link.hardware() != ARPHRD_ETHER && link.hardware() != ARPHRD_LOOPBACK)
    throw Failure("bind", name, EMEDIUMTYPE, "it does not carry Ethernet frames");
  // Without a protocol it hears nothing; it begins to when it is bound, with all options set.
  Descriptor opened(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!opened) throw Failure("socket", "AF_PACKET", errno);
  set(opened.get(), SOL_PACKET, PACKET_VNET_HDR, "PACKET_VNET_HDR", name, 1);
  set(opened.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", name, 1);
  set(opened.get(), SOL_PACKET, PACKET_AUXDATA, "PACKET_AUXDATA", name, 1);
  if (program >= 0) set(opened.get(), SOL_SOCKET, SO_ATTACH_BPF, "SO_ATTACH_BPF", name, program);
  enlarge(opened.get());
  packet_mreq everything{};
  everything.mr_ifindex = link.index();
  everything.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(opened.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &everything, sizeof everything) != 0)
    throw Failure("PACKET_ADD_MEMBERSHIP", name, errno);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = link.index();
  if (bind(opened.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Failure("bind", name, errno);
  return opened;
}

const uint8_t* besideOf(const msghdr& message, int level, int type) {
  auto& changeable = const_cast<msghdr&>(message);
  for (cmsghdr* control = CMSG_FIRSTHDR(&changeable); control != nullptr; control = CMSG_NXTHDR(&changeable, control))
    if (control->cmsg_level == level && control->cmsg_type == type) return CMSG_DATA(control);
  return nullptr;
}

PacketMessage readMessage(uint8_t* frame, uint32_t bytes, const msghdr& message) {
  PacketMessage read{frame, bytes, bytes, readVnet(frame - VNET_BYTES, bytes)};
  const tpacket_auxdata* const says = auxiliaryOf(message);
  if (says == nullptr) return read;
  read.wireLength = std::max(says->tp_len, bytes);
  if ((says->tp_status & TP_STATUS_VLAN_VALID) == 0) return read;
  const bool hasType = (says->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
  pushTag(frame, hasType ? says->tp_vlan_tpid : TYPE_TAG, says->tp_vlan_tci);
  read.frame -= TAG_BYTES;
  read.length += TAG_BYTES;
  read.wireLength += TAG_BYTES;
  if ((read.offload.flags & PARTIAL) != 0) read.offload.checksumStart += TAG_BYTES;
  return read;
}

Packet::Opened Packet::open(const DeviceOptions& options) {
  const InNamespace there(options.nameSpace);
  Link link(options.name);
  Descriptor socket = packetSocket(options.name, link);
  return {std::move(socket), std::move(link)};
}

Packet::Packet(const DeviceOptions& options, Arrivals arrivals) : Packet(open(options), arrivals) {}

Packet::Packet(Opened opened, Arrivals arrivals)
    : socket_(std::move(opened.socket)), arrivals_(arrivals), link_(std::move(opened.link)) {
  for (size_t i = 0; i < BATCH; i++) {
    messages_[i].msg_hdr.msg_iov = &places_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

int Packet::receive(Pool& pool, int32_t* slots, int count) noexcept {
  Burst burst(pool, arrivals_, slots, count);
  for (int received = 0; received < RECEIVED_MAX && !burst.isFull();) {
    const int most = prepareReceive(burst, pool, std::min(BATCH, count - burst.filled()));
    if (most == 0) return burst.filled() > 0 ? burst.finish() : -EFAULT;
    const int got = recvmmsg(socket_.get(), messages_.data(), static_cast<unsigned>(most), MSG_DONTWAIT, nullptr);
    if (got < 0) {
      const int error = errno;
      received++;
      if (error == EINTR) continue;
      if (error == EINVAL) {
        missed_++;
        continue;
      }
      const int answer = answerTo(error);
      return burst.filled() > 0 ? burst.finish() : answer;
    }
    received += got;
    const int filledBefore = burst.filled();
    for (int i = 0; i < got; i++) keep(burst, i, i - (burst.filled() - filledBefore));
    if (got < most) break;
  }
  return burst.finish();
}

int Packet::prepareReceive(const Burst& burst, const Pool& pool, int most) noexcept {
  for (int i = 0; i < most; i++) {
    uint8_t* const frame = burst.roomFor(i);
    if (frame == nullptr) return i;
    places_[static_cast<size_t>(i)] = {frame - VNET_BYTES, pool.room + VNET_BYTES};
    msghdr& header = messages_[static_cast<size_t>(i)].msg_hdr;
    header.msg_control = controls_[static_cast<size_t>(i)].bytes;
    header.msg_controllen = sizeof controls_[0].bytes;
  }
  return most;
}

/** Takes what the i-th message brought; `joined` frames before it gave their slots back. */
void Packet::keep(Burst& burst, int i, int joined) noexcept {
  const mmsghdr& message = messages_[static_cast<size_t>(i)];
  if (message.msg_len < VNET_BYTES + ETHERNET_ADDRESSES) return;
  uint8_t* const place = static_cast<uint8_t*>(places_[static_cast<size_t>(i)].iov_base) + VNET_BYTES;
  const auto [frame, length, wireLength, offload] = readMessage(place, message.msg_len - VNET_BYTES, message.msg_hdr);
  if (!burst.join(frame, length, offload)) burst.keep(frame, length, wireLength, offload, joined);
}

int Packet::answerTo(int error) noexcept {
  if (error == EAGAIN) return link_.isPresent() ? 0 : -ENODEV;
  link_.refresh();
  if (!link_.isPresent()) return -ENODEV;
  return error == ENETDOWN || error == ENOBUFS || error == ENOMEM ? 0 : -error;
}

int Packet::send(Pool& pool, const int32_t* slots, int count, uint8_t* into) noexcept {
  Outcomes outcomes(into, count);
  for (int at = 0; at < count;) {
    int prepared = 0;
    for (; prepared < BATCH && at + prepared < count; prepared++) {
      const int32_t slot = slots[at + prepared];
      uint8_t* const frame = pool.bytesOf(slot);
      if (frame == nullptr) break;
      const uint32_t length = pool.length[slot];
      writeVnet(frame - VNET_BYTES, pool.offloadOf(slot), frame, length);
      places_[static_cast<size_t>(prepared)] = {frame - VNET_BYTES, length + VNET_BYTES};
      messages_[static_cast<size_t>(prepared)].msg_hdr.msg_control = nullptr;
      messages_[static_cast<size_t>(prepared)].msg_hdr.msg_controllen = 0;
    }
    if (prepared == 0) {
      outcomes.refuse(at++, Outcome::Invalid);
      continue;
    }
    const int sent = sendmmsg(socket_.get(), messages_.data(), static_cast<unsigned>(prepared), MSG_DONTWAIT);
    if (sent > 0) {
      at += sent;
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if (refusesAll(error)) {
      outcomes.refuseFrom(at, outcomeOf(error));
      break;
    }
    outcomes.refuse(at++, outcomeOf(error));
  }
  return outcomes.refused();
}

void Packet::status(double* into) noexcept {
  tpacket_stats counted{};
  socklen_t size = sizeof counted;
  // Reading the statistics sets them to 0.
  if (getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &counted, &size) == 0) missed_ += counted.tp_drops;
  link_.refresh();
  link_.write(into);
  into[Missed] = missed_;
}

}  // namespace etherloom
