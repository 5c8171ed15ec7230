#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs every test. Ends with ctest's summary.
#
#   tests/run.sh            all tests
#   tests/run.sh -L sync    what follows is passed to ctest, here: only one floor
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-dependencies.sh
cmake --preset release >/dev/null
cmake --build --preset release
ctest --test-dir build/release --output-on-failure -j "$(nproc)" "$@"
