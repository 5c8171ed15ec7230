// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_RECOVERY_SITE_H_
#define TRIALSYNC_TESTS_MODEL_RECOVERY_SITE_H_

#include <optional>
#include <set>
#include <vector>

#include "tests/model/recovery/log.h"

namespace trialsync::model::recovery {

// Random numbers, never the same twice.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual int Incarnation() = 0;
  virtual int Epoch() = 0;
};

// Consecutive changes of one replica. `before` stands for the chain's hash before the first of
// them: it says what the whole chain is up to there, whatever its places are called.
struct Batch {
  Stamp first;
  Stamp behind;  // where first.seq is 1
  Id before = 0;
  std::vector<Change> changes;
};

// The coordinator's answer to a Hello whose log is a prefix of its own: its head, and the end of
// the incarnation that the Hello named. `chain_head` stands for the chain's hash there.
struct Welcome {
  int head = 0;
  int chain_end = 0;
  Id chain_head = 0;
};

// The store of a site replica, with what its process knows of the session. A value: an image of
// it is a copy.
struct Site {
  Site(const Rules& broken, int name, int incarnation)
      : rules(&broken), replica(name), chain(incarnation), log(broken) {}

  // Saves a change: base, and the end of the chain.
  Change Author(Change change);

  void OnWelcome(const Welcome& welcome, Entropy& entropy);
  // The next of what was not sent in this session, at most `count`; nothing while in doubt.
  std::optional<Batch> Send(int count);
  // A batch did not fit; the coordinator's log has `head` commits.
  void OnMisfit(int head, Entropy& entropy);
  // Commits that follow the log.
  void OnFrame(const std::vector<Commit>& commits, Entropy& entropy);
  // Another log in the place of this one, whole: a Rewind and what follows it. False, and nothing
  // done, if it does not name what it takes off: every commit, as it stands here.
  bool OnRewind(const Log& other);
  // The session ended.
  void OnCut();

  // It becomes a replica of its own.
  void Become(int name, Entropy& entropy);

  const Rules* rules;
  // Durable.
  int replica;
  int chain;          // the incarnation of what is in the outbox
  int first_seq = 1;  // of the outbox's first change
  Stamp behind;       // where first_seq is 1: the place of `before`
  Id before = 0;      // the change before the outbox's first one
  std::vector<Change> outbox;
  Log log;
  bool restored = false;  // the marker says so, and the coordinator was not asked yet
  bool doubt = false;     // its place on the chain may not be its own
  // Of the session.
  int sent = 0;     // of the outbox
  int pull_to = 0;  // in doubt: the commits to have before the outbox is stamped again

 private:
  void Drop();
  void Doubt(int head, Entropy& entropy);
  void StampAgain(Entropy& entropy);
};

}  // namespace trialsync::model::recovery

#endif  // TRIALSYNC_TESTS_MODEL_RECOVERY_SITE_H_
