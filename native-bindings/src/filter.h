#pragma once

#include <pcap/pcap.h>

#include <string>

namespace etherloom {

/** A filter in tcpdump's language, compiled for Ethernet frames. */
class Filter {
 public:
  /** @throws Failure with libpcap's words */
  explicit Filter(const std::string& expression);
  ~Filter() { pcap_freecode(&program_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  /** Of the frame `wireLength` bytes were sent and `length` are here. */
  bool matches(const uint8_t* frame, uint32_t length, uint32_t wireLength) const {
    pcap_pkthdr header{};
    header.caplen = length;
    header.len = wireLength;
    return pcap_offline_filter(&program_, &header, frame) != 0;
  }

 private:
  bpf_program program_{};
};

}  // namespace etherloom
