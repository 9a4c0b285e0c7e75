// The gradient transforms at work on a whole gradient. Sums over it are cut in pieces of a fixed size and added in a fixed
// order, so that they depend on neither threads nor the CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/gradients/list.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/plan/accumulation.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// The Euclidean norm; finite where all elements are and it fits a double. `sums` is working memory.
template <class T>
double norm(const T* gradient, std::int64_t count, const KernelTable<T>& kernels,
            std::vector<double>& sums, Team& team, Poll& poll);

template <class T>
class GradientTransformer {
 public:
  // With `measures_norm`, norm() is that of the gradient of a step before the transforms.
  explicit GradientTransformer(const std::vector<GradientTransform>& transforms,
                               bool measures_norm = false, const Accumulation<T>& accumulation = {})
      : transforms_(transforms), measures_norm_(measures_norm), accumulation_(accumulation) {}

  // Whether nothing is done to the gradient, and nothing asked of it.
  bool empty() const { return transforms_.empty() && !measures_norm_ && !accumulation_.active(); }
  // Of the last step.
  double norm() const { return norm_; }
  // Comes first: takes the gradient of a batch, of samples with this weight in all. It is added to those that wait for a step,
  // or becomes the gradient of all of them. Cannot be interrupted.
  enum class Taken { kWaits, kMakesStep, kNotFinite };
  Taken accumulate(T* gradient, std::int64_t count, double weight, bool ends,
                   const KernelTable<T>& kernels, Team& team);
  // One after the other, in place. Returns false where a norm is not finite; the gradient then is anything.
  bool apply(T* gradient, std::int64_t count, const KernelTable<T>& kernels, Team& team,
             Poll& poll);

 private:
  const std::vector<GradientTransform>& transforms_;
  const bool measures_norm_;
  const Accumulation<T> accumulation_;
  double norm_ = 0;
  std::vector<double> sums_;
};

}  // namespace chainrule
