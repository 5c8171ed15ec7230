#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests under the address and undefined behaviour sanitizers, those with threads under the
# thread sanitizer, and clang's thread-safety analysis. Daemons that a test starts are watched too:
# what one reports fails the test. Which tests a build has, tests/CMakeLists.txt says.
#
#   tests/sanitizers/run.sh [analysis] [asan] [tsan]     all three without arguments
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/sanitizers
wanted=("$@")
[[ ${#wanted[@]} -eq 0 ]] && wanted=(analysis asan tsan)

deploy/install-dependencies.sh --sanitizers

export ASAN_OPTIONS=detect_stack_use_after_return=1
export LSAN_OPTIONS=suppressions=$here/lsan_suppressions.txt:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
# Suppressions are by function, so it must find the symbolizer. A daemon ends at its first report.
export TSAN_OPTIONS=suppressions=$here/tsan_suppressions.txt:ignore_noninstrumented_modules=1:halt_on_error=1:external_symbolizer_path=/usr/lib/llvm-14/bin/llvm-symbolizer

for build in "${wanted[@]}"; do
  case $build in
    asan | tsan)
      echo "-- $build"
      cmake --preset "$build" >/dev/null
      cmake --build --preset "$build"
      ctest --test-dir "build/$build" --output-on-failure -j "$(nproc)"
      ;;
    analysis)
      echo "-- thread-safety analysis"
      "$here/analyse-threads.sh"
      ;;
    *)
      echo "tests/sanitizers/run.sh: no build \"$build\": analysis, asan or tsan" >&2
      exit 2
      ;;
  esac
done
