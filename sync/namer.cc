// SPDX-License-Identifier: Apache-2.0
#include "sync/namer.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/identity_rules.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/resolve.h"

namespace trialsync::sync {
namespace {

// Enough digits to find an id by, where there is no name.
constexpr size_t kShortIdDigits = 12;

std::string ShortId(const std::string& bytes) { return ToHex(bytes).substr(0, kShortIdDigits); }

std::string Repeat(std::string name, const LabelParts& label) {
  return LabelParts{.name = std::move(name), .repeat = label.name, .rank = label.rank}.ToString();
}

}  // namespace

LabelParts Namer::Label(const std::string& birth) {
  const auto known = labels_.find(birth);
  if (known != labels_.end()) return known->second;
  LabelParts label{.name = ShortId(birth), .repeat = "", .rank = 1};
  const std::optional<ChangeId> id = ChangeId::From(birth);
  const std::optional<v1::BirthRow> row = id ? FindBirth(view_, *id) : std::nullopt;
  if (row) {
    label.name = row->label();
    view_.PrepareLabel(row->kind(), row->parent(), row->label());
    const std::vector<BirthEntry> births =
        BirthsInOrder(view_.state(), row->kind(), row->parent(), row->label());
    for (size_t i = 0; i < births.size(); ++i) {
      if (births[i].first == *id) label.rank = static_cast<int>(i + 1);
    }
  }
  return labels_.emplace(birth, std::move(label)).first->second;
}

std::string Namer::Subject(const v1::RecordKey& key) { return Label(key.subject()).ToString(); }

std::string Namer::Event(const v1::RecordKey& key) {
  const v1::EventDefinition* event = vocabulary_.FindEvent(key.event());
  const std::string name = event == nullptr ? absl::StrCat("event ", key.event()) : event->name();
  return key.event_birth().empty() ? name : Repeat(name, Label(key.event_birth()));
}

std::string Namer::Form(const v1::RecordKey& key) {
  const v1::FormDefinition* form = vocabulary_.FindForm(key.form());
  const std::string name = form == nullptr ? absl::StrCat("form ", key.form()) : form->name();
  return key.form_birth().empty() ? name : Repeat(name, Label(key.form_birth()));
}

RecordName Namer::Record(const v1::RecordKey& key) {
  return {parent_, Subject(key), Event(key), Form(key)};
}

std::string Namer::Birth(const ChangeId& birth) {
  const std::string subjects = absl::StrCat(parent_.ToString(), "/subjects/");
  const std::optional<v1::BirthRow> row = FindBirth(view_, birth);
  if (!row || row->kind() == v1::BIRTH_KIND_SUBJECT) {
    return absl::StrCat(subjects, Label(birth.str()).ToString());
  }
  v1::RecordKey key = row->parent();
  SetBirth(row->kind(), birth, key);
  const std::string event = absl::StrCat(subjects, Subject(key), "/events/", Event(key));
  if (row->kind() == v1::BIRTH_KIND_EVENT) return event;
  return absl::StrCat(event, "/forms/", Form(key));
}

std::string Namer::ShortBirth(const ChangeId& birth) {
  const std::optional<v1::BirthRow> row = FindBirth(view_, birth);
  if (!row || row->kind() == v1::BIRTH_KIND_SUBJECT) return Label(birth.str()).ToString();
  v1::RecordKey key = row->parent();
  SetBirth(row->kind(), birth, key);
  const std::string event = absl::StrCat(Subject(key), "/", Event(key));
  return row->kind() == v1::BIRTH_KIND_EVENT ? event : absl::StrCat(event, "/", Form(key));
}

std::string Namer::ShortRecord(const v1::RecordKey& key) {
  if (!IsLabelRecord(key)) return Record(key).Short();
  const std::optional<ChangeId> birth = ChangeId::From(key.subject());
  return birth ? ShortBirth(*birth) : "";
}

RecordName NameOf(View& view, const SiteName& parent, const v1::RecordKey& key) {
  return Namer(view, parent).Record(key);
}

}  // namespace trialsync::sync
