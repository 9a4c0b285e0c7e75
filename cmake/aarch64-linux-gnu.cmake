# Cross-builds for 64-bit ARM with Debian's compiler and runs what is built under emulation:
#   apt-get install g++-aarch64-linux-gnu qemu-user
#   cmake -B build/aarch64 -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake
#         -DCHAINRULE_BUILD_PYTHON=OFF -DCHAINRULE_BUILD_TESTS=ON -DCHAINRULE_BLAS=builtin
#   cmake --build build/aarch64
#   qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/chainrule_cpp_tests simd_ gemm_ memory_ network_ random_ training_
# The tests of forks are left out: the emulator itself does not survive a fork beside other threads.
# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64;-L;/usr/aarch64-linux-gnu)
