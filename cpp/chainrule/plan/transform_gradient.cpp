// Norms, and formulas over a whole gradient.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/transform_gradient.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>

#include "chainrule/memory/range.h"

namespace chainrule {
namespace {

constexpr std::int64_t kPiece = 1024;  // elements; decides bits
// Between two polls; less is done before another thread has heard of it.
constexpr std::int64_t kPieces = 64;

// Calls work(first number, count, piece) for every piece of a block.
template <class Work>
void in_pieces(std::int64_t count, Team& team, Poll& poll, Work&& work) {
  const Range all{0, (count + kPiece - 1) / kPiece};
  const auto do_part = [&](int index, int n_parts) {
    const Range part = part_of(all, index, n_parts);
    for (std::int64_t piece = part.begin; piece < part.end; ++piece) {
      const std::int64_t first = piece * kPiece;
      work(first, std::min(kPiece, count - first), piece);
      if (piece % kPieces) continue;
      if (team.on_callers_thread()) poll();
      if (team.cancelled()) return;
    }
  };
  all.size() <= kPieces ? do_part(0, 1) : team.run(do_part, &poll);
}

}  // namespace

template <class T>
double norm(const T* gradient, std::int64_t count, const KernelTable<T>& kernels,
            std::vector<double>& sums, Team& team, Poll& poll) {
  sums.resize(static_cast<std::size_t>((count + kPiece - 1) / kPiece));
  // sum_i (scale g_i)^2
  const auto sum_of_squares = [&](T scale) {
    in_pieces(count, team, poll, [&](std::int64_t first, std::int64_t n, std::int64_t piece) {
      sums[static_cast<std::size_t>(piece)] =
          static_cast<double>(kernels.sum_of_squares(gradient + first, n, scale));
    });
    double sum = 0;
    for (const double each : sums) sum += each;
    return sum;
  };
  const double sum = sum_of_squares(1);
  // Squares this small may have lost digits, or be 0, and larger ones may have overflowed where no number has.
  constexpr double kSmall = std::numeric_limits<T>::min() * 0x1p60;
  if (std::isfinite(sum) && sum > kSmall) return std::sqrt(sum);
  in_pieces(count, team, poll, [&](std::int64_t first, std::int64_t n, std::int64_t piece) {
    sums[static_cast<std::size_t>(piece)] =
        static_cast<double>(kernels.largest_magnitude(gradient + first, n));
  });
  const double largest = *std::max_element(sums.begin(), sums.end());
  if (largest == 0 || !std::isfinite(largest)) return std::isnan(sum) ? sum : largest;
  // By a power of two, so that scaling rounds nothing; one that is not denormal, which would count as 0.
  const int exponent = std::min(std::ilogb(largest), std::numeric_limits<T>::max_exponent - 2);
  return std::ldexp(std::sqrt(sum_of_squares(std::ldexp(T(1), -exponent))), exponent);
}
template double norm(const float*, std::int64_t, const KernelTable<float>&, std::vector<double>&,
                     Team&, Poll&);
template double norm(const double*, std::int64_t, const KernelTable<double>&, std::vector<double>&,
                     Team&, Poll&);

// Where the gradient is not finite, nothing is added. Those that were added up stay as they are, until an update was
// tried with them.
template <class T>
typename GradientTransformer<T>::Taken GradientTransformer<T>::accumulate(
    T* gradient, std::int64_t count, double weight, bool ends, const KernelTable<T>& kernels,
    Team& team) {
  if (!accumulation_.active()) return Taken::kMakesStep;
  Accumulated& before = *accumulation_.accumulated;
  const bool first = before.batches == 0, completes = accumulation_.completes(ends);
  if (completes && first) return Taken::kMakesStep;
  Poll none;
  const auto all_finite = [&](const T* numbers) {
    std::atomic<bool> finite{true};
    in_pieces(count, team, none, [&](std::int64_t begin, std::int64_t n, std::int64_t) {
      if (!kernels.all_finite(numbers + begin, n)) finite = false;
    });
    return finite.load();
  };
  if (!all_finite(gradient)) return Taken::kNotFinite;
  const double all = before.weight + weight, share = all > 0 ? 1 / all : 0;
  in_pieces(count, team, none, [&](std::int64_t begin, std::int64_t n, std::int64_t) {
    T* const sum = accumulation_.sum + begin;
    if (completes) {
      kernels.axpby(static_cast<T>(share), sum, static_cast<T>(share * weight), gradient + begin,
                    n);
    } else {
      kernels.axpby(static_cast<T>(weight), gradient + begin, first ? T(0) : T(1), sum, n);
    }
  });
  if (completes) return Taken::kMakesStep;
  if (!all_finite(accumulation_.sum)) {
    before = {};  // what they were is lost in a sum that has overflowed
    return Taken::kNotFinite;
  }
  before = {before.batches + 1, all};
  return Taken::kWaits;
}

template <class T>
bool GradientTransformer<T>::apply(T* gradient, std::int64_t count, const KernelTable<T>& kernels,
                                   Team& team, Poll& poll) {
  const auto measure = [&] { return chainrule::norm(gradient, count, kernels, sums_, team, poll); };
  std::optional<double> known;  // the norm, until a transform changes the gradient
  if (measures_norm_) {
    known = norm_ = measure();
    if (!std::isfinite(norm_)) return false;
  }
  for (const GradientTransform& each : transforms_) {
    GradientStep<T> step;
    step.transform = each.index;
    const bool finite = GradientTransforms::visit<bool>(each.index, [&](auto member) {
      using Member = typename decltype(member)::type;
      const double of_gradient = !Member::kReadsNorm ? 0.0 : known ? *known : measure();
      const auto constants = Member::constants(each.numbers, of_gradient);
      std::transform(constants.begin(), constants.end(), step.constants,
                     [](double constant) { return static_cast<T>(constant); });
      return std::isfinite(of_gradient);
    });
    if (!finite) return false;
    in_pieces(count, team, poll, [&](std::int64_t first, std::int64_t n, std::int64_t) {
      kernels.transform_gradient(step, gradient + first, n);
    });
    known.reset();
  }
  return true;
}

template class GradientTransformer<float>;
template class GradientTransformer<double>;

}  // namespace chainrule
