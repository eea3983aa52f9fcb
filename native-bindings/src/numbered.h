#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace etherloom {

/** Things that JavaScript knows by small numbers; a number is used again when its thing has gone. */
template <typename Thing>
class Numbered {
 public:
  int32_t add(std::unique_ptr<Thing> thing) {
    size_t number = 0;
    while (number < things_.size() && things_[number]) number++;
    if (number == things_.size()) things_.emplace_back();
    things_[number] = std::move(thing);
    return static_cast<int32_t>(number);
  }

  /** Null when there is none of this number. */
  Thing* find(int32_t number) const {
    return static_cast<size_t>(number) < things_.size() ? things_[static_cast<size_t>(number)].get() : nullptr;
  }

  void remove(int32_t number) {
    if (find(number) != nullptr) things_[static_cast<size_t>(number)].reset();
  }

 private:
  std::vector<std::unique_ptr<Thing>> things_;
};

}  // namespace etherloom
