// What a network does with samples: check them, borrow a plan, let it run.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/network.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/layers/initialize.h"
#include "chainrule/network/check_samples.h"
#include "chainrule/network/check_targets.h"
#include "chainrule/network/divergence.h"
#include "chainrule/network/rows_at_once.h"
#include "chainrule/network/step_maker.h"
#include "chainrule/network/training.h"
#include "chainrule/plan/choose.h"
#include "chainrule/simd/denormals.h"

namespace chainrule {
namespace {

std::uint64_t next_network_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// A block of elements of any type, some at a time.
template <class T>
void copy_numbers(const ArrayView& from, T* to, Poll& poll) {
  constexpr std::int64_t kAtOnce = 1 << 20;
  for (std::int64_t first = 0; first < from.cols; first += kAtOnce) {
    const std::int64_t count = std::min(kAtOnce, from.cols - first);
    gather_rows(from.col_range(first, count), one_row(0), MatrixView<T>(to + first, 1, count));
    poll();
  }
}

}  // namespace

// A plan with the network's parameters loaded, and a team of threads for it. One plan waits idle in its network. A call
// that finds none, or one that does not suit it, makes another; the last one given back stays.
template <class T>
class Network<T>::BorrowedPlan {
 public:
  BorrowedPlan(const Network& network, Capacity wanted, Poll& poll)
      : BorrowedPlan(network, network.parameters(), wanted, poll) {}
  BorrowedPlan(const Network& network, T* parameters, Capacity wanted, Poll& poll)
      : network_(network),
        rows_(wanted.max_rows),
        plan_(network.idle_plan_.exchange(nullptr)),
        engine_(current_engine<T>()),
        kind_(choose_plan(network.architecture_, engine_)),
        team(threads_for(kind_, network.architecture_, wanted.usual_rows, wanted.trains,
                         network.threads_)) {
    wanted.threads = team.size();
    if (!plan_ || plan_->kind() != kind_ || !plan_->serves(wanted) ||
        !(plan_->engine() == engine_)) {
      plan_.reset();  // first, so that not both are in memory
      plan_ = make_plan<T>(kind_, network.architecture_, wanted, engine_, poll);
    }
    (*this)->load(parameters, wanted, team, poll);
  }
  BorrowedPlan(const Network& network, std::int64_t rows, bool trains, Poll& poll)
      : BorrowedPlan(network, Capacity{rows, rows, trains, 1}, poll) {}
  ~BorrowedPlan() {
    Team alone(1);  // after an exception, such as one of the team's threads'
    plan_->store(alone);
    network_.give_back(std::move(plan_), rows_);
  }
  BorrowedPlan(const BorrowedPlan&) = delete;
  BorrowedPlan& operator=(const BorrowedPlan&) = delete;

  Plan<T>* operator->() const { return plan_.get(); }
  Plan<T>& operator*() const { return *plan_; }

 private:
  const Network& network_;
  const std::int64_t rows_;
  std::unique_ptr<Plan<T>> plan_;
  const Engine<T> engine_;
  const PlanKind kind_;

