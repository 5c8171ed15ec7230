// SPDX-License-Identifier: Apache-2.0
#include "sync/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sync/log_tree.h"
#include "sync/signed_note.h"
#include "tests/sync/filled_log.h"

namespace trialsync::sync {
namespace {

using testing::HasSubstr;

// The text is signed, stored and sent: it must never change.
constexpr char kText[] =
    "studies/pbc/sites/MAYO1\n"
    "1234\n"
    "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
    "epoch 0123456789abcdef\n"
    "parent fedcba9876543210\n"
    "began 900\n"
    "time 2026-11-23T01:02:03.000004Z\n";

Checkpoint Full() {
  Checkpoint checkpoint;
  checkpoint.partition = {"pbc", "MAYO1"};
  checkpoint.size = 1234;
  checkpoint.root = *Sha256FromBytes(
      *FromHex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"));
  checkpoint.epoch = 0x0123456789abcdef;
  checkpoint.parent_epoch = 0xfedcba9876543210;
  checkpoint.began_at = 900;
  checkpoint.time_us = 1'795'395'723'000'004;
  return checkpoint;
}

Checkpoint First() {
  Checkpoint checkpoint = Full();
  checkpoint.parent_epoch = 0;
  checkpoint.began_at = 0;
  return checkpoint;
}

SigningKey KeyOf(const std::string& name) {
  return SigningKey::FromSecret(name, Sha256Of(name).view()).value();
}

std::string WithLine(size_t line, const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(kText, '\n');
  lines[line - 1] = text;
  return absl::StrJoin(lines, "\n");
}

TEST(Checkpoint, HasTheFixedText) {
  EXPECT_EQ(FormatCheckpoint(Full()), kText);
  EXPECT_EQ(ParseCheckpoint(kText).value(), Full());
}

TEST(Checkpoint, ComesBackAsItWas) {
  Checkpoint empty = First();
  empty.size = 0;
  empty.root = Sha256Of("");
  Checkpoint early = Full();
  early.time_us = -1;
  Checkpoint large = Full();
  large.size = std::numeric_limits<uint64_t>::max();
  large.began_at = large.size;
  Checkpoint restored_empty = empty;
  restored_empty.parent_epoch = 1;
  for (const Checkpoint& checkpoint : {First(), empty, early, large, restored_empty}) {
    const auto read = ParseCheckpoint(FormatCheckpoint(checkpoint));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, checkpoint);
  }
}

TEST(Checkpoint, EveryOtherTextIsRefusedByItsLine) {
  struct Wrong {
    size_t line;
    std::string text;
  };
  const std::string root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
  const std::vector<Wrong> all = {
      {1, ""},
      {1, "studies/pbc"},
      {1, "studies/pbc/sites/"},
      {1, "studies/p c/sites/MAYO1"},
      {1, "studies/pbc/sites/MAYO1 "},
      {1, "studies/pbc/sites/MAYO1/subjects/P"},
      {1, "example.com/log"},
      {2, ""},
      {2, "01234"},
      {2, "+1234"},
      {2, " 1234"},
      {2, "-1"},
      {2, "0x10"},
      {2, "18446744073709551616"},
      {3, ""},
      {3, root.substr(0, 43)},
      {3, root + " "},
      {3, "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh="},  // bits that mean nothing
      {3, "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQw=="},  // 31 bytes
      {4, ""},
      {4, "epoch"},
      {4, "0123456789abcdef"},
      {4, "epoch 0123456789ABCDEF"},
      {4, "epoch 123456789abcdef"},
      {4, "epoch 00123456789abcdef"},
      {4, "epoch 0x23456789abcdef"},
      {4, "epoch  0123456789abcdef"},
      {4, "epoch 0000000000000000"},
      {5, "parent"},
      {5, "parent 0123456789abcdef"},  // the epoch itself
      {5, "parent fedcba987654321"},
      {6, "began 1235"},
      {6, "began"},
      {6, "began 0900"},
      {7, ""},
      {7, "time 2026-11-23T01:02:03Z"},
      {7, "time 2026-11-23T01:02:03.00000Z"},
      {7, "time 2026-11-23T01:02:03.0000040Z"},
      {7, "time 2026-11-23 01:02:03.000004Z"},
      {7, "time 2026-11-23T01:02:03.000004+00:00"},
      {7, "time 2026-02-29T01:02:03.000004Z"},
      {7, "time 2026-11-23T24:02:03.000004Z"},
      {7, "time 2026-11-23T01:02:60.000004Z"},
      {7, "time -026-11-23T01:02:03.000004Z"},
      {7, "time 12026-11-23T01:02:03.000004Z"},
      {7, "time infinite-future"},
  };
  for (const Wrong& wrong : all) {
    const auto read = ParseCheckpoint(WithLine(wrong.line, wrong.text));
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << wrong.text;
    EXPECT_THAT(read.status().message(), HasSubstr(absl::StrCat("line ", wrong.line, " of ")))
        << wrong.text;
  }
  // Lines that do not fit each other.
  EXPECT_THAT(ParseCheckpoint(WithLine(2, "0")).status().message(), HasSubstr("line 3 of"));
  EXPECT_THAT(ParseCheckpoint(WithLine(5, "parent 0000000000000000")).status().message(),
              HasSubstr("line 6 of"));
}

TEST(Checkpoint, EveryCutAndEveryAddedLineIsRefused) {
  const std::string text = kText;
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseCheckpoint(text.substr(0, size)).ok()) << size;
  }
  for (const std::string& more : {text + "\n", text + "note\n", text + "x", "\n" + text}) {
    EXPECT_FALSE(ParseCheckpoint(more).ok()) << more;
  }
  EXPECT_THAT(ParseCheckpoint(text + "note\n").status().message(), HasSubstr("line 8 of"));
}

