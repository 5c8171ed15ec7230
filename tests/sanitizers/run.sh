#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The quick tests under the address, undefined behaviour and thread sanitizers, and clang's
# thread-safety analysis over the daemon.
#
#   tests/sanitizers/run.sh [asan] [tsan] [analysis]     all three without arguments
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/sanitizers
wanted=("$@")
[[ ${#wanted[@]} -eq 0 ]] && wanted=(analysis asan tsan)

deploy/install-dependencies.sh --sanitizers

export ASAN_OPTIONS=detect_stack_use_after_return=1
export LSAN_OPTIONS=suppressions=$here/lsan_suppressions.txt:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$here/tsan_suppressions.txt:ignore_noninstrumented_modules=1

for build in "${wanted[@]}"; do
  case $build in
    asan | tsan)
      echo "-- $build"
      cmake --preset "$build" >/dev/null
      cmake --build --preset "$build"
      ctest --test-dir "build/$build" --output-on-failure -j "$(nproc)" -LE "long|release_only"
      ;;
    analysis)
      echo "-- thread-safety analysis"
      "$here/analyse-threads.sh"
      ;;
    *)
      echo "tests/sanitizers/run.sh: no build \"$build\": asan, tsan or analysis" >&2
      exit 2
      ;;
  esac
done
