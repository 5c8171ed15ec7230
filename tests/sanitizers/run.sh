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
# The floors below the daemon; the model is checked by itself, and real daemons are not started.
floors='^(storage|study|sync)$'
targets=(storage_test storage_kv_conformance_test storage_rocksdb_kv_test study_test sync_author_test
  sync_verify_test sync_bytes_test)

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
      cmake --build --preset "$build" --target "${targets[@]}"
      ctest --test-dir "build/$build" --output-on-failure -j "$(nproc)" -L "$floors"
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
