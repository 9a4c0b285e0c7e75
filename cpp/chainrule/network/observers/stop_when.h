// Stops when the caller says so, who is asked after a step, at most every 20 ms.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class StopWhen final : public Observer {
 public:
  static constexpr const char* kName = "stop_when";
  static constexpr Parameter kParameters[] = {
      {"question", kRequired, Allowed::kNotNegative, "index of the caller's question"}};
  explicit StopWhen(const ConditionArguments& of) {
    const double index = of.numbers[0], count = static_cast<double>(of.questions.size());
    require(index < count && index == std::floor(index), "the index of a question",
            "that of one of the questions given", index);
    is_set_ = of.questions[static_cast<std::size_t>(index)];
  }

  Watches watches() const override { return Watches::kRounds; }
  bool after_step(const Record& record) override {
    constexpr double kInterval = 0.02;
    if (record.seconds < next_) return answer_;
    next_ = record.seconds + kInterval;
    return answer_ = is_set_();
  }

 private:
  std::function<bool()> is_set_;
  double next_ = 0;
  bool answer_ = false;  // the last one
};

}  // namespace chainrule
