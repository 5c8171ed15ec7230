// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "sync/author_common.h"
#include "sync/authorship.h"
#include "sync/open_disputes.h"
#include "sync/present.h"
#include "sync/vocabulary.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

absl::Status CheckText(const std::string& text) {
  if (!text.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("there is nothing to say: give --text");
}

// A query as it is before somebody answers or closes it.
struct OpenQuestion {
  storage::DiscrepancyId id;
  v1::DiscrepancyRow row;
};

absl::StatusOr<OpenQuestion> FindQuery(Desk& desk, const std::string& name) {
  const absl::StatusOr<storage::DiscrepancyId> id = ResolveDiscrepancy(desk.view(), name);
  if (!id.ok()) return id.status();
  if (id->kind != v1::DISCREPANCY_KIND_QUERY) {
    return absl::InvalidArgumentError(
        absl::StrCat(id->ToString(), " is no query: settle it with trialsync worklist settle"));
  }
  const std::optional<v1::DiscrepancyRow> row = ReadDiscrepancy(desk.view(), *id);
  if (!row) return absl::NotFoundError(absl::StrCat("there is no query ", id->ToString()));
  return OpenQuestion{*id, *row};
}

absl::Status CheckOpen(Desk& desk, const OpenQuestion& query) {
  if (IsOpen(query.row)) return absl::OkStatus();
  const std::string author = Authors(desk.view()).Of(query.row.closed_by()).author;
  return absl::FailedPreconditionError(absl::StrCat(
      query.id.ToString(), " was closed by ",
      author.empty() ? std::string("the check that opened it") : author, ": open a new one"));
}

v1::QueryReference ReferenceOf(const storage::DiscrepancyId& id) {
  v1::QueryReference reference;
  reference.set_change(id.change.str());
  reference.set_check(id.part);
  return reference;
}

bool IsReference(const v1::QueryReference& reference, const storage::DiscrepancyId& id) {
  return reference.change() == id.change.view() && reference.check() == id.part;
}

absl::StatusOr<v1::Discrepancy> Show(Desk& desk, const storage::DiscrepancyId& id) {
  return PresentDiscrepancy(desk.view(), desk.partition_name(), id);
}

// The item asked about; 0 for the whole record.
absl::StatusOr<uint32_t> ItemAsked(Desk& desk, const v1::RecordKey& key, const std::string& name) {
  if (name.empty()) return 0u;
  const Vocabulary vocabulary(desk.view().state());
  const v1::ItemDefinition* item = vocabulary.FindItem(key.form(), name);
  if (item != nullptr) return item->id();
  return absl::InvalidArgumentError(
      absl::StrCat("the form has no item ", name, "; it has ", vocabulary.ItemNames(key.form())));
}

// `fill` sets the body of a change that answers or closes; `same` says whether a change is that.
template <typename Fill, typename Same>
absl::StatusOr<v1::Discrepancy> Reply(Desk& desk, const Person& person, const std::string& name,
                                      Fill fill, Same same) {
  const absl::StatusOr<OpenQuestion> query = FindQuery(desk, name);
  if (!query.ok()) return query.status();
  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    return same(first->change, query->id) ? Show(desk, query->id) : RequestReused(person);
  }
  if (absl::Status status = CheckOpen(desk, *query); !status.ok()) return status;
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  v1::Change change = NewChange(desk, **definition, person);
  fill(change, query->id);
  const auto saved = SaveChange(desk, change, OnRecord(query->row.record()));
  if (!saved.ok()) return saved.status();
  return Show(desk, query->id);
}

}  // namespace

absl::StatusOr<v1::Discrepancy> OpenQuery(Desk& desk, const v1::OpenQueryRequest& request) {
  const Person person{request.author(), "", request.request_id()};
  absl::Status status = CheckPerson({request.author(), request.text(), request.request_id()});
  if (status.ok()) status = CheckText(request.text());
  if (!status.ok()) return status;
  const absl::StatusOr<RecordName> name = RecordNameHere(desk, request.record());
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::RecordKey> key = ResolveRecord(desk.view(), *name);
  if (!key.ok()) return key.status();
  const absl::StatusOr<uint32_t> item = ItemAsked(desk, *key, request.item());
  if (!item.ok()) return item.status();
  desk.view().PrepareRecord(*key);

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    const v1::QueryOpening& opening = first->change.query_opening();
    const bool same =
        opening.text() == request.text() && opening.item() == *item &&
        storage::RecordKeyBytes(first->change.record()) == storage::RecordKeyBytes(*key);
    if (!same) return RequestReused(person);
    return Show(desk, {first->id, v1::DISCREPANCY_KIND_QUERY, 0});
  }
  const auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  v1::Change change = NewChange(desk, **definition, person);
  *change.mutable_record() = *key;
  change.mutable_query_opening()->set_item(*item);
  change.mutable_query_opening()->set_text(request.text());
  const absl::StatusOr<Desk::Saved> saved = SaveChange(desk, change, OnRecord(*key));
  if (!saved.ok()) return saved.status();
  return Show(desk, {saved->id, v1::DISCREPANCY_KIND_QUERY, 0});
}

absl::StatusOr<v1::Discrepancy> AnswerQuery(Desk& desk, const v1::AnswerQueryRequest& request) {
  const Person person{request.author(), "", request.request_id()};
  absl::Status status = CheckPerson({request.author(), request.text(), request.request_id()});
  if (status.ok()) status = CheckText(request.text());
  if (!status.ok()) return status;
  return Reply(
      desk, person, request.name(),
      [&](v1::Change& change, const storage::DiscrepancyId& id) {
        *change.mutable_query_answer()->mutable_query() = ReferenceOf(id);
        change.mutable_query_answer()->set_text(request.text());
      },
      [&](const v1::Change& change, const storage::DiscrepancyId& id) {
        return IsReference(change.query_answer().query(), id) &&
               change.query_answer().text() == request.text();
      });
}

absl::StatusOr<v1::Discrepancy> CloseQuery(Desk& desk, const v1::CloseQueryRequest& request) {
  const Person person{request.author(), "", request.request_id()};
  absl::Status status = CheckPerson({request.author(), request.text(), request.request_id()});
  if (!status.ok()) return status;
  return Reply(
      desk, person, request.name(),
      [&](v1::Change& change, const storage::DiscrepancyId& id) {
        *change.mutable_query_closing()->mutable_query() = ReferenceOf(id);
        change.mutable_query_closing()->set_text(request.text());
      },
      [&](const v1::Change& change, const storage::DiscrepancyId& id) {
        return change.has_query_closing() && IsReference(change.query_closing().query(), id) &&
               change.query_closing().text() == request.text();
      });
}

}  // namespace trialsync::sync
