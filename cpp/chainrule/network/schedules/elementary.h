// Powers and cosines for schedules: operations of our own, so that a rate has the same bits on every machine.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

// base^exponent for base >= 0, within 1e-15 (1 + |exponent ln base|) relative; 0^0 = 1
double real_power(double base, double exponent);

// cos(pi u) for u from 0 to 1, within 1e-15
double cos_of_pi_times(double u);

}  // namespace chainrule
