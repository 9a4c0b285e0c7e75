// The initializers: the distribution that a layer's W and b are drawn from at first.
// A member draws one number for a layer that leads from n_in neurons to n_out.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "chainrule/random/normal.h"
#include "chainrule/random/stream.h"
#include "chainrule/type_list.h"

namespace chainrule {

inline double uniform_within(RandomStream& stream, double bound) {
  return (2 * stream.next_uniform() - 1) * bound;
}
inline double normal_with(RandomStream& stream, double deviation) {
  return normal_quantile(stream.next_open_uniform()) * deviation;
}

// Glorot, Bengio: "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
// equation 16; GlorotNormal has the same variance, 2 / (n_in + n_out).
struct GlorotUniform {
  static constexpr const char* kName = "glorot_uniform";
  static constexpr const char* kElsewhere[] = {"xavier_uniform", "xavier", "glorot"};
  static double draw(RandomStream& stream, double n_in, double n_out) {
    return uniform_within(stream, std::sqrt(6 / (n_in + n_out)));
  }
};
struct GlorotNormal {
  static constexpr const char* kName = "glorot_normal";
  static constexpr const char* kElsewhere[] = {"xavier_normal"};
  static double draw(RandomStream& stream, double n_in, double n_out) {
    return normal_with(stream, std::sqrt(2 / (n_in + n_out)));
  }
};

// He, Zhang, Ren, Sun: "Delving deep into rectifiers", ICCV 2015, equation 10: variance 2 / n_in
struct HeUniform {
  static constexpr const char* kName = "he_uniform";
  static constexpr const char* kElsewhere[] = {"kaiming_uniform", "kaiming", "he"};
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return uniform_within(stream, std::sqrt(6 / n_in));
  }
};
struct HeNormal {
  static constexpr const char* kName = "he_normal";
  static constexpr const char* kElsewhere[] = {"kaiming_normal"};
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return normal_with(stream, std::sqrt(2 / n_in));
  }
};

// LeCun, Bottou, Orr, Müller: "Efficient BackProp", Neural Networks: Tricks of the Trade (1998), section 4.6:
// within 1 / sqrt(n_in), and with the standard deviation 1 / sqrt(n_in)
struct Uniform {
  static constexpr const char* kName = "uniform";
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return uniform_within(stream, 1 / std::sqrt(n_in));
  }
};
struct Normal {
  static constexpr const char* kName = "normal";
  static constexpr const char* kElsewhere[] = {"lecun_normal", "lecun"};
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return normal_with(stream, 1 / std::sqrt(n_in));
  }
};

struct Zeros {
  static constexpr const char* kName = "zeros";
  static double draw(RandomStream& /*stream*/, double /*n_in*/, double /*n_out*/) { return 0; }
};

using Initializers =
    TypeList<GlorotUniform, GlorotNormal, HeUniform, HeNormal, Uniform, Normal, Zeros>;

}  // namespace chainrule
