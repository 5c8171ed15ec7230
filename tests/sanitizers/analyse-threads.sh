#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clang's thread-safety analysis over daemon/ and storage/: the compiler checks which lock guards
# which member.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target trialsync_grpc >/dev/null
find daemon storage -name '*.cc' -print0 |
  xargs -0 -n 1 -P "$(nproc)" clang++-14 -std=c++20 -fsyntax-only \
    -Wno-everything -Wthread-safety -Werror=thread-safety -DTRIALSYNC_VERSION=\"analysis\" -I. -isystem build/release/proto $(pkg-config --cflags cpp-httplib)
