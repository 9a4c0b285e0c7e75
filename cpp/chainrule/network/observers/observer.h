// What watches a training: it sees a record after steps and epochs, may say stop, and can write down what it remembers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/network/observers/monitor.h"
#include "chainrule/network/quantity.h"
#include "chainrule/spec.h"

namespace chainrule {

// How far a training has come.
struct Record {
  std::int64_t epoch = 0;  // of the last finished step, from 1; 0 before the first
  std::int64_t step = 0;   // finished in this training
  // Of the last step after a step, before its update; of the last whole epoch otherwise. NaN where there is none yet.
  double cost = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> validation_cost;  // of the last whole epoch, after a step none
  double seconds = 0;                     // since the training began
  double learning_rate = std::numeric_limits<double>::quiet_NaN();  // of the last step
  std::optional<double> gradient_norm;  // as the cost, where it is recorded
  // What is recorded of the whole epochs.
  const std::vector<Column>* epochs = nullptr;
  // After a step, what is recorded of epochs is of no interest.
  bool of_step = false;
};

// What a condition may ask the caller of a training: whether to stop.
using Questions = std::vector<std::function<bool()>>;

// What a condition with a name is made from: the numbers of its kParameters, and all of its spec.
struct ConditionArguments {
  const double* numbers;
  const Spec& spec;
  const Questions& questions;
};

// How closely an observer has to watch.
enum class Watches {
  kEnds,    // when the training begins and ends
  kEpochs,  // each whole epoch
  kRounds,  // every few steps, where steps are so short that several are made in one go
  kSteps    // every single step
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual Watches watches() const { return Watches::kEpochs; }

  // Each but the last returns whether to stop.
  virtual bool begin(const Record& /*record*/) { return false; }
  virtual bool after_step(const Record& /*record*/) { return false; }
  virtual bool after_epoch(const Record& /*record*/) { return false; }
  virtual void end(const Record& /*record*/) {}

  // Comes first: what the training records. Throws std::invalid_argument where something is missing.
  virtual void connect(const std::vector<Column>& /*columns*/) {}
  virtual bool reads_gradient_norm() const { return false; }
  // What the epoch is the best by whose parameters are to be put back when the training ends, if they are.
  virtual const Monitor* restores_best() const { return nullptr; }

  // What it remembers of the epochs so far, by name: a training that goes on later starts from there.
  using Memory = std::vector<std::pair<std::string, double>>;
  virtual Memory memory() const { return {}; }
  // Throws std::invalid_argument, with nothing changed, for what is no such memory.
  virtual void remember(const Spec& memory) { memory.require_known({}); }
};

}  // namespace chainrule
