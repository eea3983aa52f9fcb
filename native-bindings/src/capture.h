/**
 * An existing interface through libpcap. It hands out frames as the interface's driver saw them, without a word about what is left to do: a
 * checksum may be partial, and a TCP frame may be a super-frame. Both are recognised here (rule 7), so that nothing behind has to know.
 */
#pragma once

#include <pcap/pcap.h>

#include <memory>

#include "coalesce.h"
#include "device.h"
#include "link.h"
#include "packet.h"

namespace etherloom {

class Capture final : public Device {
 public:
  /** @throws Failure */
  Capture(const DeviceOptions& options, Arrivals arrivals);

  int receive(Pool& pool, int32_t* slots, int count) noexcept override;
  int send(Pool& pool, const int32_t* slots, int count, uint8_t* outcomes) noexcept override;
  void status(double* into) noexcept override;
  int descriptor() const noexcept override { return pcap_get_selectable_fd(pcap_.get()); }
  bool endsWithError() const noexcept override { return false; }

 private:
  struct ClosePcap {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  };
  using Pcap = std::unique_ptr<pcap_t, ClosePcap>;

  struct Opened {
    Pcap pcap;
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
  static void take(u_char* receiving, const pcap_pkthdr* header, const u_char* bytes);

  Pcap pcap_;
  Arrivals arrivals_;
  Link link_;
  double missed_ = 0;
  uint32_t dropsBefore_ = 0;
};

/** What is left to do to a frame of which nothing is known but its bytes. It may write the partial sum of a super-frame. */
Offload recognise(uint8_t* frame, uint32_t length, uint32_t mtu);

}  // namespace etherloom
