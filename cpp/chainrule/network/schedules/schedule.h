// A schedule of the learning rate: the rate at a time, which counts an optimizer's steps, or its whole epochs, from 0.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/network/quantity.h"
#include "chainrule/spec.h"

namespace chainrule {

// What a schedule counts; kNothing, where its rate depends on no time.
enum class Per { kStep, kEpoch, kNothing };

// From the word "per": "step", by default, or "epoch". Throws std::invalid_argument for any other.
Per per_of(const Spec& spec);

class Schedule {
 public:
  explicit Schedule(Per per) : per_(per) {}
  virtual ~Schedule() = default;

  Per per() const { return per_; }
  virtual double rate(std::int64_t time) const = 0;

  // What one that goes by the course of a training is told: first, what is recorded, then each whole epoch.
  virtual void connect(const std::vector<Column>& /*columns*/) {}
  virtual void after_epoch(const std::vector<Column>& /*columns*/) {}
  // And what it remembers of that, by name.
  using Memory = std::vector<std::pair<std::string, double>>;
  virtual Memory memory() const { return {}; }
  // Throws std::invalid_argument for what is no such memory.
  virtual void remember(const Spec& memory) { memory.require_known({}); }

 private:
  const Per per_;
};

// What a schedule is made from: the numbers of its kParameters, and all of its spec.
struct ScheduleArguments {
  const double* numbers;
  const Spec& spec;
};

}  // namespace chainrule
