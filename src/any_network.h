// The crossing between Python and C++: a network of either dtype behind one bound class.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "array_argument.h"
#include "bind.h"
#include "chainrule/error.h"
#include "chainrule/network/network.h"

namespace chainrule {

// A network of either dtype. Python's Network derives from it and keeps a cost function of the user's own in its
// attribute `loss`, where the garbage collector sees it.
class AnyNetwork {
 public:
  // Draws the parameters from the seed, or copies them where an array (1, n_parameters) is given.
  AnyNetwork(const Spec& spec, std::uint64_t seed, const ArrayView* parameters, const Poll& poll) {
    const auto make = [&](auto number) {
      using Made = Network<decltype(number)>;
      network_ = parameters ? std::make_unique<Made>(spec, seed, *parameters, poll)
                            : std::make_unique<Made>(spec, seed, poll);
    };
    const std::string dtype = spec.word("dtype", "float32");
    if (dtype == "float32") {
      make(float());
    } else if (dtype == "float64") {
      make(double());
    } else {
      throw_unknown_name("dtype", dtype, {"float32", "float64"});
    }
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) const {
    return std::visit([&](const auto& network) { return visitor(*network); }, network_);
  }

 private:
  std::variant<std::unique_ptr<Network<float>>, std::unique_ptr<Network<double>>> network_;
};

template <class T>
struct Number {};
template <class T>
struct Number<Network<T>> {
  using type = T;
};
template <class N>
using NumberOf = typename Number<std::decay_t<N>>::type;

// Calls visitor(network, T()) with the network behind `self`, T being the type of its numbers.
template <class Visitor>
auto with_network(const py::object& self, Visitor&& visitor) {
  return bound<AnyNetwork>(self).visit(
      [&](auto& network) { return visitor(network, NumberOf<decltype(network)>()); });
}

template <class T>
Memory memory_of_parameters(const Network<T>& network) {
  return memory_of(network.parameters(),
                   network.n_parameters() * static_cast<std::int64_t>(sizeof(T)));
}

}  // namespace chainrule
