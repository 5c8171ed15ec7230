#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release preset, starts a coordinator and four replicas of three sites with people who
# go on writing, and does harm to them by chance: kills, stalls, cuts, slow links, wrong clocks,
# stores put back, copied and damaged, full and failing disks. Every value that was called saved is
# in a file before the writer goes on; at the end each is at the coordinator exactly once, or was
# reported as lost by both ends where the fault destroyed its only copy.
#
#   tests/chaos/run.sh [--for DURATION] [--seed N]
#
#   --for DURATION   how long faults come: 90s, 10m, 2h; two minutes without
#   --seed N         the same choices again (what they hit depends on the machine's timing as well)
#
# Mounting a small disk wants root; a failing disk, strace; wrong clocks, libfaketime. What cannot be
# done is skipped and said. Exits with 1 if something was wrong; stores and logs are left then.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target chaos trialsyncd trialsync
exec build/release/tests/chaos/chaos "$@"
