#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what trialsync needs to build and run, from Debian 12's packages. Does nothing when all
# of it is there. With --sanitizers also what the sanitizer builds need.
set -euo pipefail

packages=(
  g++ cmake ninja-build ccache pkg-config
  libgrpc++-dev libgrpc-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  librocksdb-dev libabsl-dev libssl-dev libzstd-dev libgmp-dev libyaml-cpp-dev libcli11-dev
  libspdlog-dev libfmt-dev libcpp-httplib-dev prometheus-cpp-dev
  libjemalloc-dev libutf8proc-dev
  libgtest-dev libgmock-dev
  jq procps
)
if [[ "${1:-}" == "--sanitizers" ]]; then
  packages+=(clang-14 libclang-rt-14-dev llvm-14)
fi

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "install-dependencies: run as root, or install sudo; missing: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
