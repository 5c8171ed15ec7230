// SPDX-License-Identifier: Apache-2.0
#include "sync/record_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "sync/base64.h"
#include "sync/log_tree.h"
#include "tests/sync/filled_log.h"

namespace trialsync::sync {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RecordProofTest : public testing::Test {
 protected:
  static constexpr uint64_t kSize = 300;

  RecordProofTest()
      : log_(kSize), key_(SigningKey::FromSecret("centre", Sha256Of("centre").view()).value()) {}

  Checkpoint CheckpointOf(uint64_t size) {
    Checkpoint checkpoint;
    checkpoint.partition = {"pbc", "MAYO1"};
    checkpoint.size = size;
    checkpoint.root = RootAt(log_.tables(), size).value();
    checkpoint.epoch = FilledLog::kEpoch;
    checkpoint.time_us = 1'795'395'723'000'004;
    return checkpoint;
  }
  RecordProof Prove(uint64_t number, uint64_t size) {
    return ProveCommit(log_.tables(), number, size,
                       SignCheckpoint(CheckpointOf(size), key_).value())
        .value();
  }
  absl::StatusOr<ProvenChange> Check(const RecordProof& proof) {
    return CheckRecordProof(proof, key_.verifier());
  }
  // A proof that holds for one leaf alone, of whatever bytes.
  RecordProof ProveAlone(const std::string& authored, const std::string& receipt,
                         const SiteName& partition) {
    Checkpoint checkpoint = CheckpointOf(1);
    checkpoint.partition = partition;
    checkpoint.root = PlainLeaf(Sha256Of(authored).str() + receipt);
    RecordProof proof;
    proof.authored = authored;
    proof.authored_digest = Sha256Of(authored);
    proof.receipt = receipt;
    proof.signed_checkpoint = SignCheckpoint(checkpoint, key_).value();
    return proof;
  }

  FilledLog log_;
  SigningKey key_;
};

TEST_F(RecordProofTest, ProvesEachCommitOfTheLog) {
  for (const uint64_t number : {1u, 2u, 255u, 256u, 257u, 300u}) {
    const auto proven = Check(Prove(number, kSize));
    ASSERT_TRUE(proven.ok()) << proven.status();
    EXPECT_EQ(proven->receipt.number, number);
    EXPECT_EQ(proven->change->SerializeAsString(), FilledLog::ChangeOf(number).SerializeAsString());
    EXPECT_EQ(proven->id, ChangeIdOf(Sha256Of(proven->change->SerializeAsString())));
    EXPECT_EQ(proven->checkpoint, CheckpointOf(kSize));
  }
  EXPECT_TRUE(Check(Prove(1, 1)).ok());
}

TEST_F(RecordProofTest, ComesBackFromItsText) {
  for (const uint64_t size : {1u, 2u, 300u}) {
    const RecordProof proof = Prove(1, size);
    const auto read = ParseRecordProof(FormatRecordProof(proof));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, proof);
    EXPECT_EQ(proof.path.size(), size == 1 ? 0u : size == 2 ? 1u : 9u);
  }
}

// People keep these files: the text must never change.
TEST_F(RecordProofTest, HasTheFixedText) {
  const RecordProof proof = Prove(2, 3);
  const std::string lines =
      "receipt " + ToBase64(proof.receipt) + "\nindex 1\n" + ToBase64(log_.First(3)[0].view()) +
      "\n" + ToBase64(log_.First(3)[2].view()) + "\n\nstudies/pbc/sites/MAYO1\n3\n" +
      ToBase64(NaiveRoot(log_.First(3)).view()) + "\nepoch 0123456789abcdef\n";
  const std::string authored = FilledLog::ChangeOf(2).SerializeAsString();
  EXPECT_THAT(FormatRecordProof(proof), StartsWith("trialsync/record-proof@v1\nauthored " +
                                                   ToBase64(authored) + "\n" + lines));
  RecordProof redacted = proof;
  redacted.authored.clear();
  EXPECT_THAT(FormatRecordProof(redacted),
              StartsWith("trialsync/record-proof@v1\ndigest " +
                         ToBase64(Sha256Of(authored).view()) + "\n" + lines));
}

