/**
 * An existing interface through libpcap. It hands out frames as the interface's driver saw them, without a word about what is left to do:
 * partial checksums are recognised here (rule 7), and super-frames come by another way (supers.h), so that nothing behind has to know.
 */
#pragma once

#include <pcap/pcap.h>

#include <memory>
#include <vector>

#include "coalesce.h"
#include "device.h"
#include "link.h"
#include "packet.h"
#include "supers.h"

namespace etherloom {

class Capture final : public Device {
 public:
  /** @throws Failure */
  Capture(const DeviceOptions& options, Arrivals arrivals);

  int receive(Pool& pool, int32_t* slots, int count) noexcept override;
  int send(Pool& pool, const int32_t* slots, int count, uint8_t* outcomes) noexcept override;
  void status(double* into) noexcept override;
  int descriptor() const noexcept override { return either_.get(); }
  bool endsWithError() const noexcept override { return false; }

 private:
  struct ClosePcap {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  };
  using Pcap = std::unique_ptr<pcap_t, ClosePcap>;

  struct Opened {
    Pcap pcap;
    Supers supers;
    Descriptor either;
    Link link;
  };
  static Opened open(const DeviceOptions& options);
  static Pcap activate(const std::string& name);
  Capture(Opened opened, Arrivals arrivals);

  struct Receiving {
    Capture& capture;
    Burst& burst;
    const Pool& pool;
  };
  /** Receives the super-frame at hand, and looks for the next. */
  void giveSuper(Burst& burst, const Pool& pool) noexcept;
  /** Puts a frame into the burst, behind the super-frames before it; false when there are more of those than room. */
  bool keep(Burst& burst, const Pool& pool, const pcap_pkthdr& header, const uint8_t* bytes) noexcept;
  /** Has it wait for the next burst: super-frames wait before it, so the descriptor is readable. */
  void hold(const pcap_pkthdr& header, const uint8_t* bytes) noexcept;
  static void take(u_char* receiving, const pcap_pkthdr* header, const u_char* bytes);

  Pcap pcap_;
  Supers supers_;
  /** Readable when one of the two is. */
  Descriptor either_;
  /** A frame that libpcap gave and that had no room, and whether there is one. */
  pcap_pkthdr held_{};
  std::vector<uint8_t> heldBytes_;
  bool isHolding_ = false;
  Arrivals arrivals_;
  Link link_;
  double missed_ = 0;
  uint32_t dropsBefore_ = 0;
};

/**
 * What is left to do to a frame of which nothing is known but its bytes. A TCP frame longer than the MTU is a super-frame also where those
 * have no other way; then it is guessed that the MTU is what its receiver can take. It may write the partial sum of a super-frame.
 */
Offload recognise(uint8_t* frame, uint32_t length, uint32_t mtu);

}  // namespace etherloom
