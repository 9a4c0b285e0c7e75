// out = gamma x^ + beta, x^ = (in - mean) / sqrt(variance + eps), with mean and variance over the neurons of a sample
// Ba, Kiros, Hinton: "Layer normalization", arXiv 1607.06450, section 3; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/parameter.h"
#include "chainrule/stages/trained_vector.h"

namespace chainrule {

struct LayerNorm {
  static constexpr const char* kName = "layer_norm";
  static constexpr const char* kElsewhere[] = {"layer_normalization", "layernorm"};
  static constexpr Parameter kParameters[] = {
      {"eps", 1e-5, Allowed::kPositiveFraction, "added to the variance of a row"}};
  static constexpr TrainedVector kTrained[] = {{"gamma", 1.0}, {"beta", 0.0}};
  static constexpr int kKept = 2;  // the mean, and 1 / sqrt(variance + eps)
  static bool is_random(const double* /*numbers*/) { return false; }

  template <class V>
  class Formula {
   public:
    // An eps that T cannot hold would be 0, and a row of equal elements NaN.
    explicit Formula(const double* numbers)
        : eps_(max(V::set(static_cast<T>(numbers[0])), V::set(V::Format::kSmallest))) {}

    template <class Row, class Values, class Noise>
    void forward(Row row, const Values& values, const Noise& /*noise*/) const {
      const T* in = values.in;
      const T mean = row.sum([&](auto at) { return at(in); }) / row.count();
      const V of_all = V::set(mean);
      const T variance = row.sum([&](auto at) {
        const V deviation = at(in) - of_all;
        return deviation * deviation;
      }) / row.count();
      const V scale = V::set(T(1)) / sqrt(V::set(variance) + eps_);
      values.kept[0] = mean;
      scale.store_first(values.kept + 1, 1);
      const T *gamma = values.trained(0), *beta = values.trained(1);
      row.for_each([&](auto at) {
        at.put(values.out,
               fma(at.of_vector(gamma), normalized(at(in), values.kept), at.of_vector(beta)));
      });
    }

    // With g = gamma dC/d(out): dC/d(in) = (g - mean(g) - x^ mean(g x^)) / sqrt(variance + eps)
    template <class Row, class Values, class Noise>
    void backward(Row row, const Values& values, const Noise& /*noise*/) const {
      const T* gamma = values.trained(0);
      const auto g = [&](auto at) { return at.of_vector(gamma) * at(values.dC_dout); };
      const auto x = [&](auto at) { return normalized(at(values.in), values.kept); };
      const V mean_g = V::set(row.sum(g) / row.count());
      const V mean_gx = V::set(row.sum([&](auto at) { return g(at) * x(at); }) / row.count());
      row.for_each([&](auto at) {
        at.put(values.dC_din, (g(at) - mean_g - x(at) * mean_gx) * V::set(values.kept[1]));
      });
    }

    // sum + dC/dgamma = dC/d(out) x^, or sum + dC/dbeta = dC/d(out), of one sample
    static V add_gradient(int of, V sum, V in, V dC_dout, const typename V::Number* kept) {
      return of == 0 ? fma(dC_dout, normalized(in, kept), sum) : sum + dC_dout;
    }

   private:
    using T = typename V::Number;

    static V normalized(V in, const T* kept) { return (in - V::set(kept[0])) * V::set(kept[1]); }

    V eps_;
  };
};

}  // namespace chainrule
