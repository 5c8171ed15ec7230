// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace trialsync::daemon {
namespace {

TEST(LogTest, OneObjectALine) {
  const std::vector<LogField> fields = {{"site", "MAYO1"},
                                        {"seq", uint64_t{18446744073709551615u}},
                                        {"offset_ms", std::numeric_limits<int64_t>::min()},
                                        {"port", 7443},
                                        {"connected", true}};
  EXPECT_EQ(
      LogLine(absl::FromUnixMillis(1'790'000'000'123), LogLevel::kWarning, "a message", fields),
      R"({"time":"2026-09-21T14:13:20.123Z","level":"warning","message":"a message",)"
      R"("site":"MAYO1","seq":18446744073709551615,"offset_ms":-9223372036854775808,)"
      R"("port":7443,"connected":true})");
}

TEST(LogTest, TextCannotEndItsStringOrItsLine) {
  EXPECT_EQ(JsonString("a\"b\\c\nd\te\r\x01\x7f"), R"("a\"b\\c\nd\te\u000d\u0001\u007f")");
  const std::vector<LogField> fields = {{"k\"\n", "\",\"level\":\"error\"}\n{"}};
  const std::string line = LogLine(absl::UnixEpoch(), LogLevel::kInfo, "m\n", fields);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"("k\"\n":"\",\"level\":\"error\"}\n{")"), std::string::npos) << line;
}

TEST(LogTest, KeepsUtf8AndShowsOtherBytesByNumber) {
  EXPECT_EQ(JsonString("浙江"), "\"浙江\"");
  EXPECT_EQ(JsonString("a\xff\xc3"), R"("a\u00ff\u00c3")");
}

}  // namespace
}  // namespace trialsync::daemon