TEST_F(RecordProofTest, ARedactedChangeIsProvenByItsDigest) {
  RecordProof proof = Prove(7, kSize);
  proof.authored.clear();
  const auto read = ParseRecordProof(FormatRecordProof(proof));
  ASSERT_TRUE(read.ok()) << read.status();
  const auto proven = Check(*read);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_FALSE(proven->change.has_value());
  EXPECT_EQ(proven->id, ChangeIdOf(Sha256Of(FilledLog::ChangeOf(7).SerializeAsString())));
  EXPECT_THAT(DescribeProven(*proven), Contains(HasSubstr("redacted")));
}

TEST_F(RecordProofTest, SaysWhatItProves) {
  EXPECT_THAT(
      DescribeProven(Check(Prove(2, kSize)).value()),
      ElementsAre(
          AllOf(StartsWith("change "), HasSubstr(" is commit 2 of the log of "
                                                 "studies/pbc/sites/MAYO1")),
          "what: lock", "of: subject 7375626a656374206f66203136206279, event 2, form 5",
          "made: by anna, by their clock at 2026-11-22T03:29:00-06:00", "reason: visit is over",
          "received: 2026-11-22T09:30:01+00:00 from replica 61207265706c6963612773206e616d65 as "
          "its change 2",
          StartsWith("outcome at that commit: "),
          AllOf(
              StartsWith("signed: 2026-11-23T01:02:03.000004+00:00, when the log had 300 commits, "
                         "epoch 0123456789abcdef, root "),
              HasSubstr(NaiveRoot(log_.First(kSize)).hex()))));
}

TEST_F(RecordProofTest, SaysWhatWasWrittenAndWhatBecameOfIt) {
  v1::Change change = FilledLog::ChangeOf(1);
  change.clear_act();
  v1::ItemWrite* write = change.mutable_edit()->add_writes();
  write->set_item(11);
  write->mutable_value()->set_decimal("1.30");
  change.mutable_record()->set_form_birth("f");
  change.mutable_version()->set_number(3);
  Receipt receipt;
  receipt.number = 1;
  receipt.verdict = {v1::OUTCOME_HELD, v1::REASON_RECORD_LOCKED, {{11, v1::OUTCOME_DISPUTED}}};
  const auto proven =
      Check(ProveAlone(change.SerializeAsString(), receipt.Encode(), {"pbc", "MAYO1"}));
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_THAT(DescribeProven(*proven),
              testing::IsSupersetOf({"what: edit", "item 11: 1.30",
                                     "of: subject 7375626a656374206f66203136206279, event 2, form "
                                     "5, repeat 66",
                                     "version: 3, sha256 ",
                                     "outcome at that commit: held, because the record is locked "
                                     "or frozen",
                                     "but lineage 11: disputed"}));
}

