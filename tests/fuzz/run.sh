#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for inputs that end the process or break what a target promises, one target after the other.
# Prints a line for each; an input that did harm is kept beside the build, under findings/. What
# adds coverage is kept there too, under corpus/, and is begun with the next time.
#
#   tests/fuzz/run.sh [TARGET...] [--for DURATION] [--merge]
#
#   TARGET           some of them; all without
#   --for DURATION   of each: 90s, 10m, 2h; a minute without
#   --merge          afterwards adds to tests/fuzz/corpus/ the few inputs that reach what none there
#                    reaches; look at them before they are committed
#
# Exits with 1 if something was found.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
  echo "tests/fuzz/run.sh: $1" >&2
  exit 2
}

seconds_of() {
  [[ $1 =~ ^([0-9]+)([smh]?)$ ]] || die "no duration \"$1\": write 90s, 10m or 2h"
  case ${BASH_REMATCH[2]} in
    m) echo $((BASH_REMATCH[1] * 60)) ;;
    h) echo $((BASH_REMATCH[1] * 3600)) ;;
    *) echo "${BASH_REMATCH[1]}" ;;
  esac
}

all=()
for folder in tests/fuzz/corpus/*/; do all+=("$(basename "$folder")"); done

targets=()
seconds=60
merge=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --for)
      [[ $# -gt 1 ]] || die "--for wants a duration"
      seconds=$(seconds_of "$2")
      shift
      ;;
    --merge) merge=yes ;;
    -*) die "no option \"$1\"" ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || die "no target \"$1\"; there are: ${all[*]}"
      targets+=("$1")
      ;;
  esac
  shift
done
[[ ${#targets[@]} -eq 0 ]] && targets=("${all[@]}")

deploy/install-dependencies.sh --sanitizers
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"

# Stacks of allocations and filled memory cost more than the targets themselves.
export ASAN_OPTIONS=malloc_context_size=2:max_malloc_fill_size=0:quarantine_size_mb=16
export UBSAN_OPTIONS=print_stacktrace=1
work=$PWD/build/fuzz
found=no

run_target() {
  local target=$1
  local program=$work/tests/fuzz/fuzz_$target
  local kept=$work/corpus/$target findings=$work/findings/$target log=$work/$target.log
  local dictionary=tests/fuzz/dictionaries/$target.txt
  mkdir -p "$kept" "$findings"
  local options=(-print_final_stats=1 -timeout=60 -rss_limit_mb=4096 -artifact_prefix="$findings/")
  # With thousands of features the power schedule costs most of the time.
  options+=(-entropic=0 -max_len=8192)
  [[ -e $dictionary ]] && options+=(-dict="$dictionary")
  local before finding=none
  before=$(find "$findings" -type f | wc -l)
  "$program" "${options[@]}" -max_total_time="$seconds" "$kept" "tests/fuzz/corpus/$target" \
    >"$log" 2>&1 || true
  local executions coverage
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  # Without a last line it did not end by itself.
  if [[ $(find "$findings" -type f | wc -l) -gt $before ]] || ! grep -q 'DONE  ' "$log"; then
    finding=$(find "$findings" -type f -newer "$program" -printf '%T@ %p\n' | sort -n | tail -1 |
      cut -d' ' -f2)
    finding="${finding:-no input} (see $log)"
    found=yes
  fi
  printf '| %s | %s | %s | %s | %s |\n' "$target" "$seconds" "${executions:-0}" "${coverage:-0}" \
    "$finding"
}

# Into the corpus goes what reaches an edge of the code that nothing there reaches, the smallest
# first.
merge_target() {
  local target=$1
  local kept=$work/corpus/$target
  local before after
  before=$(find "tests/fuzz/corpus/$target" -type f | wc -l)
  "$work/tests/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 -timeout=60 \
    -rss_limit_mb=4096 "tests/fuzz/corpus/$target" "$kept" >"$work/$target.merge.log" 2>&1 ||
    die "merging $target failed; see $work/$target.merge.log"
  after=$(find "tests/fuzz/corpus/$target" -type f | wc -l)
  echo "$target: $((after - before)) inputs more, $after in all"
}

echo "| target | seconds | executions | coverage | finding |"
echo "|---|---|---|---|---|"
for target in "${targets[@]}"; do run_target "$target"; done
if [[ $merge == yes ]]; then
  for target in "${targets[@]}"; do merge_target "$target"; done
fi
[[ $found == no ]]
