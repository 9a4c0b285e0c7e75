// The output activations that a loss takes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "chainrule/activations/list.h"

namespace chainrule {

inline std::vector<std::string> outputs_of(const std::string& loss) {
  if (loss == "cross_entropy") return {"softmax"};
  if (loss == "binary_cross_entropy") return {"sigmoid"};
  return Activations::names();
}

}  // namespace chainrule
