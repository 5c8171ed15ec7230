// SPDX-License-Identifier: Apache-2.0
#include "sync/resolve.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/identity_rules.h"
#include "sync/stored_change.h"

namespace trialsync::sync {
namespace {

std::string Word(v1::BirthKind kind) {
  return kind == v1::BIRTH_KIND_SUBJECT ? "subject"
         : kind == v1::BIRTH_KIND_EVENT ? "event"
                                        : "form";
}

// The birth of this label and rank; nullopt if there is none.
std::optional<ChangeId> FindLabelled(View& view, v1::BirthKind kind, const v1::RecordKey& parent,
                                     const std::string& label, int rank) {
  view.PrepareLabel(kind, parent, label);
  const std::vector<BirthEntry> births = BirthsInOrder(view.state(), kind, parent, label);
  if (births.size() < static_cast<size_t>(rank)) return std::nullopt;
  return births[static_cast<size_t>(rank - 1)].first;
}

// Follows one birth of a name into `resolution`.
absl::Status FollowBirth(View& view, v1::BirthKind kind, const std::string& label, int rank,
                         Resolution& resolution) {
  std::optional<ChangeId> birth;
  if (resolution.missing.empty()) {
    birth = FindLabelled(view, kind, ParentOf(kind, resolution.key), label, rank);
  }
  if (birth) {
    SetBirth(kind, *birth, resolution.key);
  } else if (rank > 1) {
    return absl::NotFoundError(
        absl::StrCat("there is no ", Word(kind), " ", label, " of rank ", rank, " here"));
  } else {
    resolution.missing.push_back({kind, label});
  }
  return absl::OkStatus();
}

// Whether a name says a repeat exactly where the event or form repeats.
absl::Status CheckRepeat(v1::BirthKind kind, const LabelParts& parts, bool repeating) {
  if (repeating == !parts.repeat.empty()) return absl::OkStatus();
  if (repeating) {
    return absl::InvalidArgumentError(absl::StrCat("the ", Word(kind), " ", parts.name,
                                                   " repeats: say which, e.g. ", parts.name, "~1"));
  }
  return absl::InvalidArgumentError(absl::StrCat("the ", Word(kind), " ", parts.name,
                                                 " does not repeat: leave out ~", parts.repeat));
}

absl::Status FollowSubject(View& view, const std::string& text, Resolution& resolution) {
  const absl::StatusOr<LabelParts> subject = ParseLabel(text, /*with_repeat=*/false);
  if (!subject.ok()) return subject.status();
  return FollowBirth(view, v1::BIRTH_KIND_SUBJECT, subject->name, subject->rank, resolution);
}

absl::Status FollowEvent(View& view, const Vocabulary& vocabulary, const std::string& text,
                         Resolution& resolution) {
  const absl::StatusOr<LabelParts> parts = ParseLabel(text, /*with_repeat=*/true);
  if (!parts.ok()) return parts.status();
  const v1::EventDefinition* event = vocabulary.FindEvent(parts->name);
  if (event == nullptr) {
    return absl::NotFoundError(absl::StrCat("the study has no event ", parts->name));
  }
  if (absl::Status status = CheckRepeat(v1::BIRTH_KIND_EVENT, *parts, event->repeating());
      !status.ok()) {
    return status;
  }
  resolution.key.set_event(event->id());
  if (!event->repeating()) return absl::OkStatus();
  return FollowBirth(view, v1::BIRTH_KIND_EVENT, parts->repeat, parts->rank, resolution);
}

absl::Status FollowForm(View& view, const Vocabulary& vocabulary, const std::string& text,
                        Resolution& resolution) {
  const absl::StatusOr<LabelParts> parts = ParseLabel(text, /*with_repeat=*/true);
  if (!parts.ok()) return parts.status();
  const v1::FormDefinition* form = vocabulary.FindForm(parts->name);
  if (form == nullptr) {
    return absl::NotFoundError(absl::StrCat("the study has no form ", parts->name));
  }
  if (!vocabulary.EventHasForm(resolution.key.event(), form->id())) {
    return absl::NotFoundError(absl::StrCat("the form ", parts->name,
                                            " is not filled at the event ",
                                            vocabulary.FindEvent(resolution.key.event())->name()));
  }
  if (absl::Status status = CheckRepeat(v1::BIRTH_KIND_FORM, *parts, form->repeating());
      !status.ok()) {
    return status;
  }
  resolution.key.set_form(form->id());
  if (!form->repeating()) return absl::OkStatus();
  return FollowBirth(view, v1::BIRTH_KIND_FORM, parts->repeat, parts->rank, resolution);
}

absl::Status NotThere(const Resolution& resolution, const std::string& name) {
  const Resolution::Missing& missing = resolution.missing.front();
  if (missing.kind == v1::BIRTH_KIND_SUBJECT) {
    return absl::NotFoundError(absl::StrCat("there is no subject ", missing.label,
                                            " here; those there are: trialsync subject list"));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no ", Word(missing.kind), " ~", missing.label, " in ", name));
}

// The codes and labels of a birth's name, full or short, outermost first; empty if it is none.
std::vector<std::string> BirthSegments(std::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(absl::string_view(name.data(), name.size()), '/');
  if (parts.front() != "studies") return parts.size() <= 3 ? parts : std::vector<std::string>();
  static constexpr const char* kCollections[] = {"studies", "sites", "subjects", "events", "forms"};
  std::vector<std::string> segments;
  if (parts.size() % 2 != 0 || parts.size() < 6 || parts.size() > 10) return segments;
  for (size_t i = 0; i < parts.size(); i += 2) {
    if (parts[i] != kCollections[i / 2]) return {};
    if (i >= 4) segments.push_back(std::move(parts[i + 1]));
  }
  return segments;
}

}  // namespace

v1::RecordKey ParentOf(v1::BirthKind kind, const v1::RecordKey& key) {
  v1::RecordKey parent;
  if (kind == v1::BIRTH_KIND_SUBJECT) return parent;
  parent.set_subject(key.subject());
  parent.set_event(key.event());
  if (kind == v1::BIRTH_KIND_EVENT) return parent;
  parent.set_event_birth(key.event_birth());
  parent.set_form(key.form());
  return parent;
}

void SetBirth(v1::BirthKind kind, const ChangeId& birth, v1::RecordKey& key) {
  switch (kind) {
    case v1::BIRTH_KIND_SUBJECT:
      return key.set_subject(birth.str());
    case v1::BIRTH_KIND_EVENT:
      return key.set_event_birth(birth.str());
    default:
      return key.set_form_birth(birth.str());
  }
}

std::optional<v1::BirthRow> FindBirth(View& view, const ChangeId& birth) {
  view.PrepareBirth(birth);
  if (std::optional<v1::BirthRow> row = view.state().tables().Birth(birth)) return row;
  const std::optional<StoredChange> stored = FindChange(view.state().tables(), birth);
  if (!stored || !stored->change.has_birth()) return std::nullopt;
  v1::BirthRow row;
  row.set_kind(stored->change.birth().kind());
  row.set_label(stored->change.birth().label());
  *row.mutable_parent() = stored->change.birth().parent();
  return row;
}

absl::StatusOr<Resolution> FollowName(View& view, const Vocabulary& vocabulary,
                                      const RecordName& name) {
  Resolution resolution;
  absl::Status status = FollowSubject(view, name.subject, resolution);
  if (status.ok()) status = FollowEvent(view, vocabulary, name.event, resolution);
  if (status.ok()) status = FollowForm(view, vocabulary, name.form, resolution);
  if (!status.ok()) return status;
  return resolution;
}

absl::StatusOr<v1::RecordKey> ResolveRecord(View& view, const RecordName& name) {
  absl::StatusOr<Resolution> resolution = FollowName(view, Vocabulary(view.state()), name);
  if (!view.state().status().ok()) return view.state().status();
  if (!resolution.ok()) return resolution.status();
  if (!resolution->missing.empty()) return NotThere(*resolution, name.Short());
  return std::move(resolution->key);
}

absl::StatusOr<ChangeId> ResolveBirth(View& view, std::string_view name) {
  const std::vector<std::string> segments = BirthSegments(name);
  if (segments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(name),
                     "\" names no subject and no repeat: write SUBJECT, SUBJECT/EVENT~1 or "
                     "SUBJECT/EVENT/FORM~1"));
  }
  const Vocabulary vocabulary(view.state());
  Resolution resolution;
  absl::Status status = FollowSubject(view, segments[0], resolution);
  if (status.ok() && segments.size() > 1) {
    status = FollowEvent(view, vocabulary, segments[1], resolution);
  }
  if (status.ok() && segments.size() > 2) {
    status = FollowForm(view, vocabulary, segments[2], resolution);
  }
  if (!view.state().status().ok()) return view.state().status();
  if (!status.ok()) return status;
  if (!resolution.missing.empty()) return NotThere(resolution, std::string(name));
  const std::string& bytes = segments.size() == 1   ? resolution.key.subject()
                             : segments.size() == 2 ? resolution.key.event_birth()
                                                    : resolution.key.form_birth();
  const std::optional<ChangeId> birth = ChangeId::From(bytes);
  if (!birth) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", std::string(name), "\" does not repeat: only subjects and repeats are born"));
  }
  return *birth;
}

}  // namespace trialsync::sync
