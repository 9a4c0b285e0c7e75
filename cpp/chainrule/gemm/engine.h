// How a plan computes: the kernels of one CPU target, and who serves its products. Chosen once, when a plan is made.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/gemm/product_choice.h"
#include "chainrule/kernels/all_targets.h"
#include "chainrule/kernels/kernel_table.h"

namespace chainrule {

template <class T>
struct Engine {
  Target target;
  Product product;
  const KernelTable<T>* kernels;

  bool operator==(const Engine& other) const {
    return target == other.target && product == other.product;
  }
};

// The engine of the CPU target and the product that are in force now.
template <class T>
Engine<T> current_engine() {
  const Target target = current_target();
  return {target, product_for(target), &tables_of<T>(target).kernels};
}

}  // namespace chainrule
