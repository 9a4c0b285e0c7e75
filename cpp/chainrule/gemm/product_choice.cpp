// The choice, and where it comes from.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/gemm/product_choice.h"

#include <atomic>
#include <cstdlib>
#include <vector>

#include "chainrule/error.h"

namespace chainrule {
namespace {

const std::vector<std::string> kChoices = {"auto", "own", "blas"};

int index_of(const std::string& choice) {
  for (int i = 0; i < static_cast<int>(kChoices.size()); ++i) {
    if (kChoices[static_cast<std::size_t>(i)] == choice) return i;
  }
  throw_unknown_name("product", choice, {kChoices.begin(), kChoices.end()});
}

// Without fused multiply-add, our kernels are no match for a BLAS; the scalar target is a reference, not a product.
bool is_tuned(Target target) {
  return target == Target::v3 || target == Target::v4 || target == Target::neon;
}

constexpr int kNotYet = -1;

std::atomic<int>& choice() {
  static std::atomic<int> chosen{kNotYet};
  return chosen;
}

}  // namespace

namespace {

int current_choice() {
  int chosen = choice();
  if (chosen != kNotYet) return chosen;
  const char* wish = std::getenv("CHAINRULE_PRODUCT");
  with_prefix("CHAINRULE_PRODUCT: ", [&] { chosen = index_of(wish && *wish ? wish : "auto"); });
  choice() = chosen;
  return chosen;
}

}  // namespace

void set_product(const std::string& wish) { choice() = index_of(wish); }
std::string product_choice() { return kChoices[static_cast<std::size_t>(current_choice())]; }

Product product_for(Target target) {
  switch (current_choice()) {
    case 1: return Product::kOwn;
    case 2: return Product::kBlas;
    default: return is_tuned(target) ? Product::kOwn : Product::kBlas;
  }
}

}  // namespace chainrule
