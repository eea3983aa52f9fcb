/** The calls that open and configure, by node-addon-api. They throw NativeError, or TypeError and RangeError for wrong arguments. */
#include "addon.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string>

#include "constants.h"
#include "errors.h"
#include "packet.h"
#include "tap.h"

#ifdef ETHERLOOM_CAPTURE
#include "capture.h"
#endif

namespace etherloom {

namespace {

/** Bytes of the smallest Ethernet frame, and more than the largest a slot could have to hold. */
constexpr double ROOM_MIN = 60, ROOM_MAX = 1 << 20;
/** As much as Linux lets anybody have by default (fs.pipe-max-size). */
constexpr int PIPE_BYTES = 1 << 20;
constexpr double MAX_SAFE_INTEGER = 9007199254740991;

#ifdef ETHERLOOM_CAPTURE
constexpr bool HAS_CAPTURE = true;
#else
constexpr bool HAS_CAPTURE = false;
#endif

}  // namespace

namespace {

/** Runs what may fail, and turns a Failure into a NativeError. */
template <typename Work>
auto guarded(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const Failure& failure) {
    Napi::Error error = Napi::Error::New(env, failure.what());
    error.Set("name", "NativeError");
    error.Set("code", failure.code());
    error.Set("syscall", failure.syscall());
    throw error;
  }
}

double numberIn(const Napi::Value& value, const char* name, double least, double most) {
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), std::string(name) + ": a number is needed");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= least && number <= most) || number != std::floor(number))
    throw Napi::RangeError::New(value.Env(), std::string(name) + ": out of range");
  return number;
}

std::string textIn(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(name) + ": a string is needed");
  const std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos)
    throw Napi::TypeError::New(value.Env(), std::string(name) + ": a string without zero bytes is needed");
  return text;
}

std::string textOr(const Napi::Value& value, const char* name, const char* otherwise) {
  return value.IsUndefined() ? otherwise : textIn(value, name);
}

Napi::Object objectIn(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(name) + ": an object is needed");
  return value.As<Napi::Object>();
}

Arrivals arrivalsAt(const Napi::Object& place) {
  return {static_cast<uint16_t>(numberIn(place.Get("port"), "port", 0, UINT16_MAX)),
          static_cast<uint32_t>(numberIn(place.Get("serial"), "serial", 0, UINT32_MAX))};
}

DeviceOptions deviceIn(const Napi::Object& options) {
  return {textIn(options.Get("interface"), "interface"), textOr(options.Get("namespace"), "namespace", "")};
}

/** A descriptor, a handle or a filter. */
int32_t numbered(const Napi::Value& value, const char* name) {
  return static_cast<int32_t>(numberIn(value, name, 0, INT32_MAX));
}

#ifndef ETHERLOOM_CAPTURE
Failure withoutCapture(const char* what, const std::string& subject) {
  return Failure(what, subject, ENOSYS, "built without libpcap: apt install libpcap-dev, then npm run install");
}
#endif

/** What load.ts and a test compare with TypeScript's numbers. */
Napi::Object constantsFor(Napi::Env env) {
  Napi::Object all = Napi::Object::New(env);
  const auto set = [&](const char* name, uint32_t value) { all.Set(name, Napi::Number::New(env, value)); };
  set("PARTIAL", PARTIAL);
  set("SUPER", SUPER);
  set("TcpV4", GSO_TCP_V4);
  set("TcpV6", GSO_TCP_V6);
  set("UdpL4", GSO_UDP_L4);
  set("Ecn", GSO_ECN);
  set("Sent", static_cast<uint32_t>(Outcome::Sent));
  set("QueueFull", static_cast<uint32_t>(Outcome::QueueFull));
  set("TooLong", static_cast<uint32_t>(Outcome::TooLong));
  set("Down", static_cast<uint32_t>(Outcome::Down));
  set("Gone", static_cast<uint32_t>(Outcome::Gone));
  set("Invalid", static_cast<uint32_t>(Outcome::Invalid));
  set("Missed", Missed);
  set("Carrier", Carrier);
  set("Up", Up);
  set("Mtu", Mtu);
  set("Present", Present);
  set("Count", StatusCount);
  return all;
}

}  // namespace

Addon::Addon(Napi::Env env, Napi::Object exports) {
  DefineAddon(exports, {
                           InstanceValue("contract", Napi::Number::New(env, CONTRACT)),
                           InstanceValue("constants", constantsFor(env)),
                           InstanceValue("hasCapture", Napi::Boolean::New(env, HAS_CAPTURE)),
                           InstanceMethod("createTap", &Addon::createTap),
                           InstanceMethod("closeDescriptor", &Addon::closeDescriptor),
                           InstanceMethod("attachPool", &Addon::attachPool),
                           InstanceMethod("openTap", &Addon::openTap),
                           InstanceMethod("openPacket", &Addon::openPacket),
                           InstanceMethod("openCapture", &Addon::openCapture),
                           InstanceMethod("close", &Addon::close),
                           InstanceMethod("widenPipe", &Addon::widenPipe),
                           InstanceMethod("compileFilter", &Addon::compileFilter),
                           InstanceMethod("freeFilter", &Addon::freeFilter),
                       });
  defineHotCalls(env, exports);
}