TEST_F(RecordProofTest, AnotherKeyDoesNotDo) {
  const auto other = SigningKey::FromSecret("centre", Sha256Of("other").view()).value();
  EXPECT_EQ(CheckRecordProof(Prove(1, kSize), other.verifier()).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(RecordProofTest, WhatDoesNotFitDoesNotHold) {
  const RecordProof proof = Prove(7, kSize);
  const RecordProof neighbour = Prove(8, kSize);
  std::vector<RecordProof> all(8, proof);
  all[0].authored = neighbour.authored;
  all[1].receipt = neighbour.receipt;
  all[2].index = 7;
  all[3].index = kSize;
  all[4].path.pop_back();
  all[5].path = neighbour.path;
  all[6].signed_checkpoint = Prove(7, kSize - 1).signed_checkpoint;
  all[7].authored = neighbour.authored;
  all[7].receipt = neighbour.receipt;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(Check(all[i]).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  // The digest is never taken from a proof that has the bytes.
  RecordProof two_contents = proof;
  two_contents.authored = neighbour.authored;
  two_contents.authored_digest = proof.authored_digest;
  EXPECT_EQ(Check(two_contents).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RecordProofTest, ALogThatContradictsItselfDoesNotProve) {
  const std::string authored = FilledLog::ChangeOf(1).SerializeAsString();
  Receipt receipt;
  receipt.number = 1;
  const SiteName mayo{"pbc", "MAYO1"};
  EXPECT_TRUE(Check(ProveAlone(authored, receipt.Encode(), mayo)).ok());
  const auto message_of = [this](const RecordProof& proof) {
    const auto proven = Check(proof);
    EXPECT_EQ(proven.status().code(), absl::StatusCode::kDataLoss);
    return std::string(proven.status().message());
  };
  EXPECT_THAT(message_of(ProveAlone(authored, receipt.Encode(), {"pbc", "MAYO2"})),
              HasSubstr("a change of 'studies/pbc/sites/MAYO1' is in the log of studies/pbc/sites/"
                        "MAYO2"));
  EXPECT_THAT(message_of(ProveAlone(authored, "receipt", mayo)), HasSubstr("receipt"));
  EXPECT_THAT(message_of(ProveAlone("\xff\xff", receipt.Encode(), mayo)),
              HasSubstr("not a change"));
  receipt.number = 2;
  EXPECT_THAT(message_of(ProveAlone(authored, receipt.Encode(), mayo)),
              HasSubstr("commit 1 has the receipt of commit 2"));
}

TEST_F(RecordProofTest, EveryFlippedBitIsRefused) {
  const std::string text = FormatRecordProof(Prove(3, 5));
  ASSERT_TRUE(Check(*ParseRecordProof(text)).ok());
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string wrong = text;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    const auto read = ParseRecordProof(wrong);
    if (!read.ok()) continue;
    const auto proven = Check(*read);
    // The name in the signature's line is not signed; with another one it is another key's.
    EXPECT_FALSE(proven.ok()) << "bit " << bit % 8 << " of byte " << bit / 8;
  }
}

TEST_F(RecordProofTest, EveryCutIsRefused) {
  const std::string text = FormatRecordProof(Prove(3, 5));
  for (size_t size = 0; size < text.size(); ++size) {
    const auto read = ParseRecordProof(text.substr(0, size));
    EXPECT_FALSE(read.ok() && Check(*read).ok()) << size;
  }
}

TEST_F(RecordProofTest, ATextThatIsNoneIsRefusedByItsLine) {
  const std::string text = FormatRecordProof(Prove(3, 5));
  const auto refused = [&text](const std::string& from, const std::string& to,
                               const std::string& line) {
    const std::string wrong = absl::StrReplaceAll(text, {{from, to}});
    ASSERT_NE(wrong, text) << from;
    const auto read = ParseRecordProof(wrong);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << from << " " << to;
    EXPECT_THAT(read.status().message(), HasSubstr("in line " + line + " is expected: ")) << to;
  };
  refused("proof@v1", "proof@v2", "1");
  refused("proof@v1", "proof@v1 ", "1");
  refused("\nauthored ", "\nAuthored ", "2");
  refused("\nauthored ", "\nauthored  ", "2");
  refused("\nauthored ", "\ndigest ", "2");
  refused("\nauthored ", "\nauthored \nauthored ", "2");
  refused("\nreceipt ", "\n", "3");
  refused("\nindex 2", "\nindex 02", "4");
  refused("\nindex 2", "\nindex -2", "4");
  refused("\nindex 2", "\nindex", "4");
  refused("\nindex 2\n", "\nindex 2\nAAAA\n", "5");
  refused("\nindex 2\n", "\nindex 2\n \n", "5");
  refused("\n\nstudies", "\nstudies", "8");
}

TEST_F(RecordProofTest, ACommitBeyondTheCheckpointHasNone) {
  EXPECT_EQ(ProveCommit(log_.tables(), 5, 4, "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProveCommit(log_.tables(), 5, kSize + 1, "").status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace trialsync::sync
