#include "capture.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "errors.h"
#include "namespace.h"

namespace etherloom {

namespace {

/** The largest super-frame behind two tags. */
constexpr int SNAPLEN = 65535 + 14 + static_cast<int>(TAGS_MAX * TAG_BYTES);
/** libpcap's ring has a place of SNAPLEN for each frame, if the interface has offloads: 500 of them. */
constexpr int RING_BYTES = 32 << 20;
constexpr int SEND_BUFFER_BYTES = 4 << 20;
/** Frames received in one call. */
constexpr int RECEIVED_MAX = 256;

int errnoOf(int pcapError) {
  switch (pcapError) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return ENODEV;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return EPERM;
    case PCAP_ERROR_IFACE_NOT_UP:
      return ENETDOWN;
    default:
      return EIO;
  }
}

/** Readable when one of them is; a descriptor of -1 never is. */
Descriptor eitherOf(int one, int other) {
  Descriptor either(epoll_create1(EPOLL_CLOEXEC));
  if (!either) throw Failure("epoll_create1", "", errno);
  for (const int descriptor : {one, other}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (descriptor >= 0 && epoll_ctl(either.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
      throw Failure("epoll_ctl", "", errno);
  }
  return either;
}

int64_t nanosecondsOf(const pcap_pkthdr& header) {
  // With PCAP_TSTAMP_PRECISION_NANO the member has another unit than its name says.
  return int64_t{header.ts.tv_sec} * 1'000'000'000 + header.ts.tv_usec;
}

/** No frame is a super-frame. */
constexpr uint32_t MTU_ANY = std::numeric_limits<uint32_t>::max();

/** What this packet of a frame leaves to a network card. */
Offload recogniseAt(uint8_t* frame, uint32_t length, const Layout& layout, uint32_t mtu) {
  Offload offload;
  const bool isTcp = layout.protocol == PROTOCOL_TCP;
  const uint32_t field = isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
  uint8_t* const transport = frame + layout.transport;
  const uint16_t pseudo = fold(pseudoSum(frame, layout, length - layout.transport));
  const uint32_t tcpHeader = isTcp ? (transport[12] >> 4) * 4u : 0;
  const uint32_t headers = layout.transport - layout.network + tcpHeader;
  const bool isSuper = isTcp && length - layout.network > mtu && tcpHeader >= TCP_HEADER && mtu > headers &&
                       layout.network + headers < length;
  if (isSuper) {
    offload.flags = SUPER;
    offload.gsoType = layout.isIpv6 ? GSO_TCP_V6 : GSO_TCP_V4;
    offload.gsoSize = static_cast<uint16_t>(mtu - headers);
    // Nobody can have seen a complete checksum of it on a wire.
    write16(transport + field, pseudo);
  } else if (read16(transport + field) != pseudo) {
    return offload;
  }
  offload.flags |= PARTIAL;
  offload.checksumStart = static_cast<uint16_t>(layout.transport);
  offload.checksumOffset = static_cast<uint16_t>(field);
  return offload;
}

}  // namespace

Offload recognise(uint8_t* frame, uint32_t length, uint32_t mtu) {
  Layout layout, inner;
  if (!findTransport(frame, length, layout)) return Offload{};
  const Offload offload = recogniseAt(frame, length, layout, mtu);
  if (offload.flags != 0 || !findTunneled(frame, length, layout, inner)) return offload;
  return recogniseAt(frame, length, inner, MTU_ANY);
}

Capture::Opened Capture::open(const DeviceOptions& options) {
  const InNamespace there(options.nameSpace);
  Link link(options.name);
  Pcap pcap = activate(options.name);
  Supers supers(options.name, link, pcap_fileno(pcap.get()));
  Descriptor either = eitherOf(pcap_get_selectable_fd(pcap.get()), supers.descriptor());
  return {std::move(pcap), std::move(supers), std::move(either), std::move(link)};
}

Capture::Pcap Capture::activate(const std::string& name) {
  char words[PCAP_ERRBUF_SIZE] = "";
  Pcap pcap(pcap_create(name.c_str(), words));
  if (!pcap) throw Failure("pcap_create", name, EIO, words);
  pcap_set_snaplen(pcap.get(), SNAPLEN);
  pcap_set_promisc(pcap.get(), 1);
  pcap_set_immediate_mode(pcap.get(), 1);
  pcap_set_buffer_size(pcap.get(), RING_BYTES);
  pcap_set_tstamp_precision(pcap.get(), PCAP_TSTAMP_PRECISION_NANO);
  if (const int status = pcap_activate(pcap.get()); status < 0)
    throw Failure("pcap_activate", name, errnoOf(status), pcap_statustostr(status));
  if (pcap_datalink(pcap.get()) != DLT_EN10MB)
    throw Failure("pcap_datalink", name, EMEDIUMTYPE, "it does not carry Ethernet frames");
  if (pcap_setnonblock(pcap.get(), 1, words) != 0) throw Failure("pcap_setnonblock", name, EIO, words);
  if (pcap_setdirection(pcap.get(), PCAP_D_IN) != 0)
    throw Failure("pcap_setdirection", name, EIO, pcap_geterr(pcap.get()));
  const int bytes = SEND_BUFFER_BYTES;
  setsockopt(pcap_fileno(pcap.get()), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  return pcap;
}

Capture::Capture(const DeviceOptions& options, Arrivals arrivals) : Capture(open(options), arrivals) {}

Capture::Capture(Opened opened, Arrivals arrivals)
    : pcap_(std::move(opened.pcap)),
      supers_(std::move(opened.supers)),
      either_(std::move(opened.either)),
      heldBytes_(SNAPLEN),
      arrivals_(arrivals),
      link_(std::move(opened.link)) {}

int Capture::receive(Pool& pool, int32_t* slots, int count) noexcept {
  Burst burst(pool, arrivals_, slots, count);
  Receiving receiving{*this, burst, pool};
  supers_.look();
  if (isHolding_) isHolding_ = !keep(burst, pool, held_, heldBytes_.data());
  for (int received = 0; received < RECEIVED_MAX && !burst.isFull() && !isHolding_;) {
    if (burst.roomFor() == nullptr) return burst.filled() > 0 ? burst.finish() : -EFAULT;
    const int most = count - burst.filled();
    const int got = pcap_dispatch(pcap_.get(), most, take, reinterpret_cast<u_char*>(&receiving));
    if (got == PCAP_ERROR_BREAK) break;
    if (got < 0) {
      // libpcap says the same when the interface went down, which passes, and when it was removed.
      link_.refresh();
      if (burst.filled() > 0) break;
      if (!link_.isPresent()) return -ENODEV;
      return link_.isUp() ? -EIO : 0;
    }
    received += got;
    if (got == most) continue;
    // Nothing that comes now through libpcap is older than what is at hand.
    if (!supers_.isAtHand() || burst.isFull()) break;
    giveSuper(burst, pool);
    received++;
  }
  supers_.leave();
  return burst.finish();
}

void Capture::giveSuper(Burst& burst, const Pool& pool) noexcept {
  supers_.giveTo(burst, pool);
  supers_.look();
}

void Capture::take(u_char* argument, const pcap_pkthdr* header, const u_char* bytes) {
  auto& [capture, burst, pool] = *reinterpret_cast<Receiving*>(argument);
  const bool isKept = capture.keep(burst, pool, *header, bytes);
  if (!isKept) capture.hold(*header, bytes);
  // Super-frames between them have taken places that libpcap was told to fill.
  if (!isKept || burst.isFull()) pcap_breakloop(capture.pcap_.get());
}

bool Capture::keep(Burst& burst, const Pool& pool, const pcap_pkthdr& header, const uint8_t* bytes) noexcept {
  const int64_t time_ns = nanosecondsOf(header);
  if (time_ns >= supers_.looked_ns()) supers_.look();
  while (supers_.isAtHand(time_ns)) {
    // A burst of one frame cannot hold both.
    if (!burst.hasRoom(2) && burst.filled() > 0) return false;
    if (!burst.hasRoom(2)) break;
    giveSuper(burst, pool);
  }
  uint8_t* const frame = burst.roomFor();
  if (frame == nullptr) return true;
  const uint32_t length = std::min(header.caplen, pool.room);
  std::memcpy(frame, bytes, length);
  const bool isWhole = length == header.len;
  const Offload offload = isWhole ? recognise(frame, length, static_cast<uint32_t>(link_.mtu())) : Offload{};
  if (!isWhole || !burst.join(frame, length, offload)) burst.keep(frame, length, header.len, offload);
  return true;
}

void Capture::hold(const pcap_pkthdr& header, const uint8_t* bytes) noexcept {
  held_ = header;
  isHolding_ = true;
  std::memcpy(heldBytes_.data(), bytes, std::min<size_t>(header.caplen, heldBytes_.size()));
}

int Capture::send(Pool& pool, const int32_t* slots, int count, uint8_t* into) noexcept {
  Outcomes outcomes(into, count);
  for (int i = 0; i < count; i++) {
    const uint8_t* const frame = pool.bytesOf(slots[i]);
    if (frame == nullptr) {
      outcomes.refuse(i, Outcome::Invalid);
      continue;
    }
    if (pcap_inject(pcap_.get(), frame, pool.length[slots[i]]) >= 0) continue;
    const int error = errno;
    if (refusesAll(error)) {
      outcomes.refuseFrom(i, outcomeOf(error));
      break;
    }
    outcomes.refuse(i, outcomeOf(error));
  }
  return outcomes.refused();
}

void Capture::status(double* into) noexcept {
  pcap_stat counted{};
  if (pcap_stats(pcap_.get(), &counted) == 0) {
    // A counter of 32 bits; what it has grown by is right also when it has begun anew.
    missed_ += static_cast<uint32_t>(counted.ps_drop - dropsBefore_);
    dropsBefore_ = counted.ps_drop;
  }
  link_.refresh();
  link_.write(into);
  into[Missed] = missed_ + supers_.missed();
}

}  // namespace etherloom
