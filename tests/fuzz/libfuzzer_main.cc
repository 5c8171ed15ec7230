// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "google/protobuf/stubs/logging.h"
#include "proto/check.h"
#include "tests/fuzz/target.h"

// What libFuzzer calls, with the one target of this program.

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // It writes a line of each text that is not UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  TS_CHECK(trialsync::fuzz::Targets().size() == 1);
  trialsync::fuzz::Targets()[0].run({reinterpret_cast<const char*>(data), size_bytes});
  return 0;
}
