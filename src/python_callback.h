// The crossing between Python and C++: a callback of the user's own as an observer of a training.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "bind.h"
#include "chainrule/network/observers/observer.h"

namespace chainrule {

// Calls functions (epoch, step, cost, validation_cost, seconds, learning_rate, gradient_norm, recorded) -> whether to stop, each
// of which may be None; `recorded` are name and value of all that is recorded of the last whole epoch, None after a step. Their
// exceptions come through. They are not counted as references: the caller keeps them alive.
class PythonCallback final : public Observer {
 public:
  // (on_fit_begin, on_step_end, on_epoch_end, on_fit_end)
  explicit PythonCallback(const py::handle& functions);

  Watches watches() const override;
  bool begin(const Record& record) override { return call(begin_, record); }
  bool after_step(const Record& record) override { return call(after_step_, record); }
  bool after_epoch(const Record& record) override { return call(after_epoch_, record); }
  void end(const Record& record) override { call(end_, record); }

 private:
  static bool call(py::handle function, const Record& record);

  py::handle begin_, after_step_, after_epoch_, end_;
};

}  // namespace chainrule
