// How far an activation may be from the exact one, on every CPU target, with its default hyperparameters.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

// In units in the last place (of float or double).
struct MaxError {
  double of_a;      // |error of f(z)| <= of_a ulp(f(z)) + of_z ulp(z)
  double of_slope;  // |error of f'(z)| <= of_slope ulp(max(1, f'(z)))
  double of_z = 0;  // where f(z) is z times a number that may cancel
};

}  // namespace chainrule
