// After its first step, training allocates nothing.
// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/gemm/product_choice.h"
#include "chainrule/threads/limit.h"
#include "check.h"
#include "counted_allocations.h"
#include "problem.h"

namespace chainrule {
namespace {

struct Case {
  const char* plan;  // the one that is to be tested
  const char* product;
  std::vector<Spec> layers;
  const char* loss;  // "" for a cost of the user's own
  std::int64_t batch;
  int threads;
};

std::vector<Case> cases() {
  const std::vector<Spec> small = {input(32), dense(64, "tanh"), dense(48, "relu"),
                                   dense(4, "identity")};
  const std::vector<Spec> medium = {input(32), dense(128, "tanh"), dense(96, "relu"),
                                    dense(4, "identity")};
  // More than 4 MB of weights
  const std::vector<Spec> large = {input(32), dense(1100, "relu"), dense(1000, "relu"),
                                   dense(4, "softmax")};
  const std::vector<Spec> softmax_inside = {input(32), dense(300, "softmax"), dense(4, "identity")};
  std::vector<Case> all;
  for (const int threads : {1, 2}) {
    all.push_back({"narrow", "own", small, "mse", 256, threads});
    all.push_back({"rows", "own", medium, "mse", 256, threads});
    all.push_back({"columns", "own", large, "cross_entropy", 4, threads});
    for (const char* product : {"own", "blas"}) {
      all.push_back({"layerwise", product, softmax_inside, "mse", 64, threads});
    }
    all.push_back({"rows", "own", small, "", 256, threads});
    all.push_back({"layerwise", "blas", small, "", 64, threads});
    all.push_back({"layerwise", "blas", small, "mse", 64, threads});
  }
  return all;
}

// How a network is set up, and back again as the object ends.
class Setting {
 public:
  explicit Setting(const Case& each) : threads_(each.threads) { set_product(each.product); }
  ~Setting() { set_product(before_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const std::string before_ = product_choice();
  ThreadsScope threads_;
};

// y is a row of zeros but for a 1: right for every loss.
template <class T>
class FitOf {
 public:
  FitOf(const Case& each, const Spec& optimizer)
      : network_(each.layers, each.loss, 1), optimizer_(optimizer), batch_(each.batch) {
    const std::int64_t n = kManySteps * batch_;
    const auto& dense = network_.architecture();
    x_.resize(static_cast<std::size_t>(n * dense.n_in));
    y_.resize(static_cast<std::size_t>(n * dense.n_out()));
    RandomStream stream(9, Purpose::kShuffle, 0);
    for (T& value : x_) value = static_cast<T>(stream.next_uniform() - 0.5);
    for (std::int64_t i = 0; i < n; ++i) {
      y_[static_cast<std::size_t>(i * dense.n_out() + i % dense.n_out())] = 1;
    }
  }

  // Of two epochs of so many steps
  std::int64_t allocations(std::int64_t steps, bool shuffle, bool restores_best) {
    const std::int64_t n = steps * batch_;
    Samples<T> samples;
    samples.x = array_view(x_.data(), n, network_.architecture().n_in);
    if (network_.architecture().loss.custom) {
      samples.custom_cost = [](const Rows&, MatrixView<const T> s, MatrixView<T> dC_ds) {
        for (std::int64_t i = 0; i < s.rows * s.cols; ++i) dC_ds.data[i] = s.data[i] / 100;
        return 1.0;
      };
    } else {
      samples.y = array_view(y_.data(), n, network_.architecture().n_out());
    }
    FitOptions<T> options;
    options.epochs = 2;
    options.batch_size = batch_;
    options.shuffle = shuffle;
    if (restores_best) options.stop = {{"no_improvement", {{"restore_best", 1}}}};
    Poll poll;
    const std::int64_t before = n_allocations;
    network_.fit(samples, optimizer_, options, poll);
    return n_allocations - before;
  }

  std::string plan() const { return network_.report(batch_, true).plan; }
  int threads() const { return network_.report(batch_, true).threads; }

  static constexpr std::int64_t kFewSteps = 1, kManySteps = 5;

 private:
  Network<T> network_;
  Optimizer optimizer_;
  std::int64_t batch_;
  std::vector<T> x_, y_;
};

template <class T>
void check_allocations(const Case& each, const Spec& optimizer) {
  const Setting setting(each);
  FitOf<T> training(each, optimizer);
  CHECK_EQUAL(training.plan(), each.plan);
  CHECK_EQUAL(training.threads(), training.plan() == "layerwise" ? 1 : each.threads);
  training.allocations(1, true, false);  // the plan, the threads, the optimizer's state
  for (const bool watched : {false, true}) {
    const std::int64_t of_few = training.allocations(FitOf<T>::kFewSteps, !watched, watched);
    CHECK(of_few > 0);  // the order of the samples, the costs of the epochs
    CHECK_EQUAL(training.allocations(FitOf<T>::kManySteps, !watched, watched), of_few);
  }
}

TEST(allocations_do_not_grow_with_the_steps) {
  for (const Case& each : cases()) {
    const Spec nadam{"nadam", {{"learning_rate", 0.001}}};  // it carries a number from step to step
    for (const Spec& optimizer : {sgd(0.001), sgd(0.001, 0.9, true), adam(0.001), nadam}) {
      check::at() = check::text(each.plan, ", products by ", each.product, ", ",
                                *each.loss ? each.loss : "a cost of the user's own", ", ",
                                optimizer.name, ", ", each.threads, " threads");
      check_allocations<float>(each, optimizer);
      check_allocations<double>(each, optimizer);
    }
  }
}

TEST(allocations_are_counted) {
  const std::int64_t before = n_allocations;
  {
    const std::vector<int> one(5);
  }
  CHECK_EQUAL(n_allocations - before, 1);
  {
    const AlignedBlock<float> another(5);
  }
  CHECK_EQUAL(n_allocations - before, 2);
}

}  // namespace
}  // namespace chainrule
