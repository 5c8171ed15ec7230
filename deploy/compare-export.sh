#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares an export of study pbc with the table it was imported from, value by value. Prints one
# line for each value that differs or is missing on either side, and a count at the end.
#
#   deploy/compare-export.sh INPUT.csv EXPORT_DIRECTORY
#
# The export is one --as-recorded: a version of the study may read values in other units.
set -euo pipefail
input=$1
export_directory=$2

# As lines "SUBJECT EVENT item<TAB>value", sorted.
input_values() {
  awk -F, -v OFS='\t' '
    { sub(/\r$/, "") }
    NR == 1 { for (i = 1; i <= NF; i++) { gsub(/"/, "", $i); name[i] = $i } next }
    {
      for (i = 1; i <= NF; i++) gsub(/"/, "", $i)
      subject = sprintf("PBC-%03d", $1); visit = ++visits[subject]
      for (i = 2; i <= NF; i++) {
        base = name[i] ~ /^(futime|status|trt|age|sex)$/
        if ($i == "" || (base && visit > 1)) continue
        item = name[i]; sub(/\./, "_", item)
        print subject " " (base ? "BASE" : "VISIT~" visit) " " item, $i
      }
    }' "$input" | sort
}
export_values() {
  for form in DEMO LAB; do
    awk -F, -v OFS='\t' '
      { sub(/\r$/, "") }
      NR == 1 {
        for (i = 1; i <= NF; i++) {
          gsub(/"/, "", $i)
          name[i] = $i == "hepatomegaly" ? "hepato" : $i   # version 2 renamed it
        }
        next
      }
      {
        for (i = 1; i <= NF; i++) { gsub(/"/, "", $i); cell[name[i]] = $i }
        for (i = 1; i <= NF; i++) {
          if (name[i] ~ /^(study|site|subject|event|form|remarks)$/ || $i == "") continue
          value = $i; sub(/ .*/, "", value)          # the unit is the map'"'"'s
          print cell["subject"] " " cell["event"] " " name[i], value
        }
      }' "$export_directory/$form.csv"
  done | sort
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
input_values >"$work/input"
export_values >"$work/export"
# What the quickstart entered beyond the table is not in the input.
join -t $'\t' -a 1 -a 2 -e '(nothing)' -o 0,1.2,2.2 "$work/input" "$work/export" |
  awk -F'\t' '$2 != $3 && $1 !~ / fasting$/ { print $1 ": " $2 " in the input, " $3 " in the export" }'
echo "$(wc -l <"$work/input") values compared"
