/**
 * An existing interface by AF_PACKET: what comes in at it is received (what others send through it is not), what we send goes out by it.
 *
 * With PACKET_VNET_HDR super-frames and partial checksums pass whole, as with a TAP. A VLAN tag that the kernel has taken out of the frame
 * is put back. When the interface goes down the socket says ENETDOWN once, and works again when it comes up; when the interface is removed
 * the socket is of no more use.
 */
#pragma once

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <string>

#include "coalesce.h"
#include "descriptor.h"
#include "device.h"
#include "link.h"

namespace etherloom {

/** Which interface: by name, in the namespace with this path (empty: the thread's own). */
struct DeviceOptions {
  std::string name;
  std::string nameSpace;
};

/**
 * A socket that hears what comes in at the interface, with PACKET_VNET_HDR and PACKET_AUXDATA.
 * @param program if not negative, says which frames it hears (bpf(2))
 * @throws Failure
 */
Descriptor packetSocket(const std::string& name, const Link& link, int program = -1);

/** A frame as such a socket gave it. */
struct PacketMessage {
  uint8_t* frame;
  uint32_t length;
  uint32_t wireLength;
  Offload offload;
};

/**
 * Reads what stands around a frame of `bytes`: its virtio_net_hdr before it, and what came beside it. Puts a VLAN tag back that the kernel
 * has taken out, so the frame may begin earlier than where it was received.
 */
PacketMessage readMessage(uint8_t* frame, uint32_t bytes, const msghdr& message);

/** What the kernel gave beside a message (cmsg(3)); null when it did not. */
const uint8_t* besideOf(const msghdr& message, int level, int type);

class Packet final : public Device {
 public:
  /** @throws Failure */
  Packet(const DeviceOptions& options, Arrivals arrivals);

  int receive(Pool& pool, int32_t* slots, int count) noexcept override;
  int send(Pool& pool, const int32_t* slots, int count, uint8_t* outcomes) noexcept override;
  void status(double* into) noexcept override;
  int descriptor() const noexcept override { return socket_.get(); }
  bool endsWithError() const noexcept override { return false; }

 private:
  static constexpr int BATCH = 64;

  struct Opened {
    Descriptor socket;
    Link link;
  };
  static Opened open(const DeviceOptions& options);
  Packet(Opened opened, Arrivals arrivals);

  /** Points the messages at the next slots; returns how many. */
  int prepareReceive(const Burst& burst, const Pool& pool, int most) noexcept;
  void keep(Burst& burst, int i, int joined) noexcept;
  /** What an error while receiving means: 0 to go on later, or a negative errno. */
  int answerTo(int error) noexcept;

  Descriptor socket_;
  Arrivals arrivals_;
  Link link_;
  /** Frames that the kernel dropped: because our buffer was full, and because it could not describe them. */
  double missed_ = 0;

  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };
  std::array<mmsghdr, BATCH> messages_{};
  std::array<iovec, BATCH> places_{};
  std::array<Control, BATCH> controls_{};
};

}  // namespace etherloom
