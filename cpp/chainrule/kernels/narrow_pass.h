// What a pass of some samples through a narrow network reads and writes. All matrices lie (neurons, samples), `stride`
// elements from neuron to neuron, room for whole vectors of samples; what lies there beyond the samples is in no result. Of one
// sample alone, the neurons lie one after the other.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/activations/list.h"
#include "chainrule/losses/loss.h"

namespace chainrule {

template <class T>
struct NarrowLayer {
  std::int64_t n_in = 0, n_out = 0;
  std::int64_t n_rows = 0;  // of W with the bias as its last: n_in + 1, or n_in without a bias
  std::int64_t offset = 0;  // of W in the parameters
  Activation activation;
  bool trained = true;           // else there is no gradient
  T* a = nullptr;                // (n_rows, samples): the input, and 1 where the bias comes in
  T* slope = nullptr;            // (n_out, samples): f'(z), of a hidden layer where slope_reads_z()
  T* delta = nullptr;            // (n_out, samples)
  T* delta_by_sample = nullptr;  // (samples, n_out), delta_stride from sample to sample
  std::int64_t delta_stride = 0;
};

template <class T>
struct NarrowPass {
  const NarrowLayer<T>* layers = nullptr;
  int n_layers = 0;
  int first_trained = 0;  // the way back ends with this layer
  std::int64_t n_samples = 0, stride = 0;
  const T* parameters = nullptr;
  T* z = nullptr;  // (n_out, samples), of the output layer; f'(z) where slope_reads_z()
  T* s = nullptr;  // (n_out, samples)
  const Loss* loss = nullptr;
  const T* y = nullptr;       // (n_out, samples)
  const T* shares = nullptr;  // (samples,)
  T* costs = nullptr;         // (samples,), or null to predict only
  T* gradient = nullptr;      // (n_parameters,), or null to go forward only
  bool accumulate = false;    // the gradient's chains go on
};

}  // namespace chainrule
