// What the slope f'(z) of an activation is written with: a, which every plan keeps, or z, which is kept for those that
// need it only.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

enum class SlopeReads { kA, kZ };

}  // namespace chainrule
