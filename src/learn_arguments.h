// The crossing between Python and C++: what a network learns from, x, y and weights, as the core takes it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>

#include "array_argument.h"
#include "chainrule/error.h"
#include "chainrule/layers/architecture.h"
#include "class_weight.h"
#include "custom_cost.h"

namespace chainrule {

// Keeps the arrays alive that the samples are views of.
template <class T>
struct LearnArguments {
  SamplesArgument x;
  TargetsArgument y;
  ArrayArgument weight;
  ArrayView targets_of_custom_cost;  // for refuse_parts_of() alone
  Samples<T> samples;

  // Throws std::invalid_argument where one of the arrays is part of this block, which training changes.
  void refuse_parts_of(const Memory& parameters) const {
    const auto refuse = [&](const ArrayView& view, const char* name) {
      if (!view.data || !overlap(memory_of(view), parameters)) return;
      throw std::invalid_argument(std::string(name) +
                                  " is part of the network's own parameters, which training "
                                  "changes; pass a copy");
    };
    refuse(x.view, "x");
    refuse(y.view, "y");
    refuse(weight.view, "sample_weight");
    refuse(targets_of_custom_cost, "y");
  }

  LearnArguments(const py::object& self, const Architecture& architecture, const py::object& x_,
                 const py::object& y_, const py::object& sample_weight,
                 const py::object& class_weight = py::none())
      : x(samples_argument(x_, architecture.n_in)) {
    samples.x = x.view;
    const std::int64_t batch = x.view.rows;
    if (architecture.loss.custom) {
      py::array targets = to_array(y_, "y");
      if (x.single && (targets.ndim() == 0 || targets.shape(0) != 1)) {
        targets = targets.attr("reshape")(py::make_tuple(1) + py::tuple(targets.attr("shape")));
      }
      if (targets.ndim() == 0 || targets.shape(0) != batch) {
        throw ShapeError("y has shape " + shape_of(targets) + ", but x has " +
                         std::to_string(batch) + " samples");
      }
      targets_of_custom_cost = bytes_of(targets);
      samples.custom_cost = custom_cost<T>(self.attr("loss"), std::move(targets));
    } else {
      y = targets_argument(y_, batch, architecture.n_targets(), x.single,
                           architecture.loss.targets == TargetKind::kDistribution);
      samples.y = y.view;
      samples.y_is_labels = y.labels;
    }
    if (!sample_weight.is_none()) {
      weight = vector_argument(sample_weight, "sample_weight", batch, x.single);
      samples.weight = weight.view;
    }
    samples.class_weight = class_weight_argument(class_weight, architecture);
  }
};

}  // namespace chainrule
