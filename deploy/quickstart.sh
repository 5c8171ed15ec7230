#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real trial on one machine: a coordinator and six site replicas at five hospitals, the Mayo
# Clinic follow-up of primary biliary cholangitis, links that are cut and come back. Installs what
# it needs, builds, runs, checks everything it shows, and stops what it started.
#
#   deploy/quickstart.sh [--keep] [--data DIR]
#
#   --keep      leave everything running at the end, to look further
#   --data DIR  where the stores go (default: a new temporary directory)
#
# Exit code: 0 if everything held, 1 if something did not.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=0
data=
while [[ $# -gt 0 ]]; do
  case $1 in
    --keep) keep=1 ;;
    --data) data=${2:?--data needs a directory}; shift ;;
    -h | --help) sed -n '3,13p' "$0" | cut -c3-; exit 0 ;;
    *) echo "quickstart: no option $1; see --help" >&2; exit 2 ;;
  esac
  shift
done

study=deploy/studies/pbc
hospitals=(MAYO1 MAYO2 MAYO3 MAYO4 MAYO5)
replicas=(MAYO1a MAYO1b MAYO2 MAYO3 MAYO4 MAYO5) # MAYO1 has two, for a laptop that leaves
export TRIALSYNC_AUTHOR=quickstart

# ---- small tools ------------------------------------------------------------------------------

# Bold on a terminal only: what is redirected stays plain text.
if [[ -t 1 ]]; then
  bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
else
  bold() { printf '\n%s\n' "$*"; }
fi
say() { printf '  %s\n' "$*"; }
failures=0
holds() { # holds TEXT COMMAND…: runs the command and says whether it held
  local text=$1
  shift
  if "$@"; then say "✓ $text"; else
    say "✗ $text"
    failures=$((failures + 1))
  fi
}
equal() { [[ "$1" == "$2" ]]; }
hospital_of() { echo "${1%[ab]}"; }

declare -A pid address
bin=$PWD/build/release

ts() { # ts NODE ARGUMENTS…: the command, at a node
  local node=$1
  shift
  "$bin/trialsync" --at "${address[$node]}" "$@"
}
field() { jq -r "$1"; }

wait_for_address() { # NODE FILE
  local deadline=$((SECONDS + 30))
  until [[ -s $2 ]]; do
    if ! kill -0 "${pid[$1]}" 2>/dev/null || ((SECONDS > deadline)); then
      echo "quickstart: $1 did not start; the end of $data/$1.log:" >&2
      tail -5 "$data/$1.log" >&2
      exit 1
    fi
    sleep 0.05
  done
  address[$1]=$(cat "$2")
}
start_coordinator() {
  rm -f "$data/centre/listen_address"
  "$bin/trialsyncd" coordinator --data "$data/centre" --listen "${address[centre]:-127.0.0.1:0}" \
    --insecure >>"$data/centre.log" 2>&1 &
  pid[centre]=$!
  wait_for_address centre "$data/centre/listen_address"
}
start_site() { # REPLICA COORDINATOR_ADDRESS
  rm -f "$data/$1/listen_address"
  "$bin/trialsyncd" site --data "$data/$1" --study pbc --site "$(hospital_of "$1")" \
    --coordinator "$2" --listen "${address[$1]:-127.0.0.1:0}" --insecure >>"$data/$1.log" 2>&1 &
  pid[$1]=$!
  wait_for_address "$1" "$data/$1/listen_address"
}
stop() { # NODE
  [[ -n "${pid[$1]:-}" ]] || return 0
  kill "${pid[$1]}" 2>/dev/null || true
  wait "${pid[$1]}" 2>/dev/null || true
  unset "pid[$1]"
}
stop_all() {
  local node
  for node in "${!pid[@]}"; do stop "$node"; done
}
outbox() { ts "$1" status -o json | field '.partitions[0].outboxCount // "0"'; }
commits() { ts "$1" status -o json | field '.partitions[0].log.size // "0"'; }
wait_until() { # SECONDS TEXT COMMAND…
  local deadline=$((SECONDS + $1)) text=$2
  shift 2
  until "$@"; do
    if ((SECONDS > deadline)); then
      say "✗ gave up waiting: $text"
      failures=$((failures + 1))
      return 0
    fi
    sleep 0.1
  done
}
outbox_empty() { [[ $(outbox "$1") == 0 ]]; }
centre_log() { # HOSPITAL: "size root" at the coordinator
  ts centre status -o json | field ".partitions[] | select(.site == \"$1\") | \"\(.log.size) \(.log.root)\""
}
site_log() { ts "$1" status -o json | field '.partitions[0] | "\(.log.size) \(.log.root)"'; }
in_step() { equal "$(site_log "$1")" "$(centre_log "$(hospital_of "$1")")"; }
all_in_step() {
  local replica
  for replica in "${replicas[@]}"; do
    outbox_empty "$replica" && in_step "$replica" || return 1
  done
}
open_count() { # NODE KIND [SITE]
  ts "$1" worklist --kind "$2" -o json | field '[.discrepancies[]?] | length'
}

