// SPDX-License-Identifier: Apache-2.0
// What a site does with checkpoints that its coordinator has not signed (fault H5).
#include <gtest/gtest.h>

#include <string>

#include "proto/check.h"
#include "sync/checkpoint.h"
#include "sync/note_key.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

SigningKey KeyOf(char secret) {
  auto key = SigningKey::FromSecret("centre", std::string(32, secret));
  TS_CHECK(key.ok());
  return *std::move(key);
}

class SignatureTest : public testing::Test {
 protected:
  SignatureTest() {
    world_.WatchMessages([this](const world::Node&, const Send& send) {
      const auto* message = std::get_if<v1::CoordinatorMessage>(&send.message);
      if (message == nullptr) return;
      if (message->has_welcome()) welcome_ = message->welcome();
      if (message->has_log_frame()) frame_ = message->log_frame();
    });
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, site_name_.site);
    site_ = &world_.AddReplica(site_name_, "clinic");
    world_.SetLink(*site_, true);
    world_.RunUntilQuiet();
  }

  // A frame behind what the site has, with nothing in it but this checkpoint.
  v1::CoordinatorMessage FrameWith(const std::string& note) const {
    v1::CoordinatorMessage message;
    v1::LogFrame& frame = *message.mutable_log_frame();
    frame.set_first_number(frame_.checkpoint().log().size() + 1);
    *frame.mutable_checkpoint() = frame_.checkpoint();
    frame.mutable_checkpoint()->set_note(note);
    return message;
  }

  std::string Signed(char secret, uint64_t size, const SiteName& partition) const {
    v1::LogPosition log = frame_.checkpoint().log();
    log.set_size(size);
    const auto checkpoint = CheckpointAt(partition, log, world_.now());
    TS_CHECK(checkpoint.ok());
    return *SignCheckpoint(*checkpoint, KeyOf(secret));
  }

  // The reason for which the site ends the session when it is sent the message.
  v1::RefusalReason ReasonAfter(const v1::CoordinatorMessage& message) {
    world_.SetLink(*site_, false);
    world_.SetLink(*site_, true);
    world_.RunUntilQuiet();
    EXPECT_TRUE(site_->site()->status().connected);
    const SessionId session = site_->site()->status().session.value_or(0);
    EXPECT_TRUE(site_->Run({MessageReceived{session, message}}).ok());
    const auto& refusal = site_->site()->status().refusal;
    return refusal ? refusal->reason() : v1::REFUSAL_REASON_UNSPECIFIED;
  }

  const SiteName site_name_{world::kSmallStudy, "CLINIC"};
  world::World world_{1};
  world::Node* site_ = nullptr;
  v1::Welcome welcome_;
  v1::LogFrame frame_;
};

TEST_F(SignatureTest, AFrameIsTakenOnlyWithTheCoordinatorsSignatureUnderItsEnd) {
  const uint64_t size = frame_.checkpoint().log().size();
  EXPECT_EQ(ReasonAfter(FrameWith("")), v1::REFUSAL_REASON_CHECKPOINT_INVALID);
  EXPECT_EQ(ReasonAfter(FrameWith(Signed('x', size, site_name_))),
            v1::REFUSAL_REASON_CHECKPOINT_INVALID);
  EXPECT_EQ(ReasonAfter(FrameWith(Signed('s', size + 1, site_name_))),
            v1::REFUSAL_REASON_CHECKPOINT_INVALID);
  EXPECT_EQ(ReasonAfter(FrameWith(Signed('s', size, {site_name_.study, "OTHER"}))),
            v1::REFUSAL_REASON_CHECKPOINT_INVALID);
  // Signed as it should be, it is refused for another reason: it holds nothing.
  EXPECT_NE(ReasonAfter(FrameWith(Signed('s', size, site_name_))),
            v1::REFUSAL_REASON_CHECKPOINT_INVALID);
}

TEST_F(SignatureTest, TheFirstKeyIsTrustedAndNoOtherOneAfterIt) {
  world_.SetLink(*site_, false);
  v1::CoordinatorMessage message;
  *message.mutable_welcome() = welcome_;
  SessionId session = 1'000;
  for (const std::string& key : {std::string(), KeyOf('x').verifier().ToString()}) {
    message.mutable_welcome()->set_verifier_key(key);
    ++session;
    EXPECT_TRUE(site_->Run({SessionOpened{session}, MessageReceived{session, message}}).ok());
    const auto& refusal = site_->site()->status().refusal;
    ASSERT_TRUE(refusal.has_value()) << key;
    EXPECT_EQ(refusal->reason(), v1::REFUSAL_REASON_CHECKPOINT_INVALID) << key;
    EXPECT_FALSE(site_->site()->status().connected);
  }
}

TEST_F(SignatureTest, AStoreSignedWithAnotherKeyIsNotOpened) {
  storage::MemoryKv& store = world_.coordinator().store();
  const SigningKey other = KeyOf('x');
  const auto opened = [&](const SigningKey& key) {
    return CoordinatorMachine::Open(store.NewSnapshot(), {.signing_key = &key}, &world_.entropy())
        .status();
  };
  EXPECT_EQ(opened(other).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(opened(KeyOf('s')), absl::OkStatus());
}

}  // namespace
}  // namespace trialsync::sync
