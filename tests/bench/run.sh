#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release preset and measures how fast a site catches up after a long time offline, what
# that costs, how long one change takes, and how near all of it is to the bound of this machine:
# tests/bench/bench.cc and bound.cc say what is measured and how. Leave the machine alone meanwhile.
#
#   tests/bench/run.sh [--changes 200000] [--runs 5] [--latency-changes 1000]
#
# The last line is, for example: ratio to the bound: 0.41
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target bench bound trialsyncd
exec build/release/tests/bench/bench "$@"
