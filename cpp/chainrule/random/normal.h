// Standard normal variates by inversion, with a logarithm of our own, so that a seed gives the same numbers
// whatever mathematical library the machine has.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

// ln x for finite x > 0, within 2 units in the last place.
double natural_log(double x);

// The z with P(Z <= z) = p for a standard normal Z; 0 < p < 1; relative error about 1e-15.
// Wichura: "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988).
double normal_quantile(double p);

}  // namespace chainrule
