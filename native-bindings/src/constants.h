/**
 * Numbers that TypeScript and C++ share. native.ts and dataplane/frame say what they mean; the addon exports them, and a test compares.
 */
#pragma once

#include <cstdint>

namespace etherloom {

/** Version of the contract in native.ts: a binary of another one is not loaded. */
constexpr uint32_t CONTRACT = 2;

/** Bits of the column `flags`. */
constexpr uint8_t PARTIAL = 2;
constexpr uint8_t SUPER = 4;

/** Values of the column `gsoType`: VIRTIO_NET_HDR_GSO_*. */
constexpr uint8_t GSO_TCP_V4 = 1;
constexpr uint8_t GSO_TCP_V6 = 4;
constexpr uint8_t GSO_UDP_L4 = 5;
constexpr uint8_t GSO_ECN = 0x80;

enum class Outcome : uint8_t { Sent, QueueFull, TooLong, Down, Gone, Invalid };

enum Status : int { Missed, Carrier, Up, Mtu, Present, StatusCount };

}  // namespace etherloom
