/**
 * The addon as one thread sees it: that thread's pool, devices, filters and waiter. Node makes one for each thread that loads it, and
 * destroys it when the thread ends, which closes whatever is still open.
 */
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "device.h"
#include "numbered.h"
#include "pool.h"
#include "waiter.h"

#ifdef ETHERLOOM_CAPTURE
#include "filter.h"
#endif

namespace etherloom {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  Pool pool;
  /** Before the devices, because it has to outlive them. */
  Waiter waiter;
  Numbered<Device> devices;
#ifdef ETHERLOOM_CAPTURE
  Numbered<Filter> filters;
#endif

 private:
  Napi::Value createTap(const Napi::CallbackInfo& info);
  void closeDescriptor(const Napi::CallbackInfo& info);
  void widenPipe(const Napi::CallbackInfo& info);
  void attachPool(const Napi::CallbackInfo& info);
  Napi::Value openTap(const Napi::CallbackInfo& info);
  Napi::Value openPacket(const Napi::CallbackInfo& info);
  Napi::Value openCapture(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  Napi::Value compileFilter(const Napi::CallbackInfo& info);
  void freeFilter(const Napi::CallbackInfo& info);

  /** Numbers a new device and watches it. */
  Napi::Value keep(Napi::Env env, std::unique_ptr<Device> device);
  void defineHotCalls(Napi::Env env, Napi::Object exports);

  /** The typed arrays into which `pool` points. */
  Napi::Reference<Napi::Array> columns_;
};

}  // namespace etherloom
