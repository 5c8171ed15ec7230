#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules of the house that a compiler does not check. Prints each breach as FILE:LINE: what and the
# mend; exits with their number, at most 100.
set -uo pipefail
cd "$(dirname "$0")/../.."

breaches=0
breach() {
  printf '%s\n' "$1"
  breaches=$((breaches + 1))
}
sources() { find "$@" -name '*.h' -o -name '*.cc' | grep -v '/build/' | sort; }

# A floor may look down only.
looks_up() { # FLOOR FORBIDDEN_INCLUDES WHY
  local line
  while IFS= read -r line; do
    breach "$line: $1 may not include this: $3"
  done < <(sources "$1" | xargs grep -nE "#include [<\"]($2)" /dev/null)
}
looks_up proto 'study/|storage/|sync/|daemon/|grpc' 'it is the lowest floor'
looks_up study 'storage/|sync/|daemon/|grpc|rocksdb|thread>|chrono>' 'it is pure, and looks at proto only'
looks_up storage 'sync/|daemon/|grpc|study/' 'it knows bytes, not trials'
looks_up sync 'daemon/|grpc|rocksdb|thread>|mutex>|chrono>|absl/synchronization|absl/time/clock' \
  'no IO, clock or thread in it; time and entropy are handed in'

# gRPC's headers cost ten seconds a file that includes them.
while IFS= read -r line; do
  breach "$line: gRPC stays out of headers; put it behind an interface"
done < <(find daemon -name '*.h' -print0 | xargs -0 grep -nE '#include [<"](grpc|.*\.grpc\.pb\.h)' /dev/null)

# RocksDB is one engine behind the port.
while IFS= read -r line; do
  breach "$line: RocksDB belongs to storage/rocksdb_kv.cc"
done < <(sources proto study storage sync daemon | grep -v '^storage/rocksdb_' |
  xargs grep -nE '#include [<"]rocksdb/' /dev/null)

for file in $(sources proto study storage sync daemon tests); do
  head -1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
    breach "$file:1: no licence; begin with // SPDX-License-Identifier: Apache-2.0"
  lines=$(wc -l <"$file")
  ((lines <= 600)) || breach "$file:$lines: over 600 lines; find the seam"
  awk -v file="$file" 'length($0) > 120 && !/https?:/ {
    printf "%s:%d: over 120 columns; run clang-format-14 -i\n", file, NR; bad = 1 } END { exit bad }' \
    "$file" || breaches=$((breaches + 1))
done

printf '%d breaches\n' "$breaches"
exit $((breaches > 100 ? 100 : breaches))
