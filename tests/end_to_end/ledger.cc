// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/check.h"

namespace trialsync::end_to_end {
namespace {

constexpr int kPageSize = 500;
constexpr size_t kDifferencesMax = 20;

using Differences = std::vector<std::string>;

void Tell(std::string difference, Differences& differences) {
  if (differences.size() < kDifferencesMax) differences.push_back(std::move(difference));
}

// The text of an item in every record of a site.
std::map<std::string, std::string> StandingTexts(command::Client& server, const std::string& parent,
                                                 const std::string& item,
                                                 Differences& differences) {
  std::map<std::string, std::string> texts;
  v1::ListRecordsRequest request;
  request.set_parent(parent);
  request.set_page_size(kPageSize);
  do {
    const auto page = server.Call(request);
    if (!page.ok()) {
      Tell(absl::StrCat("records could not be listed: ", page.status().ToString()), differences);
      return texts;
    }
    for (const v1::Record& record : page->records()) {
      if (record.items().empty()) continue;
      std::string& text = texts[record.name()];
      for (const v1::Item& shown : record.items()) {
        if (shown.item() == item) text = shown.text();
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return texts;
}

// How often each text was written to an item by a commit.
std::map<std::string, int> CommittedTexts(command::Client& server, const std::string& record,
                                          const std::string& item, Differences& differences) {
  std::map<std::string, int> times;
  v1::GetRecordHistoryRequest request;
  request.set_name(record);
  request.set_page_size(kPageSize);
  do {
    const auto page = server.Call(request);
    if (!page.ok()) {
      Tell(absl::StrCat("no history of ", record, ": ", page.status().ToString()), differences);
      return times;
    }
    for (const v1::HistoryEntry& entry : page->entries()) {
      for (const v1::HistoryItem& written : entry.items()) {
        if (entry.commit() != 0 && written.item() == item) ++times[written.to()];
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return times;
}

}  // namespace

Journal::Journal(const std::string& path)
    : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  TS_CHECK(file_ >= 0);
}

Journal::~Journal() { close(file_); }

void Journal::Write(const std::string& line) {
  const std::string whole = absl::StrCat(absl::FormatTime(absl::Now()), " ", line, "\n");
  // One call: lines of several threads are not mixed.
  TS_CHECK(write(file_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()));
  TS_CHECK(fdatasync(file_) == 0);
}

void Ledger::Add(const std::string& record, const std::string& value, int changes) {
  if (journal_ != nullptr) journal_->Write(absl::StrCat("saved ", record, " \"", value, "\""));
  const std::lock_guard lock(mutex_);
  saved_[record].push_back({.value = value, .changes = changes, .place = places_++});
}

size_t Ledger::places() const {
  const std::lock_guard lock(mutex_);
  return places_;
}

std::vector<Ledger::Saved> Ledger::TakeMissing(command::Client& server, const std::string& item,
                                               size_t from_place,
                                               std::vector<std::string>& errors) {
  const std::lock_guard lock(mutex_);
  std::vector<Saved> missing;
  for (auto& [record, values] : saved_) {
    if (values.back().place < from_place) continue;
    std::vector<std::string> unread;
    const std::map<std::string, int> times = CommittedTexts(server, record, item, unread);
    errors.insert(errors.end(), unread.begin(), unread.end());
    if (!unread.empty()) continue;
    const auto lost = std::stable_partition(values.begin(), values.end(), [&](const Saved& saved) {
      return saved.place < from_place || times.contains(saved.value);
    });
    missing.insert(missing.end(), lost, values.end());
    values.erase(lost, values.end());
  }
  std::erase_if(saved_, [](const auto& record) { return record.second.empty(); });
  return missing;
}

size_t Ledger::record_count() const {
  const std::lock_guard lock(mutex_);
  return saved_.size();
}

size_t Ledger::value_count() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [record, values] : saved_) count += values.size();
  return count;
}

std::vector<std::string> Ledger::Compare(command::Client& server, const std::string& parent,
                                         const std::string& item) const {
  const std::lock_guard lock(mutex_);
  Differences differences;
  const auto standing = StandingTexts(server, parent, item, differences);
  for (const auto& [record, text] : standing) {
    if (!saved_.contains(record)) {
      Tell(absl::StrCat(record, " is there, and nobody saved it"), differences);
    }
  }
  for (const auto& [record, values] : saved_) {
    const auto found = standing.find(record);
    if (found == standing.end()) {
      Tell(absl::StrCat(record, " was saved and is missing"), differences);
      continue;
    }
    if (found->second != values.back().value) {
      Tell(absl::StrCat(record, " shows \"", found->second, "\", last saved was \"",
                        values.back().value, "\""),
           differences);
    }
    std::map<std::string, int> times = CommittedTexts(server, record, item, differences);
    for (const Saved& saved : values) {
      const int count = times[saved.value];
      times.erase(saved.value);
      if (count == 1) continue;
      Tell(absl::StrCat(record, ": \"", saved.value, "\" was committed ", count, " times"),
           differences);
    }
    for (const auto& [value, count] : times) {
      Tell(absl::StrCat(record, ": \"", value, "\" was committed, and nobody saved it"),
           differences);
    }
  }
  return differences;
}

}  // namespace trialsync::end_to_end