TEST(Checkpoint, IsOpenedByItsKeyOnly) {
  const SigningKey key = KeyOf("centre");
  const std::string note = SignCheckpoint(Full(), key).value();
  EXPECT_THAT(note, testing::StartsWith(std::string(kText) + "\n— centre "));
  EXPECT_EQ(OpenCheckpoint(note, key.verifier()).value(), Full());
  EXPECT_EQ(OpenCheckpoint(note, KeyOf("other").verifier()).status().code(),
            absl::StatusCode::kUnauthenticated);
  std::string forged = note;
  forged[forged.find("1234")] = '9';
  EXPECT_EQ(OpenCheckpoint(forged, key.verifier()).status().code(),
            absl::StatusCode::kUnauthenticated);
  // Signed by the key, but no checkpoint.
  const std::vector<const SigningKey*> keys{&key};
  EXPECT_EQ(OpenCheckpoint(SignNote("hello\n", keys).value(), key.verifier()).status().code(),
            absl::StatusCode::kInvalidArgument);
  // With the signature of a witness below.
  const SigningKey witness = KeyOf("witness");
  const std::vector<const SigningKey*> both{&key, &witness};
  EXPECT_EQ(OpenCheckpoint(SignNote(kText, both).value(), key.verifier()).value(), Full());
}

TEST(Checkpoint, WhatCouldNotBeReadBackIsNotSigned) {
  const SigningKey key = KeyOf("centre");
  std::vector<Checkpoint> all(7, Full());
  all[0].epoch = 0;
  all[1].parent_epoch = all[1].epoch;
  all[2].began_at = all[2].size + 1;
  all[3].parent_epoch = 0;
  all[4].size = all[4].began_at = 0;
  all[5].time_us = std::numeric_limits<int64_t>::max();
  all[6].partition.study = "p c";
  for (const Checkpoint& checkpoint : all) {
    EXPECT_EQ(SignCheckpoint(checkpoint, key).status().code(), absl::StatusCode::kInvalidArgument)
        << FormatCheckpoint(checkpoint);
  }
}

TEST(Contradict, TwoRootsOrTwoBeginningsOfOneEpochDo) {
  const Checkpoint a = Full();
  EXPECT_FALSE(Contradict(a, a));
  Checkpoint b = a;
  b.time_us += 1;
  EXPECT_FALSE(Contradict(a, b)) << "signed twice";
  b.root = Sha256Of("other");
  EXPECT_TRUE(Contradict(a, b));
  EXPECT_TRUE(Contradict(b, a));
  b.size += 1;
  EXPECT_FALSE(Contradict(a, b)) << "other sizes: a proof decides";
  b.began_at -= 1;
  EXPECT_TRUE(Contradict(a, b));
  b.began_at = a.began_at;
  b.parent_epoch = 5;
  EXPECT_TRUE(Contradict(a, b));
  Checkpoint other_epoch = a;
  other_epoch.epoch = 77;
  other_epoch.root = Sha256Of("other");
  EXPECT_FALSE(Contradict(a, other_epoch)) << "a rollback";
  Checkpoint other_site = a;
  other_site.partition.site = "MAYO2";
  other_site.root = Sha256Of("other");
  EXPECT_FALSE(Contradict(a, other_site));
}

class ExtendsTest : public testing::Test {
 protected:
  ExtendsTest() : log_(300) {}

  Checkpoint At(uint64_t size) {
    Checkpoint checkpoint = First();
    checkpoint.size = size;
    checkpoint.root = RootAt(log_.tables(), size).value();
    return checkpoint;
  }
  MerklePath Path(uint64_t old_size, uint64_t new_size) {
    return ConsistencyProof(log_.tables(), old_size, new_size).value();
  }

  FilledLog log_;
};

TEST_F(ExtendsTest, AnHonestLogDoes) {
  EXPECT_TRUE(Extends(At(300), At(257), Path(257, 300)));
  EXPECT_TRUE(Extends(At(300), At(300), {}));
  EXPECT_TRUE(Extends(At(300), At(0), {}));
  EXPECT_TRUE(Extends(At(0), At(0), {}));
  Checkpoint next_epoch = At(300);
  next_epoch.parent_epoch = next_epoch.epoch;
  next_epoch.epoch = 99;
  next_epoch.began_at = 260;
  EXPECT_TRUE(Extends(next_epoch, At(257), Path(257, 300)));
}

TEST_F(ExtendsTest, AnythingElseDoesNot) {
  EXPECT_FALSE(Extends(At(300), At(257), Path(256, 300)));
  EXPECT_FALSE(Extends(At(300), At(257), {}));
  EXPECT_FALSE(Extends(At(257), At(300), Path(257, 300)));
  EXPECT_FALSE(Extends(At(300), At(300), Path(257, 300)));
  EXPECT_FALSE(Extends(At(300), At(0), Path(257, 300)));
  Checkpoint rewritten = At(257);
  rewritten.root = Sha256Of("another history");
  EXPECT_FALSE(Extends(At(300), rewritten, Path(257, 300)));
  Checkpoint other_site = At(257);
  other_site.partition.site = "MAYO2";
  EXPECT_FALSE(Extends(At(300), other_site, Path(257, 300)));
  Checkpoint other_beginning = At(257);
  other_beginning.parent_epoch = 5;
  EXPECT_FALSE(Extends(At(300), other_beginning, Path(257, 300)));
}

}  // namespace
}  // namespace trialsync::sync