Napi::Value Addon::createTap(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = objectIn(info[0], "options");
    TapOptions tap;
    tap.name = textIn(options.Get("name"), "name");
    tap.nameSpace = textOr(options.Get("namespace"), "namespace", "");
    tap.isPersistent = options.Get("persistent").ToBoolean();
    tap.isMultiQueue = options.Get("multiQueue").ToBoolean();
    const Napi::Value owner = options.Get("owner");
    if (!owner.IsUndefined()) tap.owner = static_cast<uint32_t>(numberIn(owner, "owner", 0, UINT32_MAX - 1));
    return Napi::Number::New(info.Env(), etherloom::createTap(tap));
  });
}

void Addon::closeDescriptor(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { removeTap(numbered(info[0], "descriptor")); });
}

void Addon::widenPipe(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { fcntl(numbered(info[0], "descriptor"), F_SETPIPE_SZ, PIPE_BYTES); });
}

void Addon::attachPool(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object columns = objectIn(info[0], "columns");
  const Napi::Array kept = Napi::Array::New(env);
  Pool next;
  const auto read = [&](const char* name, napi_typedarray_type kind, size_t least, auto*& memory) {
    const Napi::Value value = columns.Get(name);
    napi_typedarray_type found;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(env, value, &found, &length, &data, nullptr, nullptr) != napi_ok || found != kind ||
        length < least)
      throw Napi::TypeError::New(env, std::string(name) + ": not a column of the pool");
    memory = static_cast<std::remove_reference_t<decltype(memory)>>(data);
    kept.Set(kept.Length(), value);
    return length;
  };
  next.size = read("bytes", napi_uint8_array, 0, next.bytes);
  next.slots = static_cast<uint32_t>(std::min<size_t>(read("start", napi_int32_array, 0, next.start), INT32_MAX));
  read("length", napi_int32_array, next.slots, next.length);
  read("wireLength", napi_uint32_array, next.slots, next.wireLength);
  read("inPort", napi_uint16_array, next.slots, next.inPort);
  read("serial", napi_uint32_array, next.slots, next.serial);
  read("tick", napi_float64_array, next.slots, next.tick);
  read("seconds", napi_float64_array, next.slots, next.seconds);
  read("nanoseconds", napi_uint32_array, next.slots, next.nanoseconds);
  read("flags", napi_uint8_array, next.slots, next.flags);
  read("gsoType", napi_uint8_array, next.slots, next.gsoType);
  read("gsoSize", napi_uint16_array, next.slots, next.gsoSize);
  read("checksumStart", napi_uint16_array, next.slots, next.checksumStart);
  read("checksumOffset", napi_uint16_array, next.slots, next.checksumOffset);
  next.room = static_cast<uint32_t>(numberIn(info[1], "room", ROOM_MIN, ROOM_MAX));
  next.base_ns = static_cast<int64_t>(numberIn(info[2], "base_ns", 0, MAX_SAFE_INTEGER));
  columns_ = Napi::Persistent(kept);
  pool = next;
}

Napi::Value Addon::keep(Napi::Env env, std::unique_ptr<Device> device) {
  const int descriptor = device->descriptor();
  const int32_t handle = devices.add(std::move(device));
  try {
    waiter.watch(descriptor, handle);
  } catch (const Failure&) {
    devices.remove(handle);
    throw;
  }
  return Napi::Number::New(env, handle);
}

Napi::Value Addon::openTap(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const int descriptor = numbered(info[0], "descriptor");
    const Arrivals arrivals = arrivalsAt(objectIn(info[1], "place"));
    return keep(info.Env(), std::make_unique<Tap>(descriptor, arrivals));
  });
}

Napi::Value Addon::openPacket(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Napi::Object options = objectIn(info[0], "options");
    return keep(info.Env(), std::make_unique<Packet>(deviceIn(options), arrivalsAt(options)));
  });
}

Napi::Value Addon::openCapture(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object options = objectIn(info[0], "options");
    const DeviceOptions device = deviceIn(options);
#ifdef ETHERLOOM_CAPTURE
    return keep(info.Env(), std::make_unique<Capture>(device, arrivalsAt(options)));
#else
    throw withoutCapture("pcap_create", device.name);
#endif
  });
}

void Addon::close(const Napi::CallbackInfo& info) {
  const int32_t handle = numbered(info[0], "handle");
  const Device* const device = devices.find(handle);
  if (device == nullptr) return;
  // A duplicate of the descriptor may live on, and would go on being reported.
  waiter.forget(device->descriptor());
  devices.remove(handle);
}

Napi::Value Addon::compileFilter(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string expression = textIn(info[0], "expression");
#ifdef ETHERLOOM_CAPTURE
    return Napi::Number::New(info.Env(), filters.add(std::make_unique<Filter>(expression)));
#else
    throw withoutCapture("pcap_compile", "");
#endif
  });
}

void Addon::freeFilter(const Napi::CallbackInfo& info) {
  [[maybe_unused]] const int32_t filter = numbered(info[0], "filter");
#ifdef ETHERLOOM_CAPTURE
  filters.remove(filter);
#endif
}

}  // namespace etherloom

using etherloom::Addon;
NODE_API_ADDON(Addon)
