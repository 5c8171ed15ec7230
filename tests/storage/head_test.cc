// SPDX-License-Identifier: Apache-2.0
#include "storage/head.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "proto/check.h"
#include "storage/head_file.h"
#include "tests/storage/temporary_directory.h"

namespace trialsync::storage {
namespace {

TEST(CheckHead, TellsAWholeStoreFromOneThatIsShort) {
  const StoredGroup stored{.mark = {7, 70}, .previous_token = 60};
  EXPECT_EQ(CheckHead(std::nullopt, std::nullopt), HeadCheck::kNew);
  EXPECT_EQ(CheckHead(stored, HeadNote{{7, 70}, 3, 4}), HeadCheck::kWhole);
  EXPECT_EQ(CheckHead(stored, HeadNote{{6, 60}, 3, 4}), HeadCheck::kWhole) << "not answered yet";
  EXPECT_EQ(CheckHead(StoredGroup{{1, 10}, 0}, std::nullopt), HeadCheck::kWhole);
  EXPECT_EQ(CheckHead(std::nullopt, HeadNote{{1, 10}, 3, 4}), HeadCheck::kBehind);
  EXPECT_EQ(CheckHead(stored, HeadNote{{8, 80}, 3, 4}), HeadCheck::kBehind);
  EXPECT_EQ(CheckHead(stored, HeadNote{{7, 71}, 3, 4}), HeadCheck::kOther);
  EXPECT_EQ(CheckHead(stored, HeadNote{{6, 61}, 3, 4}), HeadCheck::kOther) << "another group was before";
  EXPECT_EQ(CheckHead(stored, HeadNote{{5, 50}, 3, 4}), HeadCheck::kOther);
  EXPECT_EQ(CheckHead(stored, std::nullopt), HeadCheck::kOther);
}

class HeadFileTest : public testing::Test {
 protected:
  std::string Path() const { return directory_.path() + "/head"; }

  std::unique_ptr<HeadFile> MustOpen() const {
    auto head = HeadFile::Open(Path());
    EXPECT_EQ(head.status(), absl::OkStatus());
    TS_CHECK(head.ok());
    return *std::move(head);
  }

  std::optional<HeadNote> Noted() const {
    const auto mark = MustOpen()->Read();
    EXPECT_EQ(mark.status(), absl::OkStatus());
    return mark.value_or(std::nullopt);
  }

  void Flip(std::streamoff offset) const {
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 0x10));
    ASSERT_TRUE(file.good());
  }

  TemporaryDirectory directory_;
};

TEST_F(HeadFileTest, HasNoNoteWhenNew) { EXPECT_EQ(Noted(), std::nullopt); }

TEST_F(HeadFileTest, KeepsTheLastNote) {
  for (uint64_t counter = 1; counter <= 5; ++counter) {
    // Opened anew for each, as by a daemon that does one thing in its life.
    ASSERT_EQ(MustOpen()->Write({{counter, counter * 10}, 3, 4}), absl::OkStatus());
    EXPECT_EQ(Noted(), (HeadNote{{counter, counter * 10}, 3, 4}));
  }
  const auto head = MustOpen();
  for (uint64_t counter = 6; counter <= 9; ++counter) {
    ASSERT_EQ(head->Write({{counter, counter * 10}, 3, 4}), absl::OkStatus());
    EXPECT_EQ(Noted(), (HeadNote{{counter, counter * 10}, 3, 4}));
  }
}

// A torn write: only the slot that is being written suffers.
TEST_F(HeadFileTest, ADamagedSlotLeavesTheNoteBefore) {
  for (std::streamoff byte = 0; byte < 48; ++byte) {
    std::filesystem::remove(Path());
    const auto head = MustOpen();
    ASSERT_EQ(head->Write({{1, 10}, 3, 4}), absl::OkStatus());
    ASSERT_EQ(head->Write({{2, 20}, 3, 4}), absl::OkStatus());
    Flip(4096 + byte);
    EXPECT_EQ(Noted(), (HeadNote{{1, 10}, 3, 4})) << byte;
    ASSERT_EQ(MustOpen()->Write({{2, 21}, 3, 4}), absl::OkStatus());
    EXPECT_EQ(Noted(), (HeadNote{{2, 21}, 3, 4})) << byte;
    Flip(0 + byte);
    EXPECT_EQ(Noted(), (HeadNote{{2, 21}, 3, 4})) << byte;
    Flip(4096 + byte);
    EXPECT_EQ(Noted(), std::nullopt) << byte;
  }
}

TEST_F(HeadFileTest, AFileThatWasCutReadsAsDamaged) {
  const auto head = MustOpen();
  ASSERT_EQ(head->Write({{1, 10}, 3, 4}), absl::OkStatus());
  ASSERT_EQ(head->Write({{2, 20}, 3, 4}), absl::OkStatus());
  std::filesystem::resize_file(Path(), 4100);
  EXPECT_EQ(Noted(), (HeadNote{{1, 10}, 3, 4}));
  std::filesystem::resize_file(Path(), 20);
  EXPECT_EQ(Noted(), std::nullopt);
}

TEST_F(HeadFileTest, SaysWhichFileCannotBeOpened) {
  const auto head = HeadFile::Open(directory_.path() + "/gone/head");
  EXPECT_EQ(head.status().code(), absl::StatusCode::kInternal);
  EXPECT_NE(head.status().message().find("/gone/head"), std::string::npos);
}

TEST(MemoryHead, FailsWhenAsked) {
  MemoryHead head;
  ASSERT_EQ(head.Write({{1, 10}, 3, 4}), absl::OkStatus());
  head.FailNextWrite(absl::InternalError("disk"), /*written=*/false);
  EXPECT_EQ(head.Write({{2, 20}, 3, 4}), absl::InternalError("disk"));
  EXPECT_EQ(*head.Read(), (HeadNote{{1, 10}, 3, 4}));
  head.FailNextWrite(absl::InternalError("disk"), /*written=*/true);
  EXPECT_EQ(head.Write({{2, 20}, 3, 4}), absl::InternalError("disk"));
  EXPECT_EQ(*head.Read(), (HeadNote{{2, 20}, 3, 4}));
}

}  // namespace
}  // namespace trialsync::storage
