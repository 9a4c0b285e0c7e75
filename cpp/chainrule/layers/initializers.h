// The initializers: the distribution that a layer's W and b are drawn from at first.
// A member draws one number for a layer that leads from n_in neurons to n_out; Orthogonal makes a whole W of such ones.
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
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return normal_with(stream, 1 / std::sqrt(n_in));
  }
};

// The same variance, 1 / n_in, as Keras and JAX have these names: lecun_normal cuts the normal distribution off at two
// standard deviations, and makes up for what that takes from its variance.
struct LecunUniform {
  static constexpr const char* kName = "lecun_uniform";
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    return uniform_within(stream, std::sqrt(3 / n_in));
  }
};
struct LecunNormal {
  static constexpr const char* kName = "lecun_normal";
  static constexpr const char* kElsewhere[] = {"lecun", "truncated_normal"};
  static double draw(RandomStream& stream, double n_in, double /*n_out*/) {
    constexpr double kBelow = 0.022750131948179207;     // P(Z < -2)
    constexpr double kDeviation = 0.87962566103423978;  // of Z where |Z| <= 2
    const double p = kBelow + (1 - 2 * kBelow) * stream.next_open_uniform();
    return normal_quantile(p) / (kDeviation * std::sqrt(n_in));
  }
};

// Saxe, McClelland, Ganguli: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR
// 2014: W of normal numbers, then layers/orthogonal.h; b = 0. PyTorch's orthogonal_.
struct Orthogonal {
  static constexpr const char* kName = "orthogonal";
  static constexpr const char* kElsewhere[] = {"orthogonal_", "saxe"};
  static double draw(RandomStream& stream, double /*n_in*/, double /*n_out*/) {
    return normal_with(stream, 1);
  }
};

struct Zeros {
  static constexpr const char* kName = "zeros";
  static double draw(RandomStream& /*stream*/, double /*n_in*/, double /*n_out*/) { return 0; }
};

using Initializers = TypeList<GlorotUniform, GlorotNormal, HeUniform, HeNormal, Uniform, Normal,
                              LecunUniform, LecunNormal, Orthogonal, Zeros>;

}  // namespace chainrule
