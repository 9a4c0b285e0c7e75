// The output activations that a loss takes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "chainrule/activations/list.h"

namespace chainrule {

inline std::vector<std::string> outputs_of(const std::string& loss) {
  if (loss == "cross_entropy" || loss == "kl_divergence") return {"softmax"};
  if (loss == "binary_cross_entropy" || loss == "focal") return {"sigmoid"};
  if (loss == "hinge") return {"identity", "tanh"};
  if (loss != "poisson") return Activations::names();
  std::vector<std::string> positive;
  for (int i = 0; i < Activations::kSize; ++i) {
    if (!output_range(i).is_positive()) continue;
    positive.push_back(Activations::names()[static_cast<std::size_t>(i)]);
  }
  return positive;
}

}  // namespace chainrule
