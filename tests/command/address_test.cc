// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/address.h"

#include <gtest/gtest.h>

#include "daemon/command/exit_code.h"

namespace trialsync::command {
namespace {

TEST(AddressTest, LoopbackIsTaken) {
  for (const char* address : {"127.0.0.1:7451", "127.1.2.3:1", "[::1]:65535", "localhost:80"}) {
    EXPECT_TRUE(CheckLoopback(address).ok()) << address;
  }
}

TEST(AddressTest, EverythingElseIsAUsageError) {
  for (const char* address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", ":7451", "10.0.0.1:7451",
        "128.0.0.1:1", "127.0.0.1.evil.example:7451", "localhost.example:1", "[::2]:1", "::1:1",
        "0.0.0.0:1", "unix:/tmp/x:1"}) {
    EXPECT_EQ(ExitCodeOf(CheckLoopback(address)), ExitCode::kUsage) << address;
  }
}

}  // namespace
}  // namespace trialsync::command
