// A training whose steps are made by the caller's own minimizer: it asks for the cost of all samples and its gradient at
// whatever points it likes, and says which of them are its iterates.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

namespace chainrule {

// What is minimized: the cost of all samples, with its penalties, as a function of the parameters (check_minimizer.h).
class Objective {
 public:
  virtual ~Objective() = default;

  // The number of parameters, and those of the last finished iteration.
  virtual std::int64_t size() const = 0;
  virtual void copy_parameters(double* point) const = 0;
  // Returns the cost at a point, rounded to the network's numbers, and writes its gradient, which is 0 for frozen layers. Where
  // one of them is not finite, it returns NaN and the gradient is anything; at the first point that is a TrainingDiverged.
  virtual double value_and_gradient(const double* point, double* gradient) = 0;
  // The point that was asked for last is the next iterate, and an epoch is whole. Returns whether to stop.
  virtual bool finish_iteration() = 0;
};

// Returns when it is told to stop, or is done. Its exceptions come through.
using Minimizer = std::function<void(Objective&)>;

}  // namespace chainrule
