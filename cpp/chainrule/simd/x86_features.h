// What a CPU of the family x86-64 can do, as far as its operating system lets it.
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, sections 14.3 and 15.2-15.4
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#ifdef _MSC_VER
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace chainrule {

class X86Features {
 public:
  X86Features() {
    const Registers basic = cpuid(1), extended = cpuid(7);
    constexpr std::uint32_t kSaves = 1u << 27;  // the operating system saves registers by XSAVE
    const std::uint64_t saved = has(basic.c, kSaves) ? saved_registers() : 0;
    constexpr std::uint64_t kYmm = 0x06, kZmm = 0xE6;
    const bool saves_ymm = (saved & kYmm) == kYmm;
#ifdef __APPLE__
    const bool saves_zmm =
        saves_ymm;  // a thread's registers appear in the mask with their first use
#else
    const bool saves_zmm = (saved & kZmm) == kZmm;
#endif
    // SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT
    v2 = has(basic.c, 1u << 0 | 1u << 9 | 1u << 19 | 1u << 20 | 1u << 23);
    // FMA, AVX, F16C; AVX2
    v3 =
        v2 && saves_ymm && has(basic.c, 1u << 12 | 1u << 28 | 1u << 29) && has(extended.b, 1u << 5);
    // AVX-512 F, DQ, CD, BW, VL
    v4 = v3 && saves_zmm && has(extended.b, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31);
  }

  bool v2, v3, v4;

 private:
  struct Registers {
    std::uint32_t a = 0, b = 0, c = 0, d = 0;
  };

  static bool has(std::uint32_t found, std::uint32_t wanted) { return (found & wanted) == wanted; }

#ifdef _MSC_VER
  static Registers cpuid(int leaf) {
    int most[4], values[4];
    __cpuid(most, 0);
    if (most[0] < leaf) return {};
    __cpuidex(values, leaf, 0);
    const auto* r = reinterpret_cast<const std::uint32_t*>(values);
    return {r[0], r[1], r[2], r[3]};
  }
  static std::uint64_t saved_registers() { return _xgetbv(0); }
#else
  static Registers cpuid(unsigned leaf) {
    Registers r;
    __get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d);
    return r;
  }
  static std::uint64_t saved_registers() {
    std::uint32_t low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t{high} << 32 | low;
  }
#endif
};

}  // namespace chainrule
