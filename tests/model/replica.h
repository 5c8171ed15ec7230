// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_MODEL_REPLICA_H_
#define TRIALSYNC_TESTS_MODEL_REPLICA_H_

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/partition.h"
#include "tests/model/truth.h"

namespace trialsync::model {

// What the form of one item names when it is read (§1): who wrote the value, what marks are in
// force on the record, and what this replica's own people have pending there: values that do not
// stand, and acts that are held. Without the last, what a colleague did meanwhile counts as seen by
// the own chain as soon as it takes effect, although the form had not shown it.
struct Etag {
  std::vector<ChangeId> writers;
  std::vector<ChangeId> marks;
  std::vector<ChangeId> pending;
  std::string text;  // only for the mutation that compares texts
};

// A form that somebody has open: the item he is going to write, and what he has in front of him.
struct OpenForm {
  std::string record;
  Item item = 0;
  Version version;
  Etag etag;
  Knowledge knowledge;
};

// One replica: what it has confirmed, its outbox, and its view (confirmed with the outbox replayed
// on top by the same merge). `Knowledge` is kept beside it as explicit sets, never used by the
// rules.
class Replica {
 public:
  Replica(std::string name, Side side, const Study& study, const Rules& rules);

  const std::string& name() const { return name_; }
  Side side() const { return side_; }
  const Partition& view() const { return view_; }
  Position base() const { return confirmed_.Head(); }
  bool HasUnsent() const { return sent_ < outbox_.size(); }

  // What somebody who looks at this replica now has in front of him.
  const Knowledge& knowledge() const { return knowledge_; }

  // The etag of `item` in the view.
  Etag EtagOf(const std::string& record, Item item) const;

  // Whether the item still reads as it did when `form` was opened; otherwise the save is answered
  // ABORTED.
  bool StillStands(const OpenForm& form) const;

  // Whether the replica refuses to write to the record because the author can see that it is locked
  // or voided.
  bool RefusesWrites(const std::string& record) const;

  // Completes `change` with chain, seq, base and side, and puts it into the outbox.
  Change Author(Change change);

  // The next change to deliver, in chain order. Requires HasUnsent().
  const Change& Send() { return outbox_[sent_++]; }

  // Receives one commit, the next of the log. The view is as before until Rebase().
  void Receive(const Change& committed, const CommitResult& result);

  // Replays the outbox on what is confirmed now.
  void Rebase();

  std::optional<OpenForm> form;

 private:
  std::string name_;
  Side side_;
  Study study_;
  Rules rules_;
  Partition confirmed_;
  Partition view_;
  std::deque<Change> outbox_;
  std::size_t sent_ = 0;
  std::int64_t next_seq_ = 1;
  Knowledge knowledge_;
};

}  // namespace trialsync::model

#endif  // TRIALSYNC_TESTS_MODEL_REPLICA_H_
