// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "study/checks.h"
#include "sync/record.h"
#include "tests/transcripts/describe.h"
#include "tests/transcripts/request_words.h"
#include "tests/transcripts/runner.h"

namespace trialsync::transcripts {
namespace {

const std::map<std::string, v1::RecordActKind>& ActVerbs() {
  static const auto* const verbs = new std::map<std::string, v1::RecordActKind>{
      {"completes", v1::RECORD_ACT_KIND_COMPLETE}, {"verifies", v1::RECORD_ACT_KIND_VERIFY},
      {"signs", v1::RECORD_ACT_KIND_SIGN},         {"freezes", v1::RECORD_ACT_KIND_FREEZE},
      {"locks", v1::RECORD_ACT_KIND_LOCK},         {"unlocks", v1::RECORD_ACT_KIND_UNLOCK},
      {"voids", v1::RECORD_ACT_KIND_VOID},         {"reinstates", v1::RECORD_ACT_KIND_REINSTATE}};
  return *verbs;
}

}  // namespace

std::string Runner::FullName(world::Node& node, const std::string& name) {
  if (node.site() != nullptr) return name;
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  std::string full = absl::StrCat(Stage::partition().ToString(), "/subjects/", parts[0]);
  if (parts.size() > 1) absl::StrAppend(&full, "/events/", parts[1]);
  if (parts.size() > 2) absl::StrAppend(&full, "/forms/", parts[2]);
  return full;
}

std::string Runner::DoClient(world::Node& node, const std::string& verb, Words& words,
                             const std::vector<std::string>& block) {
  if (verb == "reads") {
    const std::string record = words.Take();
    stage_->etags_read[{node.name(), record}] = EtagOf(node, record);
    return "";
  }
  if (verb == "edits" || verb == "proposes") return Write(node, words);
  if (verb == "writes") return WriteTogether(node, words, block);
  if (const auto act = ActVerbs().find(verb); act != ActVerbs().end()) {
    return Act(node, act->second, words);
  }
  if (verb == "settles") return Settle(node, words);
  if (verb == "asks" || verb == "answers" || verb == "closes") return Query(node, verb, words);
  if (verb == "creates" || verb == "renames" || verb == "says") return Subject(node, verb, words);
  if (verb == "publishes" || verb == "activates" || verb == "retires") {
    if (node.site() == nullptr) return Version(verb, words);
    v1::ActivateStudyVersionRequest request;
    request.set_name("studies/trial/versions/1");
    words.Take();
    return RefusalOf(node.Do(request));
  }
  words.Die("no verb: " + verb);
}

std::string Runner::RefusalOf(const sync::Answer& answer) {
  return RefusalOf(answer.status, answer.conflict);
}

std::string Runner::RefusalOf(const absl::Status& status,
                              const std::optional<v1::WriteConflict>& conflict) {
  std::string text = StatusText(status);
  if (!conflict) return text;
  for (const v1::ItemConflict& item : conflict->items()) {
    absl::StrAppend(&text, "\n  ", item.item(), ": ", item.standing(), " stands, by ",
                    item.author(), item.offered().empty() ? "" : "; offered ", item.offered());
  }
  return text;
}

std::string Runner::Act(world::Node& node, v1::RecordActKind kind, Words& words) {
  v1::ActOnRecordRequest request;
  const std::string record = words.Take();
  request.set_name(FullName(node, record));
  request.set_kind(kind);
  request.set_author(node.name());
  request.set_reason("done");
  while (!words.empty()) {
    if (words.TakeIf("as read")) {
      request.set_etag(stage_->etags_read[{node.name(), record}]);
    } else if (!TakeCommon(words, request) && !TakeReason(words, request)) {
      words.Die("no option of an act");
    }
  }
  const sync::Answer answer = node.Do(request);
  if (!answer.status.ok()) return RefusalOf(answer);
  const auto& response = std::get<v1::ActOnRecordResponse>(answer.result);
  const std::string saved = SavedAs(node, response.change());
  return saved.empty() ? "" : absl::StrCat(saved, "\n  ", OutcomeWord(response.outcome()));
}

// `dispute A2:2 alt`, `held A1:4`, `query A1:5`, `query A1:5 order`: the id of it.
std::string Runner::DiscrepancyNamed(Words& words) {
  static const auto* const kKinds = new std::map<std::string, v1::DiscrepancyKind>{
      {"dispute", v1::DISCREPANCY_KIND_DISPUTE},      {"proposal", v1::DISCREPANCY_KIND_PROPOSAL},
      {"query", v1::DISCREPANCY_KIND_QUERY},          {"held", v1::DISCREPANCY_KIND_HELD},
      {"refused", v1::DISCREPANCY_KIND_REFUSED},      {"label", v1::DISCREPANCY_KIND_LABEL},
      {"prediction", v1::DISCREPANCY_KIND_PREDICTION},
      {"contradicted", v1::DISCREPANCY_KIND_CONTRADICTED}};
  const auto kind = kKinds->find(words.Take());
  if (kind == kKinds->end()) words.Die("no kind of discrepancy");
  storage::DiscrepancyId id{stage_->ChangeNamed(words.Take()), kind->second, 0};
  const auto definition = Stage::DefinitionOf(1);
  const v1::FormDefinition& form = *definition->FindForm("LAB");
  if (words.TakeIf("label")) id.part = sync::kLabelItem;
  for (const v1::Check& check : form.checks()) {
    if (words.TakeIf(check.name())) id.part = check.id();
  }
  for (const v1::ItemDefinition& item : form.items()) {
    if (!words.TakeIf(item.name())) continue;
    id.part =
        kind->second == v1::DISCREPANCY_KIND_QUERY ? study::HardRangeCheckId(item.id()) : item.id();
  }
  return id.ToString();
}

std::string Runner::Settle(world::Node& node, Words& words) {
  v1::SettleDiscrepancyRequest request;
  const std::string id = DiscrepancyNamed(words);
  request.set_name(node.site() != nullptr
                       ? id
                       : absl::StrCat(Stage::partition().ToString(), "/discrepancies/", id));
  request.set_author(node.name());
  request.set_reason("checked the source");
  while (!words.empty()) {
    if (words.TakeIf("keep")) {
      request.set_keep(true);
    } else if (words.TakeIf("take the other")) {
      request.set_take("");
    } else if (words.TakeIf("take")) {
      request.set_take(stage_->ChangeNamed(words.Take()).hex());
    } else if (words.TakeIf("value")) {
      request.set_value(words.Take());
    } else if (words.TakeIf("accept")) {
      request.set_accept(true);
    } else if (words.TakeIf("decline")) {
      request.set_decline(true);
    } else if (!TakeCommon(words, request) && !TakeReason(words, request)) {
      words.Die("no option of a settlement");
    }
  }
  const sync::Answer answer = node.Do(request);
  if (!answer.status.ok()) return RefusalOf(answer);
  const auto& response = std::get<v1::SettleDiscrepancyResponse>(answer.result);
  const std::string saved = SavedAs(node, response.change());
  if (saved.empty()) return node.site() == nullptr ? "" : "noted";
  return absl::StrCat(saved, "\n  ", OutcomeWord(response.outcome()));
}

std::string Runner::Query(world::Node& node, const std::string& verb, Words& words) {
  const auto finish = [&](auto request) {
    request.set_author(node.name());
    while (!words.empty()) {
      if (!TakeCommon(words, request)) words.Die("no option of a query");
    }
    const sync::Answer answer = node.Do(request);
    if (!answer.status.ok()) return RefusalOf(answer);
    const auto& query = std::get<v1::Discrepancy>(answer.result);
    return absl::StrCat("query of ", query.change(), " is ",
                        query.state() == v1::DISCREPANCY_STATE_OPEN       ? "open"
                        : query.state() == v1::DISCREPANCY_STATE_ANSWERED ? "answered"
                                                                          : "closed");
  };
  if (verb == "asks") {
    v1::OpenQueryRequest request;
    request.set_record(FullName(node, words.Take()));
    request.set_item(words.Take());
    request.set_text(Expand(words.Take()));
    return finish(request);
  }
  std::string id = DiscrepancyNamed(words);
  if (node.site() == nullptr) {
    id = absl::StrCat(Stage::partition().ToString(), "/discrepancies/", id);
  }
  if (verb == "answers") {
    v1::AnswerQueryRequest request;
    request.set_name(id);
    request.set_text(Expand(words.Take()));
    return finish(request);
  }
  v1::CloseQueryRequest request;
  request.set_name(id);
  request.set_text(Expand(words.Take()));
  return finish(request);
}

std::string Runner::Subject(world::Node& node, const std::string& verb, Words& words) {
  sync::Answer answer;
  const auto finish = [&](auto request) {
    request.set_author(node.name());
    request.set_reason("entry");
    while (!words.empty()) {
      if (!TakeCommon(words, request) && !TakeReason(words, request)) {
        words.Die("no option of a subject");
      }
    }
    answer = node.Do(request);
  };
  const std::string name = words.Take();
  if (verb == "creates") {
    v1::CreateSubjectRequest request;
    request.set_parent(Stage::partition().ToString());
    request.set_code(name);
    finish(request);
  } else if (verb == "renames") {
    v1::RenameSubjectRequest request;
    request.set_name(FullName(node, name));
    words.Expect("to");
    request.set_new_code(words.Take());
    finish(request);
  } else {
    // "A1 says P-01?2 is P-01": the first named is shown as a part of the second.
    v1::MergeSubjectsRequest request;
    request.set_other(FullName(node, name));
    words.Expect("is");
    request.set_name(FullName(node, words.Take()));
    finish(request);
  }
  if (!answer.status.ok()) return RefusalOf(answer);
  const auto& subject = std::get<v1::Subject>(answer.result);
  return node.site() == nullptr ? "" : absl::StrCat("saved, shown as ", subject.name());
}

std::string Runner::Version(const std::string& verb, Words& words) {
  world::Node& centre = stage_->world().coordinator();
  const uint32_t number = VersionNumber(words);
  sync::Answer answer;
  if (verb == "publishes") {
    v1::PublishStudyVersionRequest request;
    request.set_yaml(Stage::DefinitionYaml(number));
    request.set_file_name(absl::StrCat("study_v", number, ".yaml"));
    request.set_author("centre");
    if (words.TakeIf("with another title")) {
      request.set_yaml(absl::StrCat(request.yaml(), "\n"));
      const size_t title = request.yaml().find("A small trial");
      request.mutable_yaml()->replace(title, strlen("A small trial"), "Another trial");
    }
    answer = centre.Do(request);
  } else if (verb == "activates") {
    v1::ActivateStudyVersionRequest request;
    request.set_name(absl::StrCat("studies/trial/versions/", number));
    request.set_site(words.TakeIf("at") ? words.Take() : Stage::partition().site);
    if (words.TakeIf("approved")) request.set_approval_date(words.Take());
    if (words.TakeIf("by")) request.set_approval_reference(words.Take());
    request.set_author("centre");
    answer = centre.Do(request);
  } else {
    v1::RetireStudyVersionRequest request;
    request.set_name(absl::StrCat("studies/trial/versions/", number));
    request.set_site(Stage::partition().site);
    request.set_author("centre");
    answer = centre.Do(request);
  }
  return StatusText(answer.status);
}

}  // namespace trialsync::transcripts
