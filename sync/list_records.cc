// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/identity_rules.h"
#include "sync/paging.h"
#include "sync/present_items.h"
#include "sync/record.h"

namespace trialsync::sync {
namespace {

constexpr char kList[] = "records";

// Keys looked at in one go: presenting a record writes to the view, which ends a walk over it.
constexpr size_t kChunkKeys = 256;

// What a request asks for, as identities.
struct Filter {
  // Empty for any, as below.
  std::string subject;
  // No record can match.
  bool nothing = false;
  uint32_t event = 0;
  uint32_t form = 0;
  // With a repeat: the name has to be exactly this.
  std::string event_name;
  std::string form_name;

  bool Matches(const v1::RecordKey& key) const {
    return !IsLabelRecord(key) && (event == 0 || key.event() == event) &&
           (form == 0 || key.form() == form);
  }
  bool Matches(const RecordName& name) const {
    return (event_name.empty() || name.event == event_name) &&
           (form_name.empty() || name.form == form_name);
  }
};

absl::Status SetSubject(View& view, const std::string& text, Filter& filter) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<ChangeId> subject = ResolveBirth(view, text);
  // Of the sites of a study, one has the subject.
  filter.nothing = absl::IsNotFound(subject.status());
  if (subject.ok()) filter.subject = subject->str();
  return filter.nothing ? absl::OkStatus() : subject.status();
}

template <typename FindDefinition>
absl::Status SetPart(const char* word, const std::string& text, FindDefinition find, uint32_t& id,
                     std::string& exact) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<LabelParts> parts = ParseLabel(text, /*with_repeat=*/true);
  if (!parts.ok()) return parts.status();
  const auto* found = find(parts->name);
  if (found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("the study has no ", word, " ", parts->name));
  }
  id = found->id();
  if (!parts->repeat.empty()) exact = parts->ToString();
  return absl::OkStatus();
}

absl::StatusOr<Filter> FilterOf(View& view, const Vocabulary& vocabulary,
                                const v1::ListRecordsRequest& request) {
  Filter filter;
  filter.nothing = vocabulary.empty();
  if (filter.nothing) return filter;
  absl::Status status = SetSubject(view, request.subject(), filter);
  if (status.ok()) {
    status = SetPart(
        "event", request.event(), [&](const std::string& n) { return vocabulary.FindEvent(n); },
        filter.event, filter.event_name);
  }
  if (status.ok()) {
    status = SetPart(
        "form", request.form(), [&](const std::string& n) { return vocabulary.FindForm(n); },
        filter.form, filter.form_name);
  }
  if (!status.ok()) return status;
  return filter;
}

// The next keys that may match, in key order after `after`, which moves on; less than kChunkKeys at
// the end.
std::vector<v1::RecordKey> NextKeys(View& view, const Filter& filter, std::string& after) {
  std::vector<v1::RecordKey> keys;
  std::string last;
  view.state().tables().ForEachRecord(filter.subject, after,
                                      [&](std::string_view key, const v1::RecordState& state) {
                                        if (filter.Matches(state.key())) {
                                          keys.push_back(state.key());
                                          last = std::string(key);
                                        }
                                        return keys.size() < kChunkKeys;
                                      });
  if (!keys.empty()) after = std::move(last);
  return keys;
}

bool ShowsSomething(const v1::Record& record) {
  return !record.items().empty() || record.locked() || record.frozen() || record.voided() ||
         !record.marks().empty();
}

}  // namespace

absl::StatusOr<v1::ListRecordsResponse> ListRecords(View& view, const SiteName& parent,
                                                    const v1::ListRecordsRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  absl::StatusOr<std::string> after = LastOfPage(kList, request.page_token());
  if (!after.ok()) return after.status();
  const auto version = ReadingVersion(view.state(), request.version());
  if (!version.ok()) return version.status();
  view.PrepareAll();
  view.state().Flush();
  Namer namer(view, parent);
  const absl::StatusOr<Filter> filter = FilterOf(view, namer.vocabulary(), request);
  if (!filter.ok()) return filter.status();

  v1::ListRecordsResponse response;
  std::string last;
  bool more = !filter->nothing;
  while (more) {
    const std::vector<v1::RecordKey> keys = NextKeys(view, *filter, *after);
    more = keys.size() == kChunkKeys;
    for (const v1::RecordKey& key : keys) {
      if (!filter->Matches(namer.Record(key))) continue;
      v1::Record record = MakeRecord(view, namer, key, {.version = version->get()});
      if (!ShowsSomething(record)) continue;
      if (static_cast<size_t>(response.records_size()) == *size) {
        response.set_next_page_token(PageToken(kList, last));
        more = false;
        break;
      }
      last = storage::RecordKeyBytes(key);
      *response.add_records() = std::move(record);
    }
  }
  if (!view.state().status().ok()) return view.state().status();
  return response;
}

}  // namespace trialsync::sync
