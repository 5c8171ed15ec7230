// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "study/value.h"
#include "sync/admission.h"
#include "sync/author_offer.h"
#include "sync/authorship.h"
#include "sync/decision_plan.h"
#include "sync/open_disputes.h"
#include "sync/present.h"
#include "sync/record.h"
#include "sync/worklist.h"

namespace trialsync::sync {
namespace {

using Request = v1::SettleDiscrepancyRequest;

absl::StatusOr<v1::SettleDiscrepancyResponse> Respond(Desk& desk, const storage::DiscrepancyId& id,
                                                      const std::optional<ChangeId>& change,
                                                      v1::Outcome outcome) {
  absl::StatusOr<v1::Discrepancy> shown =
      PresentDiscrepancy(desk.view(), desk.partition_name(), id);
  if (!shown.ok()) return shown.status();
  v1::SettleDiscrepancyResponse response;
  *response.mutable_discrepancy() = *std::move(shown);
  if (change) response.set_change(change->hex());
  response.set_outcome(outcome);
  return response;
}

absl::Status AlreadySettled(Desk& desk, const storage::DiscrepancyId& id,
                            const v1::DiscrepancyRow& row) {
  const std::string what = absl::StrCat(id.ToString(), " is settled already, ");
  if (row.state() == v1::DISCREPANCY_STATE_SETTLED_BY_RULE) {
    return absl::FailedPreconditionError(absl::StrCat(
        what, "by the rule that the latest value counts: write the value that is right"));
  }
  const Authorship who = Authors(desk.view()).Of(row.closed_by());
  if (who.author.empty()) return absl::FailedPreconditionError(absl::StrCat(what, "by itself"));
  return absl::FailedPreconditionError(
      absl::StrCat(what, "by ", who.author, " at ", MinuteOf(who.time), ": ", who.reason));
}

absl::Status WrongWay(const std::string& ways) {
  return absl::InvalidArgumentError(absl::StrCat("this is settled with ", ways));
}

// What kind of discrepancy is settled how.
absl::Status CheckWay(v1::DiscrepancyKind kind, Request::SettlementCase way) {
  switch (kind) {
    case v1::DISCREPANCY_KIND_DISPUTE:
      return way == Request::kKeep || way == Request::kTake || way == Request::kValue
                 ? absl::OkStatus()
                 : WrongWay("--keep, --take or --value");
    case v1::DISCREPANCY_KIND_PROPOSAL:
      return way == Request::kAccept || way == Request::kDecline || way == Request::kValue
                 ? absl::OkStatus()
                 : WrongWay("--accept, --decline or --value");
    case v1::DISCREPANCY_KIND_HELD:
    case v1::DISCREPANCY_KIND_REFUSED:
      return way == Request::kAccept || way == Request::kDecline
                 ? absl::OkStatus()
                 : WrongWay("--accept (try again) or --decline (dismiss)");
    case v1::DISCREPANCY_KIND_PREDICTION:
    case v1::DISCREPANCY_KIND_CONTRADICTED:
      return way == Request::kAccept ? absl::OkStatus() : WrongWay("--accept (take note)");
    case v1::DISCREPANCY_KIND_QUERY:
      return WrongWay("trialsync query answer or trialsync query close");
    case v1::DISCREPANCY_KIND_LABEL:
      return WrongWay("trialsync subject rename or trialsync subject merge");
    default:
      return WrongWay("the current release of trialsync");
  }
}

v1::SettlementKind SettlementKindOf(v1::DiscrepancyKind kind, const Request& request) {
  if (kind == v1::DISCREPANCY_KIND_CONTRADICTED) return v1::SETTLEMENT_KIND_NOTE;
  return request.has_accept() ? v1::SETTLEMENT_KIND_ADMIT : v1::SETTLEMENT_KIND_DISMISS;
}

// Whether `first`, saved under the request's id, settled this in the way that the request says.
bool IsSame(Desk& desk, const v1::Change& first, const storage::DiscrepancyId& id,
            const Request& request) {
  if (first.reason() != request.reason()) return false;
  if (first.has_same_thing()) {
    const std::optional<StoredChange> proposal =
        FindChange(desk.view().state().tables(), id.change);
    return request.has_accept() && proposal &&
           proposal->change.same_thing().SerializeAsString() ==
               first.same_thing().SerializeAsString();
  }
  if (first.has_settlement()) {
    return first.settlement().change() == id.change.view() &&
           first.settlement().kind() == SettlementKindOf(id.kind, request);
  }
  if (!first.offers_again().empty()) {
    return first.offers_again() == id.change.view() && request.has_accept();
  }
  const v1::Decision& decision = first.decision();
  const bool closes =
      std::any_of(decision.closes().begin(), decision.closes().end(), [&](const auto& reference) {
        return reference.challenger() == id.change.view() && reference.lineage() == id.part;
      });
  if (!closes || (request.has_decline() && !decision.writes().empty())) return false;
  if (!request.has_value() || decision.writes_size() != 1) return !request.has_value();
  const v1::Value& value = decision.writes(0).value();
  return value.has_withheld() || study::FormatValue(value) == request.value();
}

// One discrepancy on its way to being settled.
class Settling {
 public:
  Settling(Desk& desk, const Request& request, const storage::DiscrepancyId& id,
           v1::DiscrepancyRow row, std::shared_ptr<const study::Definition> definition)
      : desk_(desk),
        request_(request),
        person_{request.author(), request.reason(), request.request_id()},
        id_(id),
        row_(std::move(row)),
        definition_(std::move(definition)) {}

  absl::StatusOr<v1::SettleDiscrepancyResponse> Decide();
  absl::StatusOr<v1::SettleDiscrepancyResponse> SettleWaiting();

