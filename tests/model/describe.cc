// SPDX-License-Identifier: Apache-2.0
#include "tests/model/describe.h"

#include <map>
#include <string>
#include <variant>

namespace trialsync::model {
namespace {

std::string Values(const std::map<Item, Value>& values) {
  std::string text;
  for (const auto& [item, value] : values) text += " " + std::to_string(item) + "=" + value;
  return text;
}

std::string VersionText(const Version& version) {
  return std::to_string(version.number) + version.hash;
}

std::string BodyText(const Change& change, const Edit& edit) {
  return "edits " + change.record + ":" + Values(edit.writes);
}

std::string BodyText(const Change& change, const Decision& decision) {
  std::string text = "decides " + change.record + ":" + Values(decision.writes) + " closing";
  for (const DiscrepancyId& id : decision.closes) {
    text += " (" + id.challenger + "," + std::to_string(id.item) + ")";
  }
  return text;
}

std::string BodyText(const Change& change, const Act& act) {
  return Describe(act.kind) + " " + change.record + " covering \"" + act.digest + "\"";
}

std::string BodyText(const Change&, const Settlement& settlement) {
  return (settlement.admit ? "admits " : "dismisses ") + settlement.held;
}

std::string BodyText(const Change&, const Birth& birth) {
  static const char* const kNames[] = {"subject", "event", "form"};
  const std::string under = birth.parent.empty() ? "" : " under " + birth.parent;
  return std::string("creates ") + kNames[static_cast<int>(birth.kind)] + " " + birth.label + under;
}

std::string BodyText(const Change&, const Rename& rename) {
  return "renames " + rename.birth + " to " + rename.label;
}

std::string BodyText(const Change&, const Same& same) {
  return "says that " + same.first + " and " + same.second + " are the same";
}

std::string BodyText(const Change&, const Publish& body) {
  return "publishes " + VersionText(body.version);
}
std::string BodyText(const Change&, const Activate& body) {
  return "activates " + VersionText(body.version);
}
std::string BodyText(const Change&, const Retire& body) {
  return "retires " + VersionText(body.version);
}

template <typename List>
std::string Join(const List& list) {
  std::string text;
  for (const auto& element : list) text += (text.empty() ? "" : ",") + element;
  return text;
}

std::string Text(const Cell& cell) {
  std::string text;
  for (const auto& [item, standing] : cell.content) {
    text +=
        std::to_string(item) + "=" + standing.value + "@" + std::to_string(standing.number) + " ";
  }
  return text + "by " + Join(cell.writers) + (cell.decided ? " decided" : "");
}

std::string Text(const Discrepancy& discrepancy) {
  static const char* const kNames[] = {"dispute", "proposal", "settled by rule"};
  return std::string(kNames[static_cast<int>(discrepancy.kind)]) + " (" +
         discrepancy.id.challenger + "," + std::to_string(discrepancy.id.item) + ") against " +
         Join(discrepancy.against) + (discrepancy.open ? " open" : " closed");
}

}  // namespace

std::string Describe(Outcome outcome) {
  static const char* const kNames[] = {"applied",   "agreed", "proposed", "disputed",
                                       "overtaken", "held",   "refused"};
  return kNames[static_cast<int>(outcome)];
}

std::string Describe(ActKind kind) {
  static const char* const kNames[] = {"complete", "verify", "sign", "freeze",
                                       "lock",     "unlock", "void", "reinstate"};
  return kNames[static_cast<int>(kind)];
}

std::string Describe(const Judgement& judgement) {
  std::string text = judgement.id;
  for (const auto& [item, outcome] : judgement.outcomes) {
    if (item != kWhole) text += " " + std::to_string(item);
    text += " " + Describe(outcome);
  }
  return judgement.reason.empty() ? text : text + " (" + judgement.reason + ")";
}

std::string Describe(const CommitResult& result) {
  std::string text = "commit " + std::to_string(result.position.number) + ":";
  for (const Judgement& judgement : result.judged) text += " " + Describe(judgement) + ";";
  return text;
}

std::string Describe(const Change& change) {
  std::string text = change.id + " (" + change.chain.replica + ":" + std::to_string(change.seq) +
                     ", base " + std::to_string(change.base.number) + ", version " +
                     VersionText(change.version) + ") ";
  text += std::visit([&](const auto& body) { return BodyText(change, body); }, change.body);
  return change.names.empty() ? text : text + " naming " + Join(change.names);
}

std::string Partition::StateText() const {
  std::string text = "head " + std::to_string(Head().number) + "\n";
  for (const LogEntry& entry : log_) {
    text += std::to_string(entry.position.number) + " " + Describe(entry.judgement) + " effect " +
            std::to_string(entry.effect.number) + "\n";
  }
  for (const auto& [name, record] : records_) {
    for (const auto& [root, cell] : record.cells) {
      if (!cell.content.empty())
        text += name + " " + std::to_string(root) + ": " + Text(cell) + "\n";
    }
    for (const Mark& mark : record.marks) {
      text += name + " " + Describe(mark.kind) + " by " + mark.by +
              (mark.ended_by.empty() ? "" : " ended by " + mark.ended_by) + "\n";
    }
  }
  for (const Discrepancy& discrepancy : discrepancies_) text += Text(discrepancy) + "\n";
  for (const LogEntry* thing : Things()) text += *ShownLabel(thing->change.id) + "\n";
  for (const LabelClash& clash : LabelClashes()) text += clash.earlier + " ~ " + clash.later + "\n";
  return text;
}

}  // namespace trialsync::model
