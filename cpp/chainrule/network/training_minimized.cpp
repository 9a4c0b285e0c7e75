// A training whose steps are made by a minimizer: one iteration is an epoch of one step with all samples.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/network/divergence.h"
#include "chainrule/network/training.h"
#include "chainrule/simd/denormals.h"

namespace chainrule {

template <class T>
class Training<T>::Minimized final : public Objective {
 public:
  explicit Minimized(Training& training)
      : training_(training),
        finished_(size(), training.poll_),
        gradient_(training.plan_.gradient_memory(training.poll_)) {
    std::copy_n(parameters(), size(), finished_.data());
  }
  // However the training ends: a point that was only tried is nobody's.
  ~Minimized() override { std::copy_n(finished_.data(), size(), parameters()); }
  Minimized(const Minimized&) = delete;
  Minimized& operator=(const Minimized&) = delete;

  std::int64_t size() const override { return training_.network_.n_parameters; }
  void copy_parameters(double* point) const override {
    std::copy_n(finished_.data(), size(), point);
  }

  double value_and_gradient(const double* point, double* gradient) override {
    const FlushDenormals flush;
    Training& own = training_;
    std::transform(point, point + size(), parameters(),
                   [](double value) { return static_cast<T>(value); });
    const std::int64_t n = own.samples_.size();
    own.plan_.load(parameters(), {n, n, true, own.team_.size()}, own.team_, own.poll_);
    own.steps_.evaluate({own.samples_, own.samples_.all()}, gradient_, own.team_, own.poll_);
    bool finite = own.steps_.finite();
    for (std::int64_t i = 0; i < size(); ++i) {
      gradient[i] = static_cast<double>(gradient_[i]);
      finite = finite && std::isfinite(gradient[i]);
    }
    const double cost = own.steps_.last_cost().mean();
    if (!finite && !begun_) {
      own.diverge_before_steps(cost);
      throw *own.diverged_;
    }
    begun_ = true;
    return finite ? cost : std::numeric_limits<double>::quiet_NaN();
  }

  bool finish_iteration() override {
    const FlushDenormals flush;
    std::copy_n(parameters(), size(), finished_.data());
    training_.finish_iteration();
    return training_.diverged_ || training_.complete();
  }

 private:
  T* parameters() const { return training_.network_.parameters; }

  Training& training_;
  AlignedBlock<T> finished_;  // the parameters of the last finished iteration
  T* const gradient_;
  bool begun_ = false;
};

template <class T>
void Training<T>::minimize() {
  if (complete()) return;
  turn_began_ = stopwatch_.seconds();
  try {
    Minimized objective(*this);
    options_.minimizer(objective);
  } catch (...) {
    if (!diverged_) throw;  // else the minimizer has brought back, in its own way, what it was told
  }
  if (diverged_) end_divergence();
  if (!complete()) stopped_by_ = static_cast<int>(stop_.size() + options_.callbacks.size());
}

template <class T>
void Training<T>::finish_iteration() {
  ++network_.life.epochs_begun;
  ++network_.life.steps_made;
  ++steps_finished_;
  cost_ = steps_.last_cost();
  norm_sum_ = steps_.gradient_norm();
  norms_ = 1;
  epoch_seconds_ = stopwatch_.seconds() - turn_began_;
  call_back_after_step();
  end_epoch();
  turn_began_ = stopwatch_.seconds();
}

template void Training<float>::minimize();
template void Training<double>::minimize();

}  // namespace chainrule
