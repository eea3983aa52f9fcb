#include "filter.h"

#include <cerrno>
#include <memory>

#include "errors.h"

namespace etherloom {

Filter::Filter(const std::string& expression) {
  constexpr int SNAPLEN_MAX = 262144;
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> nowhere(pcap_open_dead(DLT_EN10MB, SNAPLEN_MAX), pcap_close);
  if (!nowhere) throw Failure("pcap_open_dead", "", ENOMEM);
  if (pcap_compile(nowhere.get(), &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    throw Failure("pcap_compile", "", EINVAL, pcap_geterr(nowhere.get()));
}

}  // namespace etherloom
