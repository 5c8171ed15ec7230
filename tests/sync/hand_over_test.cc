// SPDX-License-Identifier: Apache-2.0
// What a coordinator that went back takes from a site, and what not (RECOVERY.md 4.3, 4.4, 4.10);
// what comes of it is in tests/transcripts/cases/coordinator.txt.
#include "sync/hand_over.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/check.h"
#include "sync/checkpoint.h"
#include "sync/compression.h"
#include "tests/world/small_trial.h"

namespace trialsync::sync {
namespace {

class HandOverTest : public testing::Test {
 protected:
  HandOverTest() {
    world_.WatchMessages([this](const world::Node&, const Send& send) { Watch(send); });
    world::PublishSmallStudy(world_);
    world::ActivateSmallStudy(world_, name_.site);
    site_ = &world_.AddReplica(name_, "clinic");
    Meet();
    const storage::MemoryTree image = world_.coordinator().store().Image();
    for (const char* code : {"P-1", "P-2", "P-3"}) world::AddSubject(*site_, name_, code);
    Meet();
    // Once more, for a Hello that shows all of it.
    Meet();
    size_before_ = SizeOf(image);
    world_.Crash(world_.coordinator());
    world_.Restore(world_.coordinator(), image, std::nullopt);
    world_.Restart(world_.coordinator());
  }

  void Meet() {
    world_.SetLink(*site_, true);
    world_.RunUntilQuiet();
    world_.SetLink(*site_, false);
  }

  void Watch(const Send& send) {
    const auto* up = std::get_if<v1::SiteMessage>(&send.message);
    if (up != nullptr && up->has_hello()) hello_ = *up;
    const auto* down = std::get_if<v1::CoordinatorMessage>(&send.message);
    if (down == nullptr) return;
    if (down->has_refusal()) refusal_ = down->refusal().reason();
    if (down->has_hand_over_request()) request_ = down->hand_over_request();
  }

  uint64_t SizeOf(const storage::Reader& store) const {
    storage::Transaction transaction(&store);
    const auto number = storage::StoreTables(&transaction).FindPartition(name_);
    return storage::PartitionTables(&transaction, *number).Head().size();
  }
  uint64_t SizeOf(const storage::MemoryTree& image) const {
    return SizeOf(*storage::MemoryKv(image).NewSnapshot());
  }
  uint64_t SizeHere() { return SizeOf(*world_.coordinator().store().NewSnapshot()); }

  // The site's Hello, on a stream by hand.
  void SayHello() {
    ASSERT_TRUE(world_.coordinator().Run({SessionOpened{kSession}}).ok());
    ASSERT_TRUE(world_.coordinator().Run({MessageReceived{kSession, hello_}}).ok());
  }

  v1::HandOver Piece() {
    storage::Transaction transaction(site_->store().NewSnapshot());
    const auto number = storage::StoreTables(&transaction).FindPartition(name_);
    storage::PartitionTables tables(&transaction, *number);
    const absl::StatusOr<v1::HandOver> piece = BuildHandOver(tables, request_.first_number());
    TS_CHECK(piece.ok());
    return *piece;
  }

  void Give(const v1::HandOver& piece) {
    v1::SiteMessage message;
    *message.mutable_hand_over() = piece;
    ASSERT_TRUE(world_.coordinator().Run({MessageReceived{kSession, message}}).ok());
  }

  void ExpectRefused(const v1::HandOver& piece) {
    Give(piece);
    EXPECT_EQ(refusal_, v1::REFUSAL_REASON_MESSAGE_INVALID);
    EXPECT_EQ(SizeHere(), size_before_);
    // Nobody else is stopped by it.
    refusal_ = v1::REFUSAL_REASON_UNSPECIFIED;
    Meet();
    EXPECT_EQ(refusal_, v1::REFUSAL_REASON_UNSPECIFIED);
    EXPECT_GT(SizeHere(), size_before_);
  }

