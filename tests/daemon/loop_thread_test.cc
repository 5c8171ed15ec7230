// SPDX-License-Identifier: Apache-2.0
#include "daemon/loop_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/mutex.h"
#include "storage/memory_kv.h"

namespace trialsync::daemon {
namespace {

using testing::HasSubstr;

// Writes one row for each client's request and answers it; can be held up.
class FakeMachine : public sync::Machine {
 public:
  absl::Status Step(std::span<const sync::Input> inputs, absl::Time,
                    std::shared_ptr<const storage::Snapshot>, sync::Ready& ready) override {
    const MutexLock lock(&mutex_);
    for (const sync::Input& input : inputs) {
      if (std::holds_alternative<sync::Tick>(input)) ++ticks_;
      if (std::holds_alternative<sync::MessageReceived>(input)) ++messages_;
      const auto* request = std::get_if<sync::ClientRequest>(&input);
      if (request == nullptr) continue;
      ready.writes.Put(absl::StrCat("row", request->token), "");
      sync::Answer answer;
      answer.token = request->token;
      ready.answers.push_back(std::move(answer));
    }
    groups_.push_back(inputs.size());
    changed_.NotifyAll();
    while (held_) changed_.Wait(&mutex_);
    return absl::OkStatus();
  }

  // While held, a step does not return.
  void Hold(bool held) {
    const MutexLock lock(&mutex_);
    held_ = held;
    changed_.NotifyAll();
  }
  void AwaitGroups(size_t count) {
    const MutexLock lock(&mutex_);
    while (groups_.size() < count) changed_.Wait(&mutex_);
  }
  void AwaitTicks(int count) {
    const MutexLock lock(&mutex_);
    while (ticks_ < count) changed_.Wait(&mutex_);
  }
  std::vector<size_t> groups() {
    const MutexLock lock(&mutex_);
    return groups_;
  }
  int messages() {
    const MutexLock lock(&mutex_);
    return messages_;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int ticks_ ABSL_GUARDED_BY(mutex_) = 0;
  int messages_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<size_t> groups_ ABSL_GUARDED_BY(mutex_);
};

class FakePort : public sync::Port {
 public:
  void SendMessage(sync::Send) override {}
  void CloseSession(sync::SessionId) override {}
  void Log(sync::Event) override {}
  void Deliver(sync::Answer answer) override {
    const MutexLock lock(&mutex_);
    answers_.emplace(answer.token, answer.status);
    changed_.NotifyAll();
  }

  absl::Status Await(uint64_t token) {
    const MutexLock lock(&mutex_);
    while (!answers_.contains(token)) changed_.Wait(&mutex_);
    return answers_[token];
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::map<uint64_t, absl::Status> answers_ ABSL_GUARDED_BY(mutex_);
};

class LoopThreadTest : public testing::Test {
 protected:
  LoopThreadTest() : loop_(&store_, &head_, &machine_, &port_) {
    options_.queue_inputs_max = 8;
    // No ticks unless a test wants them: the groups are counted.
    options_.tick_interval = absl::Hours(1);
  }
  ~LoopThreadTest() override { machine_.Hold(false); }

  LoopThread& Start() {
    thread_.emplace(&loop_, &port_, options_);
    thread_->Start();
    return *thread_;
  }

  static sync::ClientRequest Request(uint64_t token) { return {token, v1::WriteRecordRequest()}; }
  static sync::MessageReceived Message(size_t bytes) {
    v1::SiteMessage message;
    message.mutable_batch()->set_content(std::string(bytes, 'x'));
    return {1, message};
  }

  // Fills the queue behind one group that does not end.
  void FillQueue() {
    machine_.Hold(true);
    ASSERT_TRUE(thread_->Submit(Request(1)).ok());
    machine_.AwaitGroups(1);
    for (uint64_t token = 2; token <= 1 + options_.queue_inputs_max; ++token) {
      ASSERT_TRUE(thread_->Submit(Request(token)).ok());
    }
  }

