#include "supers.h"

#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <cstddef>

#include "errors.h"
#include "packet.h"
#include "vnet.h"

namespace etherloom {

namespace {

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/** A socket with this program hears super-frames only, or all but them; no descriptor where the kernel loads no programs. */
Descriptor programFor(bool supers) {
  const auto verdict = [](bool hears) { return bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, hears ? -1 : 0}; };
  const bpf_insn end{BPF_JMP | BPF_EXIT, 0, 0, 0, 0};
  const bpf_insn program[] = {
      {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_1, offsetof(__sk_buff, gso_size), 0},
      {BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0},
      verdict(supers),
      end,
      verdict(!supers),
      end,
  };
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = reinterpret_cast<uintptr_t>(program);
  load.insn_cnt = sizeof program / sizeof *program;
  load.license = reinterpret_cast<uintptr_t>("MIT");
  return Descriptor(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load)));
}

/** Of what came beside a message: the time, and what Packet reads. */
struct alignas(cmsghdr) Beside {
  uint8_t bytes[CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(tpacket_auxdata))];
};

}  // namespace

Supers::Supers(const std::string& name, const Link& link, int others) {
  const Descriptor only = programFor(true), but = programFor(false);
  if (!only || !but) return;
  const int program = but.get(), on = 1;
  // In this order none comes twice.
  if (setsockopt(others, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof program) != 0)
    throw Failure("SO_ATTACH_BPF", name, errno);
  socket_ = packetSocket(name, link, only.get());
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
    throw Failure("SO_TIMESTAMPNS", name, errno);
}

void Supers::look() noexcept {
  if (isAtHand_ || !socket_) return;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  looked_ns_ = nanoseconds(now);
  // Only its time is of interest, but the socket wants room for a virtio_net_hdr.
  uint8_t header[VNET_BYTES];
  Beside beside;
  iovec place{header, sizeof header};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = beside.bytes;
  message.msg_controllen = sizeof beside.bytes;
  if (recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_PEEK) < 0) {
    if (errno == EINVAL) discard();
    return;
  }
  const uint8_t* const time = besideOf(message, SOL_SOCKET, SCM_TIMESTAMPNS);
  timespec seen{};
  if (time != nullptr) std::memcpy(&seen, time, sizeof seen);
  time_ns_ = nanoseconds(seen);
  isAtHand_ = true;
}

void Supers::giveTo(Burst& burst, const Pool& pool) noexcept {
  isAtHand_ = false;
  uint8_t* const frame = burst.roomFor();
  if (frame == nullptr) return;
  Beside beside;
  iovec place{frame - VNET_BYTES, pool.room + VNET_BYTES};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = beside.bytes;
  message.msg_controllen = sizeof beside.bytes;
  const ssize_t got = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  if (got < static_cast<ssize_t>(VNET_BYTES + ETHERNET_ADDRESSES)) return;
  const PacketMessage read = readMessage(frame, static_cast<uint32_t>(got) - VNET_BYTES, message);
  // It is here in full. (The length that came beside it is none: Linux has written an address over it when we looked.)
  burst.keep(read.frame, read.length, read.length, read.offload);
}

void Supers::discard() noexcept {
  uint8_t header[VNET_BYTES];
  if (recv(socket_.get(), header, sizeof header, MSG_DONTWAIT) < 0 && errno == EINVAL) missed_++;
}

double Supers::missed() noexcept {
  tpacket_stats counted{};
  socklen_t size = sizeof counted;
  if (socket_ && getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &counted, &size) == 0)
    missed_ += counted.tp_drops;
  return missed_;
}

}  // namespace etherloom
