// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_TRUTH_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_TRUTH_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/recovery/log.h"

// The ground truth: who had what in front of him, and who has what, as explicit sets. It asks
// neither a base nor a stamp, and knows no branch.
namespace trialsync::model::recovery {

// What a store was given: it goes back with the store, and is copied with it.
struct Given {
  Ids made;                               // here, by its people
  Ids kept;                               // here or by others: it must not let go of them
  std::set<std::pair<Id, Outcome>> told;  // outcomes that its people were shown
};

class Truth {
 public:
  // The first sentence that does not hold; empty if all do.
  const std::string& failure() const { return failure_; }
  void Require(bool holds, const std::string& sentence, Id id);

  // Somebody at a store with `given` and `log` makes `change`.
  void Authored(const Change& change, Given& given, const Log& log);

  // The coordinator signs its log up to `number`. I21.
  void Signed(int epoch, const Log& log, int number);
  // Whether a signature is under the whole of `log`.
  bool Covers(const Log& log) const;

  // The coordinator's log has commits that it had not. I6, I7, I23; and each author had seen what
  // he had seen.
  void Committed(const Log& log);
  // A store took commits over. I2: with `complete` it has all that it ever had.
  void Keeps(Given& given, const Log& log, const std::vector<Change>& outbox, bool complete);
  // A log was handed over to the coordinator. I24.
  void HandedOver(const Log& before, const Log& theirs, const Log& after);
  void CentreWentBack(bool marked) { marked_always_ &= marked; }
  // The coordinator stopped the partition. I21.
  void Stopped();

  // Everything is delivered. I1, I9, I24.
  void QuietAt(const Given& given, const Log& log, const std::vector<Change>& outbox,
               const Log& centre);
  // I10, I24: `logs` are those that there were before.
  void Quiet(const std::vector<Log>& logs, const Given& given, const Log& centre);

 private:
  struct Authorship {
    Ids made;   // before, in the same store
    Ids shown;  // commits in effect there
  };

  void CheckSeen(const Log& log, Id id);
  void CheckTold(const Given& given, const Log& centre);

  std::map<Id, Authorship> authored_;
  std::map<std::pair<int, int>, std::uint64_t> signed_;  // by epoch and size
  std::set<std::uint64_t> roots_;
  bool marked_always_ = true;
  int checked_ = 0;
  std::uint64_t checked_root_ = 0;
  std::string failure_;
};

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_TRUTH_H_
