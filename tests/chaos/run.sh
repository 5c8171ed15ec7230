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
# Stores and logs are in memory where that has room for them, else, or as TMPDIR says, on the disk.
# Mounting a small disk wants root; a failing disk, strace: what cannot be done is skipped and said.
# Exits with 1 if something was wrong; stores and logs are left then.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target chaos trialsyncd trialsync
free_kilobytes=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)
if [[ -z ${TMPDIR:-} && ${free_kilobytes:-0} -gt $((4 << 20)) ]]; then export TMPDIR=/dev/shm; fi
exec build/release/tests/chaos/chaos "$@"