  storage::MemoryKv store_;
  FakeMachine machine_;
  FakePort port_;
  storage::MemoryHead head_;
  sync::Loop loop_;
  LoopThread::Options options_;
  std::optional<LoopThread> thread_;
};

TEST_F(LoopThreadTest, AnswersWhatIsSubmitted) {
  LoopThread& thread = Start();
  ASSERT_TRUE(thread.Submit(Request(7)).ok());
  EXPECT_TRUE(port_.Await(7).ok());
  EXPECT_TRUE(store_.NewSnapshot()->Get("row7").value().has_value());
}

TEST_F(LoopThreadTest, WhatWaitsSharesOneGroup) {
  Start();
  FillQueue();
  machine_.Hold(false);
  EXPECT_TRUE(port_.Await(1 + options_.queue_inputs_max).ok());
  EXPECT_THAT(machine_.groups(), testing::ElementsAre(1u, options_.queue_inputs_max));
}

TEST_F(LoopThreadTest, RefusesClientsWhenTheQueueIsFull) {
  LoopThread& thread = Start();
  FillQueue();
  EXPECT_EQ(thread.Submit(Request(99)).code(), absl::StatusCode::kResourceExhausted);
  machine_.Hold(false);
  EXPECT_TRUE(port_.Await(2).ok());
  EXPECT_TRUE(thread.Drain(absl::Seconds(30)));
}

TEST_F(LoopThreadTest, StreamsReadOnOnlyWhenThereIsRoom) {
  LoopThread& thread = Start();
  FillQueue();
  Mutex mutex;
  ConditionVariable changed;
  bool room = false;
  EXPECT_FALSE(thread.PostMessage(Message(1), [&] {
    const MutexLock lock(&mutex);
    room = true;
    changed.NotifyAll();
  }));
  {
    const MutexLock lock(&mutex);
    EXPECT_FALSE(room);
  }
  machine_.Hold(false);
  {
    const MutexLock lock(&mutex);
    while (!room) changed.Wait(&mutex);
  }
  EXPECT_EQ(machine_.messages(), 1);
  EXPECT_TRUE(thread.PostMessage(Message(1), [] {}));
}

TEST_F(LoopThreadTest, LongMessagesFillTheQueueToo) {
  options_.queue_bytes_max = 1000;
  LoopThread& thread = Start();
  machine_.Hold(true);
  ASSERT_TRUE(thread.Submit(Request(1)).ok());
  machine_.AwaitGroups(1);
  EXPECT_TRUE(thread.PostMessage(Message(500), [] {}));
  EXPECT_FALSE(thread.PostMessage(Message(500), [] {}));
  EXPECT_EQ(thread.Submit(Request(2)).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(LoopThreadTest, Ticks) {
  options_.tick_interval = absl::Milliseconds(2);
  Start();
  machine_.AwaitTicks(3);
}

TEST_F(LoopThreadTest, AfterAFaultNothingIsTakenAndEverybodyIsTold) {
  store_.FailNextWrite(absl::ResourceExhaustedError("no space on the disk"));
  Mutex mutex;
  ConditionVariable changed;
  absl::Status told;
  options_.on_fault = [&](const absl::Status& fault) {
    const MutexLock lock(&mutex);
    told = fault;
    changed.NotifyAll();
  };
  LoopThread& thread = Start();
  FillQueue();
  machine_.Hold(false);
  // In the group that failed, and behind it.
  for (const uint64_t token : {1u, 2u, 9u}) {
    const absl::Status status = port_.Await(token);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr("no space on the disk"));
  }
  {
    const MutexLock lock(&mutex);
    while (told.ok()) changed.Wait(&mutex);
  }
  EXPECT_EQ(thread.fault().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(thread.Submit(Request(50)).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(thread.PostMessage(Message(1), [] {}));
  EXPECT_EQ(thread.queued_inputs(), 0u);
  EXPECT_EQ(machine_.messages(), 0);
  // Reads go on.
  EXPECT_TRUE(store_.NewSnapshot()->Get("row1").ok());
}

TEST_F(LoopThreadTest, DrainFinishesWhatWasTakenAndTakesNoMore) {
  LoopThread& thread = Start();
  FillQueue();
  EXPECT_FALSE(thread.Drain(absl::Milliseconds(5)));
  EXPECT_EQ(thread.Submit(Request(99)).code(), absl::StatusCode::kUnavailable);
  machine_.Hold(false);
  EXPECT_TRUE(thread.Drain(absl::Seconds(30)));
  EXPECT_TRUE(port_.Await(1 + options_.queue_inputs_max).ok());
}

TEST_F(LoopThreadTest, StopTellsThoseWhoStillWait) {
  LoopThread& thread = Start();
  FillQueue();
  // Stops during the group that is held, before the next one is taken.
  std::thread stopper([&thread] { thread.Stop(); });
  while (thread.Submit(Request(99)).code() != absl::StatusCode::kUnavailable) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  machine_.Hold(false);
  stopper.join();
  EXPECT_TRUE(port_.Await(1).ok());
  EXPECT_EQ(port_.Await(2).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(store_.NewSnapshot()->Get("row2").value().has_value());
}

}  // namespace
}  // namespace trialsync::daemon
