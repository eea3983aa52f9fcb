/**
 * The edge to JavaScript: one Addon for each thread that loads it, with that thread's pool, devices and waiter. Node destroys it when the
 * thread ends, which closes whatever is still open.
 *
 * Two kinds of functions. Those that open or configure use node-addon-api and throw. Those that move frames use bare Node-API: they make
 * no object but a number, and answer wrong arguments with -EINVAL instead of throwing.
 */
#include <napi.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "constants.h"
#include "device.h"
#include "errors.h"
#include "pool.h"
#include "tap.h"
#include "waiter.h"

namespace etherloom {

namespace {

/** Bytes of the smallest Ethernet frame, and more than the largest a slot could have to hold. */
constexpr double ROOM_MIN = 60, ROOM_MAX = 1 << 20;
constexpr double MAX_SAFE_INTEGER = 9007199254740991;

}  // namespace

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  Pool pool;
  Waiter waiter;

  /** The device of this handle, or null. */
  Device* find(int32_t handle) const {
    return static_cast<size_t>(handle) < devices_.size() ? devices_[static_cast<size_t>(handle)].get() : nullptr;
  }

 private:
  Napi::Value createTap(const Napi::CallbackInfo& info);
  void closeDescriptor(const Napi::CallbackInfo& info);
  void attachPool(const Napi::CallbackInfo& info);
  Napi::Value openTap(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  /** Watches a new device under the first number that is free. */
  int32_t keep(std::unique_ptr<Device> device);

  std::vector<std::unique_ptr<Device>> devices_;
  /** The typed arrays into which `pool` points. */
  Napi::Reference<Napi::Array> columns_;
};

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

int descriptorIn(const Napi::Value& value) {
  return static_cast<int>(numberIn(value, "descriptor", 0, INT32_MAX));
}

/** The arguments of a call that moves frames. */
template <size_t COUNT>
class HotCall {
 public:
  HotCall(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = COUNT;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, arguments_.data(), nullptr, &data);
    addon_ = static_cast<Addon*>(data);
  }

  Addon& addon() const { return *addon_; }

  /** A whole number; false when the argument is none. */
  bool read(size_t i, int32_t& number) const { return napi_get_value_int32(env_, arguments_[i], &number) == napi_ok; }
  bool read(size_t i, double& number) const { return napi_get_value_double(env_, arguments_[i], &number) == napi_ok; }

  /** The memory of a typed array of this kind; null when the argument is none. */
  template <typename Element>
  Element* read(size_t i, napi_typedarray_type kind, size_t& length) const {
    napi_typedarray_type found;
    void* memory = nullptr;
    if (napi_get_typedarray_info(env_, arguments_[i], &found, &length, &memory, nullptr, nullptr) != napi_ok ||
        found != kind)
      return nullptr;
    return static_cast<Element*>(memory);
  }

  napi_value answer(int32_t number) const {
    napi_value value = nullptr;
    napi_create_int32(env_, number, &value);
    return value;
  }
  napi_value answer(double number) const {
    napi_value value = nullptr;
    napi_create_double(env_, number, &value);
    return value;
  }

 private:
  napi_env env_;
  Addon* addon_ = nullptr;
  std::array<napi_value, COUNT> arguments_{};
};

napi_value receive(napi_env env, napi_callback_info info) {
  const HotCall<3> call(env, info);
  int32_t handle, count;
  size_t length = 0;
  auto* const slots = call.read<int32_t>(1, napi_int32_array, length);
  if (slots == nullptr || !call.read(0, handle) || !call.read(2, count) || count < 0 || static_cast<size_t>(count) > length)
    return call.answer(-EINVAL);
  Device* const device = call.addon().find(handle);
  return call.answer(device == nullptr ? -EBADF : device->receive(call.addon().pool, slots, count));
}

napi_value send(napi_env env, napi_callback_info info) {
  const HotCall<5> call(env, info);
  int32_t handle, at, count;
  size_t length = 0, room = 0;
  const auto* const slots = call.read<int32_t>(1, napi_int32_array, length);
  auto* const outcomes = call.read<uint8_t>(4, napi_uint8_array, room);
  if (slots == nullptr || outcomes == nullptr || !call.read(0, handle) || !call.read(2, at) || !call.read(3, count) ||
      at < 0 || count < 0 || static_cast<size_t>(at) + static_cast<size_t>(count) > length ||
      static_cast<size_t>(count) > room)
    return call.answer(-EINVAL);
  Device* const device = call.addon().find(handle);
  if (device != nullptr) return call.answer(device->send(call.addon().pool, slots + at, count, outcomes));
  std::memset(outcomes, static_cast<int>(Outcome::Gone), static_cast<size_t>(count));
  return call.answer(count);
}

