// SPDX-License-Identifier: Apache-2.0
#include "daemon/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trialsync::daemon {
namespace {

using testing::HasSubstr;

TEST(AddressTest, TakesWhatIsOnThisMachine) {
  for (const char* text : {"127.0.0.1:7443", "127.9.8.7:1", "localhost:65535", "[::1]:0"}) {
    const auto address = ParseLoopback(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(AddressTest, RefusesWhatPlaintextWouldLeaveTheMachineFor) {
  for (const char* text : {"0.0.0.0:7443", "[::]:7443", "192.168.1.5:7443", "example.org:7443",
                           "128.0.0.1:7443", ":7443", "127.0.0.1.example.org:7443"}) {
    const auto address = ParseLoopback(text);
    ASSERT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("plaintext never leaves"));
  }
}

TEST(AddressTest, RefusesWhatIsNoHostAndPort) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:+1", "127.0.0.1:http"}) {
    const auto address = ParseLoopback(text);
    ASSERT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("is not HOST:PORT"));
  }
}

}  // namespace
}  // namespace trialsync::daemon
