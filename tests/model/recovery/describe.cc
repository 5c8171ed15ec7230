// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/describe.h"

namespace trialsync::model::recovery {
namespace {

std::string Listed(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& change : changes) text += std::to_string(change.id) + " ";
  return text;
}

std::string Describe(Outcome outcome) {
  static const char* const kMarks[] = {"", "!", "<", "?"};  // applied needs no mark
  return kMarks[static_cast<int>(outcome)];
}

}  // namespace

std::string Describe(Position position) {
  return std::to_string(position.epoch) + ":" + std::to_string(position.number);
}

std::string Describe(Stamp stamp) {
  return "c" + std::to_string(stamp.chain) + "/" + std::to_string(stamp.seq);
}

std::string Describe(const Change& change) {
  std::string text = std::to_string(change.id) + " (base " + Describe(change.base) + ", item " +
                     std::to_string(change.item);
  if (change.needs != 0) text += ", needs " + std::to_string(change.needs);
  return text + ")";
}

std::string Describe(const Batch& batch) {
  std::string text = Listed(batch.changes) + "as " + Describe(batch.first);
  if (batch.first.seq == 1) text += " behind " + Describe(batch.behind);
  return text + " after " + std::to_string(batch.before);
}

std::string Describe(const Site& site) {
  return "log " + Describe(site.log.Head()) + ", outbox " + Listed(site.outbox) + "as " +
         Describe(Stamp{site.chain, site.first_seq}) + " after " + std::to_string(site.before);
}

std::string Describe(const Log& log) {
  std::string text;
  int epoch = 0;
  for (int i = 1; i <= log.Size(); ++i) {
    const Commit& commit = log.At(i);
    if (commit.at.epoch != epoch) text += "| " + Describe(commit.at) + " ";
    epoch = commit.at.epoch;
    if (commit.record != nullptr) {
      text += "record(";
      for (const Taken& taken : commit.record->commits) {
        text += std::to_string(taken.id) + "@" + Describe(taken.at) + " ";
      }
      text += ") ";
    } else {
      text += std::to_string(commit.change.id) + Describe(log.OutcomeOf(commit.change.id)) + "=" +
              Describe(commit.stamp) + " ";
    }
  }
  return text;
}

}  // namespace trialsync::model::recovery
