// SPDX-License-Identifier: Apache-2.0
#include "sync/words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace trialsync::sync {
namespace {

std::string Lowered(const std::string& name, const char* prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

}  // namespace

std::string ActWord(v1::RecordActKind kind) {
  return Lowered(v1::RecordActKind_Name(kind), "RECORD_ACT_KIND_");
}

std::string ActDone(v1::RecordActKind kind) {
  switch (kind) {
    case v1::RECORD_ACT_KIND_COMPLETE:
      return "completed";
    case v1::RECORD_ACT_KIND_VERIFY:
      return "verified";
    case v1::RECORD_ACT_KIND_SIGN:
      return "signed";
    case v1::RECORD_ACT_KIND_FREEZE:
      return "frozen";
    case v1::RECORD_ACT_KIND_LOCK:
      return "locked";
    case v1::RECORD_ACT_KIND_UNLOCK:
      return "unlocked";
    case v1::RECORD_ACT_KIND_VOID:
      return "voided";
    case v1::RECORD_ACT_KIND_REINSTATE:
      return "reinstated";
    default:
      return "acted on";
  }
}

std::string ActWord(const v1::Change& change) {
  switch (change.body_case()) {
    case v1::Change::kEdit:
      return "edit";
    case v1::Change::kAct:
      return ActWord(change.act().kind());
    case v1::Change::kDecision:
      return "decision";
    case v1::Change::kSettlement:
      return "settlement";
    case v1::Change::kBirth:
      return "birth";
    case v1::Change::kRename:
      return "rename";
    case v1::Change::kSameThing:
      return "merge";
    case v1::Change::kQueryOpening:
      return "query";
    case v1::Change::kQueryAnswer:
      return "answer";
    case v1::Change::kQueryClosing:
      return "closing";
    case v1::Change::kVersionPublication:
      return "publication";
    case v1::Change::kVersionActivation:
      return "activation";
    case v1::Change::kVersionRetirement:
      return "retirement";
    case v1::Change::kReplicaEnrolment:
      return "enrolment";
    case v1::Change::kEpochRecord:
      return "epoch";
    case v1::Change::BODY_NOT_SET:
      break;
  }
  return "change";
}

std::string OutcomeWord(v1::Outcome outcome) {
  return Lowered(v1::Outcome_Name(outcome), "OUTCOME_");
}

std::string ReasonClause(v1::Reason reason) {
  switch (reason) {
    case v1::REASON_RECORD_LOCKED:
      return "the record is locked or frozen";
    case v1::REASON_RECORD_SIGNED:
      return "the record was signed without its author's knowledge";
    case v1::REASON_RECORD_VOIDED:
      return "the record is void";
    case v1::REASON_VERSION_UNKNOWN:
      return "the study version it was made under is not known at the centre yet";
    case v1::REASON_CHANGE_AWAITED:
      return "a change that it names has not arrived, or waits itself";
    case v1::REASON_CONTENT_DIFFERS:
      return "something else stood when it arrived";
    case v1::REASON_NOT_SEEN:
      return "its author had not seen what it would end";
    case v1::REASON_VERSION_INACTIVE:
      return "the study version it was made under is not active for the site";
    case v1::REASON_VALUE_INVALID:
      return "a value is not valid under its study version";
    case v1::REASON_RECORD_INVALID:
      return "its study version has no such record";
    case v1::REASON_CHANGE_INVALID:
      return "it is malformed";
    case v1::REASON_CHANGE_REFUSED:
      return "a change that it names was refused";
    case v1::REASON_REQUEST_REUSED:
      return "its request id was used for something else before";
    case v1::REASON_NOT_PERMITTED:
      return "its side may not do this";
    case v1::REASON_DISMISSED:
      return "a person dismissed it";
    default:
      return "";
  }
}

}  // namespace trialsync::sync