napi_value wait(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  double most_us;
  size_t room = 0;
  auto* const ready = call.read<int32_t>(0, napi_int32_array, room);
  if (ready == nullptr || !call.read(1, most_us)) return call.answer(-EINVAL);
  Waiter& waiter = call.addon().waiter;
  const int count = waiter.wait(room, most_us);
  for (int i = 0; i < count; i++) {
    const Waiter::Event& event = waiter.event(i);
    ready[i] = event.handle;
    if (!event.isError) continue;
    // Reported once; from then on it would always be ready, and the wait would never wait.
    const Device* const device = call.addon().find(event.handle);
    if (device != nullptr && device->endsWithError()) waiter.forget(device->descriptor());
  }
  return call.answer(count);
}

napi_value status(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  int32_t handle;
  size_t room = 0;
  auto* const into = call.read<double>(1, napi_float64_array, room);
  if (into == nullptr || room < StatusCount || !call.read(0, handle)) return call.answer(-EINVAL);
  Device* const device = call.addon().find(handle);
  if (device == nullptr) return call.answer(-EBADF);
  device->status(into);
  return nullptr;
}

napi_value now(napi_env env, napi_callback_info info) {
  return HotCall<0>(env, info).answer(static_cast<double>(monotonic_ns()));
}

napi_value waker(napi_env env, napi_callback_info info) {
  const HotCall<0> call(env, info);
  return call.answer(call.addon().waiter.waker());
}

napi_value wake(napi_env env, napi_callback_info info) {
  const HotCall<1> call(env, info);
  int32_t waker;
  if (!call.read(0, waker)) return call.answer(-EINVAL);
  Waiter::wake(waker);
  return nullptr;
}

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
  const auto hot = [&](const char* name, napi_callback function) {
    napi_value value = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, this, &value) != napi_ok) throw Napi::Error::New(env);
    exports.Set(name, value);
  };
  DefineAddon(exports, {
                           InstanceValue("contract", Napi::Number::New(env, CONTRACT)),
                           InstanceValue("constants", constantsFor(env)),
                           InstanceValue("hasCapture", Napi::Boolean::New(env, false)),
                           InstanceMethod("createTap", &Addon::createTap),
                           InstanceMethod("closeDescriptor", &Addon::closeDescriptor),
                           InstanceMethod("attachPool", &Addon::attachPool),
                           InstanceMethod("openTap", &Addon::openTap),
                           InstanceMethod("close", &Addon::close),
                       });
  hot("receive", receive);
  hot("send", send);
  hot("wait", wait);
  hot("status", status);
  hot("now", now);
  hot("waker", waker);
  hot("wake", wake);
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
  guarded(info.Env(), [&] { removeTap(descriptorIn(info[0])); });
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
  next.slots = static_cast<uint32_t>(std::min<size_t>(read("start", napi_uint32_array, 0, next.start), INT32_MAX));
  read("length", napi_uint32_array, next.slots, next.length);
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

int32_t Addon::keep(std::unique_ptr<Device> device) {
  size_t handle = 0;
  while (handle < devices_.size() && devices_[handle]) handle++;
  if (handle == devices_.size()) devices_.emplace_back();
  waiter.watch(device->descriptor(), static_cast<int32_t>(handle));
  devices_[handle] = std::move(device);
  return static_cast<int32_t>(handle);
}

Napi::Value Addon::openTap(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const int descriptor = descriptorIn(info[0]);
    const Arrivals arrivals = arrivalsAt(objectIn(info[1], "place"));
    return Napi::Number::New(info.Env(), keep(std::make_unique<Tap>(descriptor, arrivals)));
  });
}

void Addon::close(const Napi::CallbackInfo& info) {
  const double handle = numberIn(info[0], "handle", 0, INT32_MAX);
  Device* const device = find(static_cast<int32_t>(handle));
  if (device == nullptr) return;
  // A duplicate of the descriptor may live on, and would go on being reported.
  waiter.forget(device->descriptor());
  devices_[static_cast<size_t>(handle)].reset();
}

}  // namespace etherloom

using etherloom::Addon;
NODE_API_ADDON(Addon)
