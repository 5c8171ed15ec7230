// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/identity_rules.h"
#include "sync/namer.h"
#include "sync/paging.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/resolve.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

constexpr char kList[] = "subjects";

// Bytes of a record's key that name its subject, and its event with the repeat.
constexpr size_t kSubjectBytes = 16;
constexpr size_t kEventBytes = kSubjectBytes + 4 + 16;

// Records with values that belong to a birth. Counts what the view's tables have.
uint32_t CountRecords(View& view, const ChangeId& birth, const v1::BirthRow& row) {
  v1::RecordKey key = row.parent();
  SetBirth(row.kind(), birth, key);
  std::string prefix = storage::RecordKeyBytes(key);
  if (row.kind() == v1::BIRTH_KIND_SUBJECT) prefix.resize(kSubjectBytes);
  if (row.kind() == v1::BIRTH_KIND_EVENT) prefix.resize(kEventBytes);
  view.state().Flush();
  uint32_t count = 0;
  view.state().tables().ForEachRecord(prefix, "",
                                      [&](std::string_view, const v1::RecordState& record) {
                                        const bool filled = !record.cells().empty() ||
                                                            record.first_entry() != 0;
                                        if (!IsLabelRecord(record.key()) && filled) ++count;
                                        return true;
                                      });
  return count;
}

v1::Subject MakeSubject(View& view, Namer& namer, const ChangeId& birth, const v1::BirthRow& row) {
  v1::Subject subject;
  subject.set_name(namer.Birth(birth));
  subject.set_birth(birth.hex());
  subject.set_code(row.label());
  if (const auto stored = FindChange(view.state().tables(), birth)) {
    subject.set_pending(IsOutboxNumber(stored->number));
    *subject.mutable_create_time() = stored->change.authored_time();
    subject.set_author(stored->change.author());
  }
  if (const auto same = ChangeId::From(row.same_as())) subject.set_same_as(namer.Birth(*same));
  subject.set_record_count(CountRecords(view, birth, row));
  return subject;
}

// Subjects by code; of one code, in the order of their ranks.
std::vector<BirthEntry> SubjectsInOrder(View& view) {
  std::vector<BirthEntry> subjects =
      view.state().tables().Births(v1::BIRTH_KIND_SUBJECT, v1::RecordKey());
  const auto order = [](const BirthEntry& entry) {
    const v1::BirthRow& row = entry.second;
    return std::make_tuple(std::string_view(row.label()), row.effect_number(), row.number());
  };
  std::sort(subjects.begin(), subjects.end(),
            [&](const BirthEntry& a, const BirthEntry& b) { return order(a) < order(b); });
  return subjects;
}

}  // namespace

absl::StatusOr<v1::Subject> PresentSubject(View& view, const SiteName& parent,
                                           const ChangeId& birth) {
  const std::optional<v1::BirthRow> row = FindBirth(view, birth);
  if (!view.state().status().ok()) return view.state().status();
  if (!row) return absl::NotFoundError(absl::StrCat("nothing was born as ", birth.hex()));
  Namer namer(view, parent);
  v1::Subject subject = MakeSubject(view, namer, birth, *row);
  if (!view.state().status().ok()) return view.state().status();
  return subject;
}

absl::StatusOr<v1::ListSubjectsResponse> ListSubjects(View& view, const SiteName& parent,
                                                      const v1::ListSubjectsRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> after = LastOfPage(kList, request.page_token());
  if (!after.ok()) return after.status();
  view.PrepareAll();
  Namer namer(view, parent);
  v1::ListSubjectsResponse response;
  bool begun = after->empty();
  std::string last;
  for (const auto& [birth, row] : SubjectsInOrder(view)) {
    if (!begun) {
      begun = birth.view() == *after;
      continue;
    }
    if (static_cast<size_t>(response.subjects_size()) == *size) {
      response.set_next_page_token(PageToken(kList, last));
      break;
    }
    *response.add_subjects() = MakeSubject(view, namer, birth, row);
    last = birth.str();
  }
  if (!view.state().status().ok()) return view.state().status();
  return response;
}

}  // namespace trialsync::sync
