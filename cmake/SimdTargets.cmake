# The CPU targets of the kernels: for which processors each is built, and with which instructions.
# Included by cpp/. Sets CHAINRULE_SIMD_TARGETS, the names of those built here from the plainest to the best; CHAINRULE_SIMD_SOURCES,
# their files; CHAINRULE_SIMD_FLAGS_<name>; CHAINRULE_SIMD_LIST, the names as the C++ code wants them.
# SPDX-License-Identifier: BSD-3-Clause
include(CheckCXXSourceCompiles)

function(check_processor result condition)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles("#if !(${condition})\n#error\n#endif\nint main() {}" ${result})
endfunction()
# Both are false in a build for several processors at once, which then has the scalar target alone.
check_processor(CHAINRULE_X86_64 "defined(__x86_64__) || defined(_M_X64) && !defined(_M_ARM64EC)")
check_processor(CHAINRULE_ARM64 "defined(__aarch64__) || defined(_M_ARM64)")

# Each costs a minute to compile, several under a sanitizer.
set(CHAINRULE_CPU_TARGETS "" CACHE STRING "CPU targets to build beside scalar, where this processor has them; all if empty")
set(unknown_targets ${CHAINRULE_CPU_TARGETS})
set(CHAINRULE_SIMD_TARGETS)
function(add_simd_target name is_built gnu_flags msvc_flags)
  list(REMOVE_ITEM unknown_targets ${name})
  set(unknown_targets ${unknown_targets} PARENT_SCOPE)
  set(wanted scalar ${CHAINRULE_CPU_TARGETS})
  if(NOT is_built OR (CHAINRULE_CPU_TARGETS AND NOT name IN_LIST wanted))
    return()
  endif()
  set(flags ${gnu_flags})
  if(MSVC)
    set(flags ${msvc_flags})
  elseif(name STREQUAL v4 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND flags -Wno-uninitialized -Wno-maybe-uninitialized) # about its own header: GCC's bug 105593
  endif()
  if(NOT MSVC)
    # Or a loop is faster or slower by some percent with where other code happens to push it.
    list(APPEND flags -falign-functions=64 -falign-loops=32)
  endif()
  set(source chainrule/kernels/target_${name}.cpp)
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${flags})
  set(CHAINRULE_SIMD_TARGETS ${CHAINRULE_SIMD_TARGETS} ${name} PARENT_SCOPE)
  set(CHAINRULE_SIMD_SOURCES ${CHAINRULE_SIMD_SOURCES} ${source} PARENT_SCOPE)
  set(CHAINRULE_SIMD_FLAGS_${name} ${flags} PARENT_SCOPE)
endfunction()

# cpp/chainrule/simd/x86_features.h asks the CPU for all that the flags allow.
add_simd_target(scalar TRUE "" "")
add_simd_target(v2 "${CHAINRULE_X86_64}" "-msse4.2" "")
add_simd_target(v3 "${CHAINRULE_X86_64}" "-mavx2;-mfma;-mf16c" "/arch:AVX2")
add_simd_target(v4 "${CHAINRULE_X86_64}" "-mavx2;-mfma;-mf16c;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl" "/arch:AVX512")
add_simd_target(neon "${CHAINRULE_ARM64}" "" "")
if(unknown_targets)
  message(FATAL_ERROR "CHAINRULE_CPU_TARGETS names no CPU target of ours: ${unknown_targets}")
endif()

# One number at a time with the instructions of v3, for its networks and those of v4; no target of its own.
if(v3 IN_LIST CHAINRULE_SIMD_TARGETS AND NOT MSVC)
  set(source chainrule/kernels/target_scalar_fma.cpp)
  # Without the last one, numbers are put together two by two and taken apart again.
  set(flags ${CHAINRULE_SIMD_FLAGS_v3} -fno-tree-vectorize)
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${flags})
  list(APPEND CHAINRULE_SIMD_SOURCES ${source})
  set_property(SOURCE chainrule/kernels/all_targets.cpp APPEND PROPERTY COMPILE_DEFINITIONS CHAINRULE_SCALAR_FMA)
endif()

list(TRANSFORM CHAINRULE_SIMD_TARGETS REPLACE "(.+)" "X(\\1)" OUTPUT_VARIABLE CHAINRULE_SIMD_LIST)
list(JOIN CHAINRULE_SIMD_LIST "" CHAINRULE_SIMD_LIST)
set_property(SOURCE chainrule/simd/dispatch.cpp chainrule/kernels/all_targets.cpp APPEND PROPERTY COMPILE_DEFINITIONS CHAINRULE_TARGETS=${CHAINRULE_SIMD_LIST})