 public:
  Team team;
};

// What one large batch has needed is kept for the next one, until some calls in a row have needed much less. Only what the
// rows need counts: packed weights are as many for every batch.
template <class T>
void Network<T>::give_back(std::unique_ptr<Plan<T>> plan, std::int64_t rows) const {
  constexpr double kMuchMemory = 16 << 20;  // bytes
  constexpr int kSmallCalls = 4;
  const std::int64_t held = plan->capacity().max_rows;
  const double bytes =
      sizeof(T) * static_cast<double>(held) * static_cast<double>(architecture_.n_neurons);
  const bool small = rows <= held / 4 && bytes > kMuchMemory;
  if (!small) {
    small_calls_.store(0, std::memory_order_relaxed);
  } else if (small_calls_.fetch_add(1, std::memory_order_relaxed) + 1 >= kSmallCalls) {
    small_calls_.store(0, std::memory_order_relaxed);
    return;
  }
  delete idle_plan_.exchange(plan.release());
}

template <class T>
Network<T>::Network(const Spec& spec, std::uint64_t seed, Poll poll)
    : architecture_(spec),
      seed_(seed),
      id_(next_network_id()),
      parameters_(architecture_.n_parameters(), poll) {
  initialize(architecture_.parameters, seed, parameters(), poll);
}

template <class T>
Network<T>::Network(const Spec& spec, std::uint64_t seed, const ArrayView& parameters, Poll poll)
    : architecture_(spec),
      seed_(seed),
      id_(next_network_id()),
      parameters_(architecture_.n_parameters(), poll) {
  require_shape("the parameters", parameters, 1, n_parameters());
  copy_numbers(parameters, this->parameters(), poll);
}

template <class T>
typename Network<T>::Report Network<T>::report(std::int64_t batch, bool trains) const {
  const Engine<T> engine = current_engine<T>();
  const PlanKind plan = choose_plan(architecture_, engine);
  return {plan_name(plan), engine.product == Product::kOwn ? "own" : "blas",
          target_name(engine.target), threads_for(plan, architecture_, batch, trains, threads_)};
}

template <class T>
void Network<T>::set_options(std::size_t layer, const Spec& spec) {
  const UseGuard::Exclusive use(uses_, "network");
  delete idle_plan_.exchange(nullptr);  // made for the options of before
  architecture_.set_options(layer, spec);
}

template <class T>
void Network<T>::require_trainable() const {
  if (averaged_) {
    throw std::invalid_argument(
        "the average of the weights is in their place; this network can be trained again after "
        "the end of `with net.averaged()`");
  }
  if (architecture_.parameters.any_trained()) return;
  throw std::invalid_argument(
      "all layers of this network are frozen, so there is nothing to train; "
      "set trainable = True for one of net.layers");
}

template <class T>
void Network<T>::require_average() const {
  if (average_.any()) return;
  throw std::invalid_argument(
      "this network has no average of its weights; train it with an optimizer that keeps one, "
      "such as cr.Adam(ema=0.999)");
}

template <class T>
void Network<T>::restore_average(const ArrayView& values, std::int64_t steps, Poll& poll) {
  const UseGuard::Exclusive use(uses_, "network");
  require_shape("the average", values, 1, n_parameters());
  require(steps >= 0, "the steps in an average", ">= 0", static_cast<double>(steps));
  if (steps == 0) {
    average_.steps = 0;
    return;
  }
  AlignedBlock<T> block(n_parameters(), poll);
  copy_numbers(values, block.data(), poll);
  average_.values = std::move(block);
  average_.steps = steps;
}

template <class T>
bool Network<T>::use_average(bool wanted) {
  const UseGuard::Exclusive use(uses_, "network");
  if (averaged_ == wanted) return false;
  require_average();
  std::swap_ranges(parameters(), parameters() + n_parameters(), average_.values.data());
  averaged_ = wanted;
  return true;
}

template <class T>
void Network<T>::predict(const RowSource& x, MatrixView<T> s, Poll& poll, bool check_finite,
                         Weights weights) const {
  const FlushDenormals flush;
  const UseGuard::Shared use(uses_, "network");
  if (weights == Weights::kAveraged) require_average();
  check_shape_of_x(architecture_, x);
  if (s.rows != x.rows() || s.cols != architecture_.n_out() || s.stride < s.cols) {
    throw ShapeError("s has shape " + shape_text(s.rows, s.cols) + " and rows " +
                     std::to_string(s.stride) + " numbers apart, expected " +
                     shape_text(x.rows(), architecture_.n_out()));
  }
  if (x.rows() == 0) return;
  const std::int64_t chunk = std::min(x.rows(), kRowsAtOnce);
  const bool apart = weights == Weights::kAveraged && !averaged_;
  BorrowedPlan plan(*this, apart ? average_.values.data() : parameters(), {chunk, chunk, false, 1},
                    poll);
  if (check_finite) check_numbers_of_x<T>(x, plan.team, poll);  // all of them before any is used
  for (std::int64_t first = 0; first < x.rows(); first += chunk) {
    const Rows rows{nullptr, {first, std::min(first + chunk, x.rows())}};
    plan->predict(x, rows, {}, s.row_range(first, rows.size()), plan.team, poll);
  }
}

template <class T>
double Network<T>::cost(const Samples<T>& samples, Poll& poll) const {
  const FlushDenormals flush;
  const UseGuard::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  BorrowedPlan plan(*this, rows_at_once(samples), false, poll);
  return mean_cost(*plan, samples, rows_at_once(samples), plan.team, poll);
}

template <class T>
double Network<T>::value_and_gradient(const Samples<T>& samples, T* gradient, Poll& poll,
                                      const Noise& noise) const {
  const FlushDenormals flush;
  const UseGuard::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  BorrowedPlan plan(*this, samples.size(), true, poll);
  const Batch<T> batch{samples, samples.all(), {}, noise};
  return chainrule::value_and_gradient(*plan, batch, gradient, plan.team, poll).mean();
}

template <class T>
double Network<T>::train_step(const Samples<T>& samples, Optimizer& optimizer, Poll& poll,
                              const RateFunction& rate) {
  const FlushDenormals flush;
  const UseGuard::Exclusive use(uses_, "network");
  check_samples(architecture_, samples, poll);
  require_trainable();
  typename Optimizer::Session<T> session(optimizer, trained_parameters(), rate, poll);
  BorrowedPlan plan(*this, samples.size(), true, poll);
  StepMaker<T> steps(*plan, session, samples, samples.size(), true, false);
  const Batch<T> batch{samples, samples.all(), {}, Noise::of_step(seed_, life_.steps_made)};
  const std::int64_t finished = steps.make(batch, plan.team, poll);
  plan->store(plan.team);
  if (!steps.finite()) {
    throw training_diverged(divergence_in_step(steps.failed(parameters(), batch), session,
                                               session.steps() > 0, plan.team, poll),
                            poll);
  }
  life_.steps_made += finished;
  return steps.last_cost().mean();
}

template <class T>
void Network<T>::fit(const Samples<T>& samples, Optimizer& optimizer, const FitOptions<T>& options,
                     Poll& poll, History& history) {
  const FlushDenormals flush;
  const UseGuard::Exclusive use(uses_, "network");
  check_samples(architecture_, samples, poll);
  require_trainable();
  if (options.validation) {
    with_prefix("validation_data: ",
                [&] { check_samples(architecture_, *options.validation, poll); });
  }
  check_fit_options(options, architecture_, optimizer, samples.size(), poll);
  if (options.warn && !warned_of_targets_) {
    const std::string warning = unreachable_targets(architecture_, samples, poll);
    warned_of_targets_ = !warning.empty();
    if (warned_of_targets_) options.warn(warning, Warning::kTargets);
  }
  typename Optimizer::Session<T> session(optimizer, trained_parameters(), options.rate, poll);
  const std::int64_t batch = std::min(options.batch_size, samples.size());
  const std::int64_t largest =
      options.validation ? std::max(batch, rows_at_once(*options.validation)) : batch;
  BorrowedPlan plan(*this, {largest, batch, true, 1}, poll);
  Training<T> training({parameters(), n_parameters(), seed_, life_, uses_}, *plan, session, samples,
                       options, plan.team, poll, history);
  training.go_on();
  plan->store(plan.team);
}

template <class T>
typename Network<T>::Trace Network<T>::trace(const Samples<T>& samples, T* gradient,
                                             Poll& poll) const {
  const FlushDenormals flush;
  const UseGuard::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  Trace trace;
  const Capacity capacity{samples.size(), samples.size(), true, 1, true};
  trace.plan =
      std::make_unique<LayerwisePlan<T>>(architecture_, capacity, current_engine<T>(), poll);
  Team alone(1);
  trace.plan->load(parameters(), capacity, alone, poll);
  trace.cost =
      chainrule::value_and_gradient<T>(*trace.plan, {samples, samples.all()}, gradient, alone, poll)
          .mean();
  const MatrixView<T> dC_ds = trace.plan->output_gradients(poll);
  if (!samples.custom_cost) trace.plan->dC_ds(dC_ds, poll);
  trace.dC_ds = dC_ds;
  return trace;
}

template class Network<float>;
template class Network<double>;

}  // namespace chainrule
