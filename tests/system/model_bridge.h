// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_MODEL_BRIDGE_H_
#define TRIALSYNC_TESTS_SYSTEM_MODEL_BRIDGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/partition_state.h"
#include "sync/receipt.h"
#include "sync/stored_change.h"
#include "tests/model/partition.h"

// From the product to the reference model: one partition's commits, one by one, translated into the
// model's vocabulary, and what became of them compared with what the model says.
//
// What the model does not have takes a place in its log, so that commit numbers agree, and has no
// effect there: queries and enrolments, requests that were made already (recognised here, from the
// log alone), and the dismissal of a change that is refused already. Several spellings of one value are
// not used by this test.
namespace trialsync::system_test {

// Digests that acts cover, as the text that the model uses. A digest is that of some state seen
// before at some replica; one that was never learnt matches nothing.
class DigestBook {
 public:
  void Learn(const v1::RecordState& record);
  std::string TextOf(const std::string& covers) const;

 private:
  std::map<std::string, std::string> texts_;
};

// What a comparison found: empty if nothing differs.
using Difference = std::string;

// A plain value: a copy goes its own way.
class ModelBridge {
 public:
  explicit ModelBridge(const DigestBook* digests);

  // Takes the next commit, or the next change of an outbox, and compares its outcomes and what it
  // admitted with the model's. `admissions` is null where they are not known.
  Difference Commit(const sync::StoredChange& change, const sync::Verdict& verdict,
                    const std::vector<sync::Admission>* admissions);

  // Compares what stands in a record: values, versions, writers, decisions, marks in force.
  Difference CompareRecord(const v1::RecordState& record) const;
  // Compares disputes, proposals, and what is held and refused, with their states.
  Difference CompareDiscrepancies(sync::PartitionState& state) const;
  // Compares births, the rank of each among those of its label, and which labels clash. What was
  // said to be the same is left out: the product shows it as a part of another.
  Difference CompareBirths(sync::PartitionState& state) const;

  int64_t size() const { return partition_.Head().number; }
  // The records that were touched since they were last taken.
  std::vector<v1::RecordKey> TakeTouched();
  // What a decision, edit or other change stands for in the model, to be shown to a person.
  std::string Describe(const ChangeId& id) const;

 private:
  model::Change Translate(const sync::StoredChange& stored) const;
  model::Body BodyOf(const v1::Change& change) const;
  bool IsFiller(const sync::StoredChange& stored, Difference& difference,
                const sync::Verdict& verdict);
  void NoteRefusals(const sync::StoredChange& stored, const sync::Verdict& verdict,
                    const model::CommitResult& result);
  Difference CompareJudgement(const model::Judgement& judgement,
                              const sync::Verdict& verdict) const;

  const DigestBook* digests_;
  model::Partition partition_;
  // Not in the model.
  std::set<model::ChangeId> fillers_;
  std::map<std::pair<std::string, std::string>, std::pair<ChangeId, v1::Change>> requests_;
  std::map<uint64_t, ChangeId> ids_;
  // The label of a birth in the model begins with where it was born.
  std::map<model::ChangeId, std::string> label_prefixes_;
  // Refused and neither offered again nor dismissed.
  std::set<model::ChangeId> refused_open_;
  std::set<model::ChangeId> said_same_;
  std::map<std::string, v1::RecordKey> touched_;
  std::map<model::ChangeId, v1::RecordKey> records_;
};

// Text under which the model knows a record.
std::string ModelRecord(const v1::RecordKey& key);

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_MODEL_BRIDGE_H_
