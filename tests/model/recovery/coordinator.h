// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_COORDINATOR_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_COORDINATOR_H_

#include "tests/model/recovery/log.h"
#include "tests/model/recovery/site.h"

namespace trialsync::model::recovery {

// What the coordinator makes of a Hello.
enum class Meeting {
  kPrefix,    // its log is a beginning of the coordinator's
  kRewind,    // it is on a branch that was taken off
  kHandOver,  // it has commits that the coordinator does not know
  kRefused,   // no checkpoint of ours covers what it claims
  kStopped,   // two checkpoints of one epoch contradict each other
};

// The store of a coordinator, for one partition. A value: an image of it is a copy.
struct Coordinator {
  Coordinator(const Rules& broken, int first_epoch)
      : rules(&broken), log(broken), epoch(first_epoch) {}

  // Meets a replica whose log is `theirs`. `covered`: our signature is under its end.
  Meeting Hello(const Log& theirs, bool covered);

  // Takes over what `theirs` has and this log has not. `count`: of what simply follows this log, at
  // most so many commits.
  Meeting HandOver(const Log& theirs, int count, Entropy& entropy);

  Welcome WelcomeFor(int chain) const;

  // Commits a batch. False if it does not fit the chain.
  bool OnBatch(const Batch& batch);

  // A change of the centre's own replica.
  Change Act(Change change, Entropy& entropy);

  // Starts as a restored one.
  void OnRestored(Entropy& entropy);

  const Rules* rules;
  Log log;
  int epoch;             // of the next commit
  Stamp own_next{0, 1};  // chain 0: a new incarnation is to be drawn
  Id own_last = 0;       // the last change of the centre's own replica
  bool stopped = false;

 private:
  Meeting OnContradiction();
  void Append(const Change& change, Stamp stamp, Stamp behind);
  void Record(Branches record);
  bool TheirsIsKept(const Log& theirs, int fork) const;
  Branches RecordOf(const Log& loser, int fork) const;
  void CommitAgain(const Log& loser, int fork, Entropy& entropy);
};

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_COORDINATOR_H_
