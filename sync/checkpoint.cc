// SPDX-License-Identifier: Apache-2.0
#include "sync/checkpoint.h"

#include <array>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "study/text.h"
#include "sync/base64.h"
#include "sync/merkle_proof.h"
#include "sync/signed_note.h"

namespace trialsync::sync {
namespace {

constexpr absl::string_view kTimeFormat = "%E4Y-%m-%dT%H:%M:%E6SZ";

std::string FormatTime(int64_t time_us) {
  return absl::FormatTime(kTimeFormat, absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

// The decimal number that `text` is, without sign or leading zeros.
std::optional<uint64_t> ReadNumber(absl::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || absl::StrCat(number) != text) return std::nullopt;
  return number;
}

std::optional<uint64_t> ReadEpoch(absl::string_view text) {
  uint64_t epoch = 0;
  if (!absl::SimpleHexAtoi(text, &epoch) || absl::StrFormat("%016x", epoch) != text) {
    return std::nullopt;
  }
  return epoch;
}

std::optional<int64_t> ReadTime(absl::string_view text) {
  absl::Time time;
  if (!absl::ParseTime(kTimeFormat, text, absl::UTCTimeZone(), &time, nullptr)) return std::nullopt;
  const int64_t time_us = absl::ToUnixMicros(time);
  const bool four_digits = !text.empty() && absl::ascii_isdigit(static_cast<uint8_t>(text[0]));
  return four_digits && FormatTime(time_us) == text ? std::optional(time_us) : std::nullopt;
}

std::optional<Sha256> ReadRoot(absl::string_view text) {
  const std::optional<std::string> bytes = FromBase64({text.data(), text.size()});
  const absl::StatusOr<Sha256> root = Sha256FromBytes(bytes.value_or(""));
  return root.ok() ? std::optional(*root) : std::nullopt;
}

std::optional<SiteName> ReadOrigin(absl::string_view text) {
  const absl::StatusOr<SiteName> name = ParseSiteName({text.data(), text.size()}, SiteName());
  const bool valid = name.ok() && CheckShortName("study", name->study).ok() &&
                     CheckShortName("site", name->site).ok();
  return valid ? std::optional(*name) : std::nullopt;
}

// Takes the lines one by one; the first that is not as it should be ends it.
class Lines {
 public:
  explicit Lines(std::string_view text)
      : lines_(absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {}

  // The next line behind `word`, read by `read`.
  template <typename Value>
  void Take(absl::string_view word, std::optional<Value> (*read)(absl::string_view),
            absl::string_view expected, Value* value) {
    if (!status_.ok()) return;
    absl::string_view line;
    if (next_ < lines_.size()) line = lines_[next_];
    ++next_;
    std::optional<Value> taken;
    if (absl::ConsumePrefix(&line, word)) taken = read(line);
    if (taken) {
      *value = *taken;
    } else {
      Refuse(expected);
    }
  }
  // What the last line says cannot be, beside the ones before it.
  void RefuseIf(bool wrong, absl::string_view expected) {
    if (status_.ok() && wrong) Refuse(expected);
  }
  absl::Status Finish() {
    if (status_.ok() && (next_ + 1 != lines_.size() || !lines_.back().empty())) {
      ++next_;
      Refuse("there is no other line, and the last has an end");
    }
    return status_;
  }

 private:
  void Refuse(absl::string_view expected) {
    const std::string line = next_ <= lines_.size() ? lines_[next_ - 1] : "";
    status_ = absl::InvalidArgumentError(absl::StrCat(
        "line ", next_, " of the checkpoint is ", study::Quoted(line), "; expected: ", expected));
  }

  const std::vector<std::string> lines_;
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Checkpoint> CheckpointAt(const SiteName& partition, const v1::LogPosition& log,
                                        absl::Time time) {
  const absl::StatusOr<Sha256> root = Sha256FromBytes(log.root());
  if (!root.ok()) return root.status();
  Checkpoint checkpoint;
  checkpoint.partition = partition;
  checkpoint.size = log.size();
  checkpoint.root = *root;
  checkpoint.epoch = log.epoch();
  checkpoint.time_us = absl::ToUnixMicros(time);
  return checkpoint;
}

bool IsAt(const Checkpoint& checkpoint, const SiteName& partition, const v1::LogPosition& log) {
  return checkpoint.partition == partition && checkpoint.epoch == log.epoch() &&
         checkpoint.size == log.size() && checkpoint.root.view() == log.root();
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return absl::StrFormat(
      "%s\n%d\n%s\nepoch %016x\nparent %016x\nbegan %d\ntime %s\n", checkpoint.partition.ToString(),
      checkpoint.size, ToBase64(checkpoint.root.view()), checkpoint.epoch, checkpoint.parent_epoch,
      checkpoint.began_at, FormatTime(checkpoint.time_us));
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  Checkpoint read;
  Lines lines(text);
  lines.Take("", ReadOrigin, "studies/STUDY/sites/SITE", &read.partition);
  lines.Take("", ReadNumber, "the number of commits", &read.size);
  lines.Take("", ReadRoot, "the root, 32 bytes in base64", &read.root);
  lines.RefuseIf(read.size == 0 && read.root != Sha256Of(""), "the root of an empty log");
  lines.Take("epoch ", ReadEpoch, "epoch and 16 hexadecimal digits", &read.epoch);
  lines.RefuseIf(read.epoch == 0, "an epoch other than 0");
  lines.Take("parent ", ReadEpoch, "parent and 16 hexadecimal digits", &read.parent_epoch);
  lines.RefuseIf(read.parent_epoch == read.epoch, "an epoch other than the one before");
  lines.Take("began ", ReadNumber, "began and a number of commits", &read.began_at);
  lines.RefuseIf(read.began_at > read.size, "no more commits than there are");
  lines.RefuseIf(read.parent_epoch == 0 && read.began_at != 0, "0, where there is no parent");
  lines.Take("time ", ReadTime, "time and, for example, 2026-11-23T01:02:03.000004Z",
             &read.time_us);
  if (absl::Status status = lines.Finish(); !status.ok()) return status;
  return read;
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  const std::string text = FormatCheckpoint(checkpoint);
  if (const auto read = ParseCheckpoint(text); !read.ok()) return read.status();
  return SignNote(text, std::array{&key});
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key) {
  const absl::StatusOr<std::string> text = OpenNote(note, std::array{key});
  if (!text.ok()) return text.status();
  return ParseCheckpoint(*text);
}

bool Contradict(const Checkpoint& a, const Checkpoint& b) {
  if (a.partition != b.partition || a.epoch != b.epoch) return false;
  const bool one_beginning = a.parent_epoch == b.parent_epoch && a.began_at == b.began_at;
  return !one_beginning || (a.size == b.size && a.root != b.root);
}

bool Extends(const Checkpoint& newer, const Checkpoint& older, std::span<const Sha256> path) {
  if (newer.partition != older.partition || Contradict(newer, older)) return false;
  if (older.size == 0) return path.empty();
  return VerifyConsistency(older.size, older.root, newer.size, newer.root, path);
}

}  // namespace trialsync::sync
