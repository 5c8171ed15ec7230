#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the stores that upgrade_test opens, with the programs of build/release: a coordinator and a
# site with a little of everything, some of it unsent, stopped cleanly; and what both show. Run it
# for each new disk format, once; what it made is never made again, since it is the proof that every
# later release can open what this one wrote.
#
#   tests/end_to_end/stores/make.sh tests/end_to_end/stores/format-2
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=$(realpath -m "${1:?the directory to make}")
[[ -e $out ]] && { echo "$out is there already, and stays as it is" >&2; exit 1; }
bin=$PWD/build/release
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
export TRIALSYNC_AUTHOR=nurse

wait_for() { for _ in $(seq 200); do [[ -s $1 ]] && return; sleep 0.05; done; exit 1; }
trialsync() { "$bin/trialsync" "$@"; }

"$bin/trialsyncd" coordinator --data "$work/coordinator" --listen 127.0.0.1:0 --insecure \
  --backup "$work/backup-centre" 2>"$work/coordinator.log" &
wait_for "$work/coordinator/listen_address"
centre=$(<"$work/coordinator/listen_address")
trialsync study publish deploy/studies/pbc/v1.yaml --at "$centre"
trialsync study publish deploy/studies/pbc/v2.yaml --at "$centre"
trialsync study activate pbc@1 --site MAYO1 --at "$centre"
"$bin/trialsyncd" site --data "$work/site" --study pbc --site MAYO1 --coordinator "$centre" \
  --listen 127.0.0.1:0 --insecure --backup "$work/backup-site" 2>"$work/site.log" &
wait_for "$work/site/listen_address"
site=$(<"$work/site/listen_address")
in_step() { until trialsync status --at "$site" | grep -q " 0 changes not yet sent"; do sleep 0.1; done; }
etag() { trialsync record get "$1" --at "$site" -o json | sed -n 's/^ "etag": "\(.*\)",\?$/\1/p'; }
until trialsync subject add PBC-001 --at "$site" 2>/dev/null; do sleep 0.1; done

trialsync subject add PBC-002 --at "$site"
trialsync record set PBC-001/VISIT~1/LAB bili=1.3 albumin=3.4 --create --at "$site"
trialsync record set PBC-001/VISIT~2/LAB bili=1.9 --create --at "$site"
trialsync record set PBC-001/VISIT~1/LAB bili=1.5 --reason "typing error" \
  --etag "$(etag PBC-001/VISIT~1/LAB)" --at "$site"
trialsync record set PBC-002/VISIT~1/LAB bili=missing:not_done --create --at "$site"
in_step
trialsync query open PBC-001/VISIT~2/LAB bili --text "please look at the source" --site MAYO1 \
  --at "$centre"
trialsync record set PBC-001/VISIT~2/LAB bili=1.8 --reason "source says 1.8" --site MAYO1 \
  --at "$centre"
trialsync record lock PBC-002/VISIT~1/LAB --reason "done" --at "$site"
# So that a part of the rows is in tables, the rest in the write-ahead log.
trialsync backup create --at "$site" >/dev/null
trialsync backup create --at "$centre" >/dev/null
trialsync study activate pbc@2 --site MAYO1 --at "$centre"
sleep 0.5
in_step
trialsync link down --at "$site" >/dev/null
trialsync subject add PBC-003 --at "$site"
trialsync record set PBC-003/VISIT~1/LAB bili=0.7 --create --at "$site"
trialsync record set PBC-001/VISIT~1/LAB bili=1.6 --reason "again" \
  --etag "$(etag PBC-001/VISIT~1/LAB)" --at "$site"

mkdir -p "$out"
for end in site coordinator; do
  address=${site}
  [[ $end == coordinator ]] && address=$centre
  trialsync export --form LAB --out "$work/export-$end" --at "$address"
  cp "$work/export-$end/LAB.csv" "$out/$end.csv"
done
kill %2 && wait %2
kill %1 && wait %1
for end in site coordinator; do
  rm "$work/$end/listen_address"
  tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 -czf "$out/$end.tar.gz" "$end"
done
ls -l "$out"
