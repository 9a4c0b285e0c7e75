// The first parameters of a network, drawn from its seed.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/poll.h"

namespace chainrule {

// Each layer has a random stream of its own, so that its parameters do not depend on those of the others.
template <class T>
void initialize(const ParameterBlocks& blocks, std::uint64_t seed, T* parameters, Poll& poll);

}  // namespace chainrule