# ---- build ------------------------------------------------------------------------------------

bold "Build"
deploy/install-dependencies.sh
cmake --preset release >/dev/null
cmake --build --preset release --target trialsyncd trialsync flaky_link

data=${data:-$(mktemp -d "${TMPDIR:-/tmp}/trialsync.XXXXXX")}
mkdir -p "$data/csv"
trap 'status=$?; [[ $keep == 1 && $status == 0 ]] || stop_all; exit $status' EXIT
trap 'exit 130' INT TERM

# ---- the trial begins -------------------------------------------------------------------------

bold "1. One coordinator, six site replicas at five hospitals"
start_coordinator
say "coordinator at ${address[centre]}, data in $data"
ts centre study publish "$study/v1.yaml" --reason "protocol of 1974" >/dev/null
for hospital in "${hospitals[@]}"; do
  ts centre study activate pbc@1 --site "$hospital" --approval-date 1974-01-15 \
    --approval-reference "IRB-$hospital" --reason "approved" >/dev/null
done
ts centre study list
for replica in "${replicas[@]}"; do start_site "$replica" "${address[centre]}"; done
knows_version() { [[ $(ts "$1" status -o json | field '.partitions[0].activeVersions | length') == 1 ]]; }
for replica in "${replicas[@]}"; do
  wait_until 20 "$replica gets the definition" knows_version "$replica"
done
say "every site has the definition and its activation"

bold "2. The links are cut"
stop centre
say "the coordinator cannot be reached from now on"

bold "3. 1,945 visits of 312 patients are entered at the hospitals meanwhile"
say "dealt by a rule: patient n goes to hospital 1 + (n mod 5)"
for i in 0 1 2 3 4; do
  awk -F, -v i="$i" 'NR == 1 || $1 % 5 == i' "$study/pbcseq.csv" >"$data/csv/MAYO$((i + 1)).csv"
done
for replica in MAYO1a MAYO2 MAYO3 MAYO4 MAYO5; do
  ts "$replica" import "$data/csv/$(hospital_of "$replica").csv" --map "$study/map.yaml" 2>/dev/null |
    tail -1 | sed "s/^/  $replica: /"
done
total=0
for replica in MAYO1a MAYO2 MAYO3 MAYO4 MAYO5; do total=$((total + $(outbox "$replica"))); done
say "$total changes wait in the outboxes of the hospitals"

bold "4. The links come up, and the coordinator fills; MAYO5's is cut in the middle"
# MAYO5's line goes through a link that breaks after 20,000 bytes.
"$bin/flaky_link" "$data/flaky.address" "${address[centre]}" 20000 2 >"$data/flaky.log" 2>&1 &
pid[flaky]=$!
wait_for_address flaky "$data/flaky.address"
stop MAYO5
start_site MAYO5 "${address[flaky]}"
start_coordinator
for _ in $(seq 300); do
  done_count=0
  left=0
  for replica in MAYO1a MAYO2 MAYO3 MAYO4 MAYO5; do
    n=$(outbox "$replica")
    left=$((left + n))
  done
  done_count=$((total - left))
  printf '\r  receipts: %5d of %d' "$done_count" "$total"
  [[ $left == 0 ]] && break
  sleep 0.2
