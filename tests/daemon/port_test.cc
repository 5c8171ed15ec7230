// SPDX-License-Identifier: Apache-2.0
#include "daemon/port.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace trialsync::daemon {
namespace {

class FakeStream : public Stream {
 public:
  void SendMessage(std::variant<v1::SiteMessage, v1::CoordinatorMessage> message) override {
    ASSERT_FALSE(closed);
    sent.push_back(std::get<v1::CoordinatorMessage>(message));
  }
  void Close() override { closed = true; }

  std::vector<v1::CoordinatorMessage> sent;
  bool closed = false;
};

TEST(PortTest, MessagesGoToTheirStreams) {
  Port port;
  const auto a = std::make_shared<FakeStream>();
  const auto b = std::make_shared<FakeStream>();
  const sync::SessionId session_a = port.AddStream(a);
  const sync::SessionId session_b = port.AddStream(b);
  ASSERT_NE(session_a, session_b);
  port.SendMessage({session_b, v1::CoordinatorMessage()});
  port.CloseSession(session_b);
  EXPECT_TRUE(a->sent.empty());
  EXPECT_FALSE(a->closed);
  EXPECT_EQ(b->sent.size(), 1u);
  EXPECT_TRUE(b->closed);

  // One that is gone is no error, and its number is not used again.
  port.RemoveStream(session_b);
  port.SendMessage({session_b, v1::CoordinatorMessage()});
  EXPECT_EQ(b->sent.size(), 1u);
  EXPECT_GT(port.AddStream(b), session_b);
}

TEST(PortTest, EveryStreamHearsTheFarewell) {
  Port port;
  const auto a = std::make_shared<FakeStream>();
  const auto b = std::make_shared<FakeStream>();
  port.AddStream(a);
  port.AddStream(b);
  v1::Refusal farewell;
  farewell.set_reason(v1::REFUSAL_REASON_SHUTTING_DOWN);
  port.CloseAllStreams(&farewell);
  for (const auto& stream : {a, b}) {
    ASSERT_EQ(stream->sent.size(), 1u);
    EXPECT_EQ(stream->sent[0].refusal().reason(), v1::REFUSAL_REASON_SHUTTING_DOWN);
    EXPECT_TRUE(stream->closed);
  }
}

TEST(PortTest, AnAnswerIsDeliveredOnceToWhoeverWaitsForIt) {
  Port port;
  int first = 0;
  int second = 0;
  const uint64_t token = port.AddWaiter([&first](sync::Answer) { ++first; });
  port.AddWaiter([&second](sync::Answer) { ++second; });
  sync::Answer answer;
  answer.token = token;
  port.Deliver(answer);
  port.Deliver(answer);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

}  // namespace
}  // namespace trialsync::daemon
