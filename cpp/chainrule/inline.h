// The attribute of functions that are never called, but put where they are used.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// Vectors stay in registers, in unoptimised builds too; and no translation unit that is compiled for one CPU target has a
// copy that the linker could give to all. A lambda has its attribute behind its parameters.
#if defined(_MSC_VER) && !defined(__clang__)
#define CHAINRULE_INLINE __forceinline
#define CHAINRULE_INLINE_LAMBDA [[msvc::forceinline]]
#else
#define CHAINRULE_INLINE __attribute__((always_inline)) inline
#define CHAINRULE_INLINE_LAMBDA __attribute__((always_inline))
#endif
