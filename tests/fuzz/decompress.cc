// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "proto/check.h"
#include "sync/compression.h"
#include "sync/limits.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

// The compressed frames in which batches and log frames travel: damaged ones, and bombs. The first
// two bytes are what the sender says of the size, in units that reach over the limit; 0 for what
// the rest has when it is packed here.
namespace trialsync::fuzz {
namespace {

constexpr size_t kUnitBytes = 256;

void Run(std::string_view bytes) {
  Input input(bytes);
  const size_t said_bytes = input.U16() * kUnitBytes;
  const std::string_view rest = input.Rest();
  if (said_bytes == 0) {
    const absl::StatusOr<std::string> back = sync::Decompress(sync::Compress(rest), rest.size());
    TS_CHECK(back.ok() && *back == rest);
    TS_CHECK(!sync::Decompress(sync::Compress(rest), rest.size() + 1).ok());
    return;
  }
  // Small contents are what small inputs can be.
  for (const size_t size_bytes : {said_bytes, said_bytes / kUnitBytes}) {
    const absl::StatusOr<std::string> content = sync::Decompress(rest, size_bytes);
    if (!content.ok()) continue;
    TS_CHECK(content->size() == size_bytes && size_bytes <= sync::kContentBytesMax);
  }
}

const RegisteredTarget kTarget("decompress", Run);

}  // namespace
}  // namespace trialsync::fuzz