done
printf '\n'
holds "the transfer of MAYO5 was cut in the middle and resumed: $(tail -1 "$data/flaky.log")" \
  grep -q "cut" "$data/flaky.log"
wait_until 60 "everybody in step" all_in_step
holds "every outbox is empty, every log equal to the coordinator's" all_in_step

bold "5. One laboratory value corrected at both replicas of MAYO1 while apart"
record=PBC-005/VISIT~1/LAB
ts MAYO1a link down >/dev/null
ts MAYO1b link down >/dev/null
etag_of() { ts "$1" record get "$2" -o json | field .etag; }
before=$(ts MAYO1a record get "$record" -o json | field '.items[] | select(.item == "bili") | .text')
ts MAYO1a record set "$record" 'bili=4.3 mg/dL' --etag "$(etag_of MAYO1a $record)" \
  --author "nurse A" --reason "transcription error" >/dev/null
ts MAYO1b record set "$record" 'bili=3.9 mg/dL' --etag "$(etag_of MAYO1b $record)" \
  --author "nurse B" --reason "second reading" >/dev/null
say "$record bili was $before; A wrote 4.3, B wrote 3.9, neither had seen the other"
ts MAYO1a link up >/dev/null
wait_until 30 "A's correction arrives" outbox_empty MAYO1a
ts MAYO1b link up >/dev/null
wait_until 60 "both are in step" all_in_step
ts MAYO1b worklist --kind dispute
for node in MAYO1a MAYO1b centre; do
  holds "the dispute is on the worklist at $node" equal "$(open_count $node dispute)" 1
done
dispute=$(ts MAYO1a worklist --kind dispute -o json | field '.discrepancies[0].id')
ts MAYO1a worklist settle "$dispute" --take --author "investigator" \
  --reason "the second reading is right" >/dev/null
wait_until 60 "the decision arrives" all_in_step
holds "the hospital decided, and the decision arrived: 3.9 at the coordinator" \
  equal "$(ts centre record get "studies/pbc/sites/MAYO1/subjects/PBC-005/events/VISIT~1/forms/LAB" -o json |
    field '.items[] | select(.item == "bili") | .text')" "3.9 mg/dL"
holds "nothing is left on the worklist" equal "$(open_count centre dispute)" 0

bold "6. The centre proposes a correction, and the site accepts"
record2=PBC-006/VISIT~1/LAB
ts centre record set "studies/pbc/sites/MAYO2/subjects/PBC-006/events/VISIT~1/forms/LAB" \
  'albumin=3.89 g/dL' --author "data manager" --reason "value is cut off on the form" >/dev/null
wait_until 30 "the proposal arrives" all_in_step
holds "the value of the hospital stands until the hospital says otherwise" \
  equal "$(ts MAYO2 record get $record2 -o json | field '.items[] | select(.item == "albumin") | .text')" \
  "3.98 g/dL"
proposal=$(ts MAYO2 worklist --kind proposal -o json | field '.discrepancies[0].id')
ts MAYO2 worklist settle "$proposal" --accept --author "investigator" --reason "agreed" >/dev/null
wait_until 30 "the acceptance arrives" all_in_step
holds "accepted: 3.89 at the coordinator" \
  equal "$(ts centre record get "studies/pbc/sites/MAYO2/subjects/PBC-006/events/VISIT~1/forms/LAB" -o json |
    field '.items[] | select(.item == "albumin") | .text')" "3.89 g/dL"

bold "7. Two adverse events recorded apart under one label stay two"
ts MAYO1a link down >/dev/null
ts MAYO1b link down >/dev/null
ts MAYO1a record set PBC-005/AE~1/AE term=Nausea onset_date=1978-03 grade=1 serious=false --create \
  --author "nurse A" >/dev/null
ts MAYO1b record set PBC-005/AE~1/AE term=Fracture onset_date=1978-04-02 grade=3 serious=true --create \
  --author "nurse B" >/dev/null
