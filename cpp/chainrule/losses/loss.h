// The loss of a network: which member of the list, or the user's own function, how it meets the output layer, and how targets
// become what its formula gets. layers/make_loss.cpp fills it in.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "chainrule/inline.h"
#include "chainrule/losses/list.h"

namespace chainrule {

// One number for each output, with room for a whole vector after the last.
struct NumbersOfOutputs {
  std::vector<float> of_float;
  std::vector<double> of_double;
};

struct Loss {
  Choice<Losses> choice;
  bool custom = false;  // a function of the user's own instead
  // It takes the outputs of one activation only, and with this delta comes straight from z, s and y.
  bool paired = false;
  // The outputs are z, and the activation that the loss is paired with, if there is one, is the loss's own affair.
  bool logits = false;
  bool masks_nan = false;  // a target that is NaN is missing
  TargetKind targets = TargetKind::kReal;

  // ---- From targets to the y of the formula ----

  std::int64_t outputs_of_target = 1;              // side by side, which get the same y
  std::vector<double> target_scale, target_shift;  // y := scale y + shift, for each output; or none
  std::vector<double> class_weight;  // how much a label counts in the mean over samples; or none

  // ---- Numbers of outputs, for formulas that have such; kernels call no function of the standard library ----

  CHAINRULE_INLINE const float* of_outputs(float) const { return floats_; }
  CHAINRULE_INLINE const double* of_outputs(double) const { return doubles_; }
  void set_of_outputs(NumbersOfOutputs numbers) {
    numbers_ = std::make_shared<const NumbersOfOutputs>(std::move(numbers));
    floats_ = numbers_->of_float.data();
    doubles_ = numbers_->of_double.data();
  }

 private:
  std::shared_ptr<const NumbersOfOutputs> numbers_;  // of all copies
  const float* floats_ = nullptr;
  const double* doubles_ = nullptr;
};

}  // namespace chainrule
