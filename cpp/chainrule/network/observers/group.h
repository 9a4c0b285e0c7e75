// Several observers that are told of a training together.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "chainrule/network/observers/observer.h"

namespace chainrule {

class ObserverGroup {
 public:
  static constexpr int kNobody = std::numeric_limits<int>::max();

  // `first` is the number of the first of them; observers outlive the group.
  ObserverGroup(std::vector<Observer*> observers, int first)
      : observers_(std::move(observers)), first_(first) {
    for (const Observer* each : observers_) closest_ = std::max(closest_, each->watches());
  }

  bool empty() const { return observers_.empty(); }
  // How closely the one that watches the most closely does.
  Watches watches() const { return closest_; }

  // Calls tell(observer) for each of them: none misses what others stop at. Returns the number of the first that says stop,
  // or `stopped_by`, that of another group, if that is smaller.
  template <class Tell>
  int tell(int stopped_by, Tell&& tell) const {
    int number = first_;
    for (Observer* each : observers_) {
      if (tell(*each)) stopped_by = std::min(stopped_by, number);
      ++number;
    }
    return stopped_by;
  }

 private:
  std::vector<Observer*> observers_;
  int first_;
  Watches closest_ = Watches::kEnds;
};

}  // namespace chainrule
