// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/check.h"
#include "sync/present.h"
#include "sync/present_recovery.h"
#include "tests/transcripts/describe.h"
#include "tests/transcripts/runner.h"

namespace trialsync::transcripts {

std::string Runner::Show(const std::string& what, Words& words) {
  if (what == "log") {
    epochs_shown_.clear();
    return "";
  }
  const std::string name = words.Take();
  world::Node* const node = stage_->Find(name);
  if (node == nullptr || !node->up()) words.Die("there is no " + name + ", or it is down");
  if (what == "record" || what == "history") {
    if (what == "record") return ShowRecord(*node, words);
    world::NodeView view(*node, Stage::partition());
    v1::GetRecordHistoryRequest request;
    request.set_name(words.Take());
    request.set_include_site_only(words.TakeIf("with private values"));
    if (!words.empty()) request.set_item(words.Take());
    const auto history = sync::PresentHistory(view.view(), Stage::partition(), request);
    return history.ok() ? DescribeHistory(*history) : StatusText(history.status());
  }
  if (what == "worklist") return ShowWorklist(*node, words);
  if (what == "subjects") return ShowSubjects(*node);
  if (what == "recoveries") return ShowRecoveries(*node);
  return ShowStatus(*node);
}

std::string Runner::ShowRecord(world::Node& node, Words& words) {
  world::NodeView view(node, Stage::partition());
  const auto name = ParseRecordName(words.Take(), Stage::partition());
  if (!name.ok()) return StatusText(name.status());
  uint32_t version = 0;
  if (words.TakeIf("under")) {
    if (!absl::SimpleAtoi(words.Take().substr(1), &version)) words.Die("a version is written v1");
  }
  const bool with_private = words.TakeIf("with private values");
  const auto key = sync::ResolveRecord(view.view(), *name);
  if (!key.ok()) return StatusText(key.status());
  const auto record =
      sync::PresentRecord(view.view(), Stage::partition(), *key, version, with_private);
  return record.ok() ? DescribeRecord(*record) : StatusText(record.status());
}

std::string Runner::ShowWorklist(world::Node& node, Words& words) {
  world::NodeView view(node, Stage::partition());
  v1::ListDiscrepanciesRequest request;
  request.set_include_closed(words.TakeIf("with closed"));
  const auto list = sync::ListDiscrepancies(view.view(), Stage::partition(), request);
  if (!list.ok()) return StatusText(list.status());
  std::vector<std::string> lines;
  for (const v1::Discrepancy& discrepancy : list->discrepancies()) {
    lines.push_back(DescribeDiscrepancy(discrepancy));
  }
  return lines.empty() ? "nothing waits" : absl::StrJoin(lines, "\n");
}

std::string Runner::ShowSubjects(world::Node& node) {
  world::NodeView view(node, Stage::partition());
  const auto list = sync::ListSubjects(view.view(), Stage::partition(), {});
  if (!list.ok()) return StatusText(list.status());
  std::vector<std::string> lines;
  for (const v1::Subject& subject : list->subjects()) {
    lines.push_back(absl::StrCat(
        subject.name(), " born as ", subject.birth(), subject.pending() ? " (unsent)" : "",
        subject.same_as().empty() ? "" : " (the same as " + subject.same_as() + ")", ", ",
        subject.record_count(), " records"));
  }
  return absl::StrJoin(lines, "\n");
}

std::string Runner::ShowStatus(world::Node& node) {
  const uint64_t commits =
      node.site() == nullptr ? LogPositionAt(node, Stage::partition(), std::nullopt).size() : [&] {
        storage::Transaction transaction(node.store().NewSnapshot());
        return storage::PartitionTables(&transaction, node.site()->partition()).Head().size();
      }();
  std::string text = absl::StrCat(commits, " commits");
  if (node.site() == nullptr) return text;
  absl::StrAppend(&text, ", ", node.site()->outbox_count(), " unsent");
  if (const auto& refusal = node.site()->status().refusal) {
    absl::StrAppend(&text, "\nrefused ",
                    v1::RefusalReason_Name(refusal->reason()).substr(strlen("REFUSAL_REASON_")),
                    ": ", refusal->message(),
                    refusal->mend().empty() ? "" : "\nmend: " + refusal->mend());
  }
  return text;
}

std::string Runner::ShowRecoveries(world::Node& node) {
  const auto list = sync::ListRecoveries(node.store().NewSnapshot());
  TS_CHECK(list.ok());
  std::vector<std::string> lines;
  for (const v1::Recovery& recovery : list->recoveries()) {
    std::string line = v1::RecoveryCause_Name(recovery.cause()).substr(strlen("RECOVERY_CAUSE_"));
    if (!recovery.has_ended_time()) line += ", open";
    const auto add = [&](const char* what, const auto& changes) {
      if (!changes.empty()) absl::StrAppend(&line, ", ", what, " ", absl::StrJoin(changes, " "));
    };
    if (recovery.last_pulled() != 0) {
      absl::StrAppend(&line, ", pulled ", recovery.first_pulled(), " to ", recovery.last_pulled());
    }
    add("with its", recovery.pulled_back_changes());
    add("brought back", recovery.refilled_changes());
    add("committed again", recovery.committed_again_changes());
    add("contradicted", recovery.contradicted_changes());
    if (!recovery.awaited_replicas().empty()) {
      absl::StrAppend(&line, ", replicas not heard from: ", recovery.awaited_replicas_size());
    }
    add("of these taken for unsent", recovery.recognised_changes());
    add("stamped again", recovery.stamped_again_changes());
    if (recovery.lost_last_seq() != 0) {
      absl::StrAppend(&line, ", LOST ", recovery.lost_first_seq(), " to ",
                      recovery.lost_last_seq());
    }
    add("LOST what stays at the hospital of", recovery.lost_site_only_changes());
    lines.push_back(std::move(line));
  }
  return lines.empty() ? "none" : stage_->Tidy(absl::StrJoin(lines, "\n"));
}

std::string Runner::EtagOf(world::Node& node, const std::string& record) {
  world::NodeView view(node, Stage::partition());
  const auto name = ParseRecordName(record, Stage::partition());
  if (!name.ok()) return "";
  const auto key = sync::ResolveRecord(view.view(), *name);
  if (!key.ok()) return "";
  const auto shown = sync::PresentRecord(view.view(), Stage::partition(), *key, 0, false);
  return shown.ok() ? shown->etag() : "";
}

}  // namespace trialsync::transcripts
