/**
 * The calls that move frames, by bare Node-API: they make no object but a number, and answer wrong arguments with -EINVAL (or false) instead
 * of throwing.
 */
#include <array>
#include <cerrno>
#include <cstring>

#include "addon.h"
#include "constants.h"

namespace etherloom {

namespace {

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
  Device* const device = call.addon().devices.find(handle);
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
  Device* const device = call.addon().devices.find(handle);
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
    const Device* const device = call.addon().devices.find(event.handle);
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
  Device* const device = call.addon().devices.find(handle);
  if (device == nullptr) return call.answer(-EBADF);
  device->status(into);
  return nullptr;
}

napi_value matches(napi_env env, napi_callback_info info) {
  const HotCall<2> call(env, info);
  bool passes = false;
#ifdef ETHERLOOM_CAPTURE
  int32_t number, slot;
  if (call.read(0, number) && call.read(1, slot)) {
    const Pool& pool = call.addon().pool;
    const Filter* const filter = call.addon().filters.find(number);
    const uint8_t* const frame = pool.bytesOf(slot);
    passes = filter != nullptr && frame != nullptr && filter->matches(frame, pool.length[slot], pool.wireLength[slot]);
  }
#endif
  napi_value value = nullptr;
  napi_get_boolean(env, passes, &value);
  return value;
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

}  // namespace

void Addon::defineHotCalls(Napi::Env env, Napi::Object exports) {
  const auto define = [&](const char* name, napi_callback function) {
    napi_value value = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, this, &value) != napi_ok) throw Napi::Error::New(env);
    exports.Set(name, value);
  };
  define("receive", receive);
  define("send", send);
  define("wait", wait);
  define("status", status);
  define("matches", matches);
  define("now", now);
  define("waker", waker);
  define("wake", wake);
}

}  // namespace etherloom