  static constexpr SessionId kSession = 1'000;
  const SiteName name_{world::kSmallStudy, "CLINIC"};
  world::World world_{1};
  world::Node* site_ = nullptr;
  uint64_t size_before_ = 0;
  v1::SiteMessage hello_;
  v1::HandOverRequest request_;
  v1::RefusalReason refusal_ = v1::REFUSAL_REASON_UNSPECIFIED;
};

TEST_F(HandOverTest, WhatItHadSignedIsTakenWhole) {
  SayHello();
  EXPECT_EQ(request_.first_number(), size_before_ + 1);
  Give(Piece());
  EXPECT_EQ(SizeHere(), hello_.hello().log().size());
}

TEST_F(HandOverTest, ALogThatItDidNotSignIsNotAskedFor) {
  auto key = SigningKey::FromSecret("centre", std::string(32, 'x'));
  const auto checkpoint = CheckpointAt(name_, hello_.hello().log(), world_.now());
  hello_.mutable_hello()->set_checkpoint(*SignCheckpoint(*checkpoint, *key));
  SayHello();
  EXPECT_EQ(refusal_, v1::REFUSAL_REASON_LOG_DIVERGED);
  EXPECT_EQ(request_.first_number(), 0u);
}

TEST_F(HandOverTest, ASignatureUnderAnotherPositionIsNone) {
  hello_.mutable_hello()->mutable_log()->set_size(hello_.hello().log().size() + 1);
  v1::Position& end = *hello_.mutable_hello()->mutable_epochs()->rbegin();
  end.set_number(end.number() + 1);
  SayHello();
  EXPECT_EQ(refusal_, v1::REFUSAL_REASON_LOG_DIVERGED);
  EXPECT_EQ(request_.first_number(), 0u);
}

TEST_F(HandOverTest, EpochsThatAreNotOfTheLogAreRefused) {
  hello_.mutable_hello()->mutable_epochs(0)->set_number(hello_.hello().log().size() + 1);
  SayHello();
  EXPECT_EQ(refusal_, v1::REFUSAL_REASON_MESSAGE_INVALID);
}

TEST_F(HandOverTest, APieceWithoutItsProofIsNotTaken) {
  SayHello();
  v1::HandOver piece = Piece();
  piece.mutable_proof()->Add(std::string(Sha256::kBytes, '\0'));
  ExpectRefused(piece);
}

TEST_F(HandOverTest, AnotherBeginningThatIsNotProvedStopsNobodyElse) {
  SayHello();
  v1::HandOver piece = Piece();
  piece.mutable_root_before()->front() = static_cast<char>(piece.root_before().front() ^ 1);
  ExpectRefused(piece);
}

TEST_F(HandOverTest, AnotherChangeInItIsNotTaken) {
  SayHello();
  v1::HandOver piece = Piece();
  v1::LogFrame& frame = *piece.mutable_frame();
  v1::LogContent content;
  ASSERT_TRUE(content.ParseFromString(*Decompress(frame.content(), frame.content_bytes())));
  v1::ForeignCommit& last = *content.mutable_entries()->rbegin()->mutable_foreign();
  v1::Change change;
  ASSERT_TRUE(change.ParseFromString(last.authored()));
  change.set_reason("forged");
  last.set_authored(change.SerializeAsString());
  const std::string bytes = content.SerializeAsString();
  frame.set_content(Compress(bytes));
  frame.set_content_bytes(static_cast<uint32_t>(bytes.size()));
  ExpectRefused(piece);
}

TEST_F(HandOverTest, WhatWasNotAskedForIsRefused) {
  SayHello();
  const v1::HandOver piece = Piece();
  Give(piece);
  const uint64_t size = SizeHere();
  const SessionId other = kSession + 1;
  ASSERT_TRUE(world_.coordinator().Run({SessionOpened{other}}).ok());
  ASSERT_TRUE(world_.coordinator().Run({MessageReceived{other, hello_}}).ok());
  v1::SiteMessage message;
  *message.mutable_hand_over() = piece;
  ASSERT_TRUE(world_.coordinator().Run({MessageReceived{other, message}}).ok());
  EXPECT_EQ(refusal_, v1::REFUSAL_REASON_MESSAGE_INVALID);
  EXPECT_EQ(SizeHere(), size);
}

}  // namespace
}  // namespace trialsync::sync