ts MAYO1a link up >/dev/null
ts MAYO1b link up >/dev/null
wait_until 60 "both are in step" all_in_step
events=$(ts centre record list --site MAYO1 --study pbc --subject PBC-005 --form AE -o json |
  field '[.records[].name | split("/")[7]] | sort | join(" ")')
holds "the coordinator has both: $events" equal "$events" "AE~1 AE~1?2"
holds "and asks a person which is which" equal "$(open_count centre label)" 1

bold "8. A change under a version that is not active is refused, kept, and offered again"
ts centre study publish "$study/v2.yaml" --reason "amendment 1" >/dev/null
knows_two() { [[ $(ts MAYO3 study list -o json | field '[.versions[]] | length') == 2 ]]; }
wait_until 30 "MAYO3 gets version 2" knows_two
ts MAYO3 record set PBC-002/VISIT~1/LAB fasting=true --version 2 --author "nurse C" >/dev/null ||
  say "(saved, and said to be refused: exit code $?)"
wait_until 30 "it arrives" all_in_step
ts centre worklist --kind refused
holds "refused and visible at the hospital" equal "$(open_count MAYO3 refused)" 1
holds "refused and visible at the centre" equal "$(open_count centre refused)" 1
ts centre study activate pbc@2 --site MAYO3 --approval-date 1980-06-01 --approval-reference IRB-2 \
  --reason "amendment approved" >/dev/null
knows_active_two() { [[ $(ts MAYO3 status -o json | field '.partitions[0].activeVersions | length') == 2 ]]; }
wait_until 30 "the activation arrives" knows_active_two
refused=$(ts MAYO3 worklist --kind refused -o json | field '.discrepancies[0].id')
ts MAYO3 worklist settle "$refused" --accept --author "nurse C" --reason "approved now" >/dev/null
wait_until 30 "it arrives" all_in_step
holds "offered again after the activation, and applied" equal "$(open_count centre refused)" 0

# ---- what came of it ----------------------------------------------------------------------------

bold "What came of it"
line() { printf '  %-9s %-8s %8s %8s %7s  %-12s %s\n' "$@"; }
row() { # NODE HOSPITAL EQUAL: what the node has of the hospital
  local cells
  read -ra cells < <(ts "$1" status -o json | jq -r --arg site "$2" '
    .partitions[] | select(.site == $site) |
    "\(.recordCount) \(.log.size) \(.outboxCount) \(.log.root[:12])"')
  line "$2" "$1" "${cells[@]}" "$3"
}
line hospital at records commits unsent root equal
for hospital in "${hospitals[@]}"; do
  row centre "$hospital" -
  for replica in "${replicas[@]}"; do
    [[ $(hospital_of "$replica") == "$hospital" ]] || continue
    row "$replica" "$hospital" "$(in_step "$replica" && echo yes || echo NO)"
  done
done
holds "all in step" all_in_step

bold "The history of one value ($record bili)"
ts MAYO1a record history "$record" --item bili

verified() { ts "$1" verify >/dev/null 2>&1; }
bold "Every log is what it says"
for node in centre "${replicas[@]}"; do
  holds "verify at $node" verified "$node"
done

bold "The export of the coordinator against the input, value by value"
rm -rf "$data/export"
ts centre export --all --as-recorded --out "$data/export" --study pbc --site - >/dev/null
differences=$data/differences
deploy/compare-export.sh "$study/pbcseq.csv" "$data/export" >"$differences"
cat "$differences" | sed 's/^/  /'
holds "identical but for the corrections" \
  equal "$(grep -c '^PBC-' "$differences" || true)" 2

bold "To look further"
if [[ $keep == 1 ]]; then
  say "export TRIALSYNC_AUTHOR=you PATH=$bin:\$PATH"
  say "trialsync --at ${address[centre]} status --watch        the centre"
  say "trialsync --at ${address[MAYO1a]} worklist              hospital MAYO1"
  say "trialsync --at ${address[MAYO1a]} record list --subject PBC-005"
  say "stop everything: kill ${pid[*]}"
else
  say "run it with --keep, and it is left running; the stores are in $data"
fi
if [[ $failures -gt 0 ]]; then
  bold "$failures of the above did not hold; the logs are in $data"
  exit 1
fi
bold "Everything held."
