// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/author_common.h"
#include "sync/author_label.h"
#include "sync/identity_rules.h"
#include "sync/present.h"
#include "sync/resolve.h"

namespace trialsync::sync {
namespace {

absl::StatusOr<v1::Subject> Respond(Desk& desk, const ChangeId& birth) {
  return PresentSubject(desk.view(), desk.partition_name(), birth);
}

// The birth that a name, full or short, means at this desk.
absl::StatusOr<ChangeId> BirthHere(Desk& desk, const std::string& name) {
  const std::string here = desk.partition_name().ToString() + "/";
  if (name.starts_with("studies/") && !name.starts_with(here)) {
    return absl::NotFoundError(
        absl::StrCat(name, " is not kept here: this is ", desk.partition_name().ToString()));
  }
  return ResolveBirth(desk.view(), name);
}

}  // namespace

absl::StatusOr<v1::Subject> CreateSubject(Desk& desk, const v1::CreateSubjectRequest& request) {
  const Person person{request.author(), request.reason(), request.request_id()};
  if (absl::Status status = CheckPerson(person); !status.ok()) return status;
  const absl::StatusOr<SiteName> parent = ParseSiteName(request.parent(), desk.partition_name());
  if (!parent.ok()) return parent.status();
  if (absl::Status here = CheckHere(desk, *parent); !here.ok()) return here;
  if (absl::Status status = CheckLabel(request.code()); !status.ok()) return status;

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    const bool same = first->change.birth().kind() == v1::BIRTH_KIND_SUBJECT &&
                      first->change.birth().label() == request.code() &&
                      first->change.reason() == request.reason();
    return same ? Respond(desk, first->id) : RequestReused(person);
  }
  const v1::RecordKey none;
  absl::Status free =
      CheckNewLabel(desk, v1::BIRTH_KIND_SUBJECT, none, request.code(), std::nullopt);
  if (!free.ok()) return free;
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  const absl::StatusOr<ChangeId> birth =
      SaveBirth(desk, **definition, person, v1::BIRTH_KIND_SUBJECT, none, request.code());
  if (!birth.ok()) return birth.status();
  return Respond(desk, *birth);
}

absl::StatusOr<v1::Subject> RenameSubject(Desk& desk, const v1::RenameSubjectRequest& request) {
  const Person person{request.author(), request.reason(), request.request_id()};
  absl::Status status = CheckPerson(person);
  if (status.ok()) status = CheckReason(person, "a code is changed");
  if (status.ok()) status = CheckLabel(request.new_code());
  if (!status.ok()) return status;

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    const auto renamed = ChangeId::From(first->change.rename().birth());
    const bool same = renamed && first->change.rename().label() == request.new_code() &&
                      first->change.reason() == request.reason();
    return same ? Respond(desk, *renamed) : RequestReused(person);
  }
  const absl::StatusOr<ChangeId> birth = BirthHere(desk, request.name());
  if (!birth.ok()) return birth.status();
  const std::optional<v1::BirthRow> row = FindBirth(desk.view(), *birth);
  if (!row) return absl::NotFoundError(absl::StrCat(request.name(), " is not there"));
  if (row->label() == request.new_code()) return Respond(desk, *birth);
  status = CheckNewLabel(desk, row->kind(), row->parent(), request.new_code(), *birth);
  if (!status.ok()) return status;
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();

  v1::Change change = NewChange(desk, **definition, person);
  change.mutable_rename()->set_birth(birth->str());
  change.mutable_rename()->set_label(request.new_code());
  const auto saved = SaveChange(desk, change, {.record_key = "", .births = {*birth}});
  if (!saved.ok()) return saved.status();
  return Respond(desk, *birth);
}

absl::StatusOr<v1::Subject> MergeSubjects(Desk& desk, const v1::MergeSubjectsRequest& request) {
  const Person person{request.author(), request.reason(), request.request_id()};
  absl::Status status = CheckPerson(person);
  if (status.ok()) status = CheckReason(person, "two births are said to be one");
  if (!status.ok()) return status;
  const absl::StatusOr<ChangeId> name = BirthHere(desk, request.name());
  if (!name.ok()) return name.status();
  const absl::StatusOr<ChangeId> other = BirthHere(desk, request.other());
  if (!other.ok()) return other.status();
  if (*name == *other) {
    return absl::InvalidArgumentError("both names mean one birth already: name the other one");
  }
  const std::optional<v1::BirthRow> row = desk.view().state().tables().Birth(*name);
  const std::optional<v1::BirthRow> other_row = desk.view().state().tables().Birth(*other);
  if (!row || !other_row || row->kind() != other_row->kind()) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.name(), " and ", request.other(), " are not of one kind"));
  }
  // The later one is shown as a part of the earlier.
  const auto order = [](const v1::BirthRow& birth) {
    return std::make_pair(birth.effect_number(), birth.number());
  };
  const bool in_order = order(*row) < order(*other_row);
  const ChangeId earlier = in_order ? *name : *other;
  const ChangeId later = in_order ? *other : *name;

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    const v1::SameThing& same = first->change.same_thing();
    const bool repeated = same.birth() == earlier.view() && same.other() == later.view() &&
                          first->change.reason() == request.reason();
    return repeated ? Respond(desk, earlier) : RequestReused(person);
  }
  if ((in_order ? *other_row : *row).same_as() == earlier.view()) {
    return absl::FailedPreconditionError(
        absl::StrCat(request.name(), " and ", request.other(), " are one already"));
  }
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  v1::Change change = NewChange(desk, **definition, person);
  change.mutable_same_thing()->set_birth(earlier.str());
  change.mutable_same_thing()->set_other(later.str());
  const auto saved = SaveChange(desk, change, {.record_key = "", .births = {earlier, later}});
  if (!saved.ok()) return saved.status();
  return Respond(desk, earlier);
}

}  // namespace trialsync::sync