 private:
  absl::StatusOr<v1::SettleDiscrepancyResponse> SaveAndAnswer(const v1::Change& change,
                                                              const Desk::Scope& scope,
                                                              const KeptValues& kept = {}) {
    const absl::StatusOr<Desk::Saved> saved = SaveChange(desk_, change, scope, kept);
    if (!saved.ok()) return saved.status();
    return Respond(desk_, id_, saved->id, saved->verdict.outcome);
  }

  // The birth that a proposal says to be the same as another, said by this side too.
  absl::StatusOr<v1::SettleDiscrepancyResponse> SaySame(const v1::SameThing& same);

  Desk& desk_;
  const Request& request_;
  const Person person_;
  const storage::DiscrepancyId id_;
  const v1::DiscrepancyRow row_;
  const std::shared_ptr<const study::Definition> definition_;
};

absl::StatusOr<v1::SettleDiscrepancyResponse> Settling::Decide() {
  const bool of_label = IsLabelRecord(row_.record());
  if (!of_label) {
    if (absl::Status held = CheckNotHeld(desk_, row_.record()); !held.ok()) return held;
  }
  absl::StatusOr<DecisionPlan> plan = PlanDecision(desk_, request_, id_, row_, *definition_);
  if (!plan.ok()) return plan.status();
  if (plan->same_thing) return SaySame(*plan->same_thing);
  v1::Change change = NewChange(desk_, *definition_, person_);
  *change.mutable_record() = row_.record();
  *change.mutable_decision() = plan->decision;
  if (!of_label) {
    if (const absl::Status valid = CheckWrites(change, *definition_); !valid.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(valid.message(), "; settle it with --value"));
    }
  }
  return SaveAndAnswer(change, OnRecord(row_.record()), plan->kept);
}

absl::StatusOr<v1::SettleDiscrepancyResponse> Settling::SaySame(const v1::SameThing& same) {
  v1::Change change = NewChange(desk_, *definition_, person_);
  *change.mutable_same_thing() = same;
  Desk::Scope scope;
  for (const std::string* birth : {&same.birth(), &same.other()}) {
    if (const std::optional<ChangeId> id = ChangeId::From(*birth)) scope.births.push_back(*id);
  }
  return SaveAndAnswer(change, scope);
}

absl::StatusOr<v1::SettleDiscrepancyResponse> Settling::SettleWaiting() {
  const std::optional<StoredChange> waiting = FindChange(desk_.view().state().tables(), id_.change);
  if (!waiting) return absl::NotFoundError(absl::StrCat("there is no change ", id_.change.hex()));
  if (id_.kind == v1::DISCREPANCY_KIND_REFUSED && request_.has_accept()) {
    absl::StatusOr<v1::Change> again = OfferAgain(desk_, *waiting, *definition_, person_);
    if (!again.ok()) return again.status();
    const StoredChange stored{.id = ChangeIdOf(Sha256Of(again->SerializeAsString())),
                              .stamp = {},
                              .from_centre = false,
                              .number = 0,
                              .received_time_us = 0,
                              .authored = "",
                              .change = *again,
                              .previous_of_record = 0};
    Desk::Scope scope = ScopeOf(desk_.view(), stored);
    if (again->has_birth()) scope.births.push_back(id_.change);
    KeptValues kept;
    AddKept(desk_, id_.change,
            again->has_edit() ? again->edit().writes() : again->decision().writes(), kept);
    return SaveAndAnswer(*again, scope, kept);
  }
  v1::Change change = NewChange(desk_, *definition_, person_);
  change.mutable_settlement()->set_change(id_.change.str());
  change.mutable_settlement()->set_kind(SettlementKindOf(id_.kind, request_));
  return SaveAndAnswer(change, ScopeOf(desk_.view(), *waiting));
}

}  // namespace

absl::StatusOr<v1::SettleDiscrepancyResponse> SettleDiscrepancy(Desk& desk,
                                                                const Request& request) {
  const Person person{request.author(), request.reason(), request.request_id()};
  if (absl::Status status = CheckPerson(person); !status.ok()) return status;
  const absl::StatusOr<storage::DiscrepancyId> id = ResolveDiscrepancy(desk.view(), request.name());
  if (!id.ok()) return id.status();
  const std::optional<v1::DiscrepancyRow> row = ReadDiscrepancy(desk.view(), *id);
  if (!row) return absl::NotFoundError(absl::StrCat("there is no discrepancy ", id->ToString()));
  if (absl::Status way = CheckWay(id->kind, request.settlement_case()); !way.ok()) return way;

  if (const std::optional<StoredChange> first = FindRequest(desk, person)) {
    if (!IsSame(desk, first->change, *id, request)) return RequestReused(person);
    return Respond(desk, *id, first->id, VerdictOf(desk, first->id).outcome);
  }
  if (!IsOpen(*row)) return AlreadySettled(desk, *id, *row);
  if (id->kind == v1::DISCREPANCY_KIND_PREDICTION) {
    if (absl::Status closed = desk.ClosePrediction(*id); !closed.ok()) return closed;
    return Respond(desk, *id, std::nullopt, v1::OUTCOME_UNSPECIFIED);
  }
  if (absl::Status reason = CheckReason(person, "a discrepancy is settled"); !reason.ok()) {
    return reason;
  }
  auto definition = ActiveVersion(desk);
  if (!definition.ok()) return definition.status();
  Settling settling(desk, request, *id, *row, *std::move(definition));
  const bool conflict =
      id->kind == v1::DISCREPANCY_KIND_DISPUTE || id->kind == v1::DISCREPANCY_KIND_PROPOSAL;
  return conflict ? settling.Decide() : settling.SettleWaiting();
}

}  // namespace trialsync::sync
