// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_BOARD_H_
#define TRIALSYNC_DAEMON_BOARD_H_

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "absl/base/thread_annotations.h"
#include "daemon/mutex.h"
#include "study/definition.h"
#include "sync/coordinator.h"
#include "sync/machine.h"
#include "sync/site.h"

namespace trialsync::daemon {

// What readers may know of a machine without asking it. Immutable once it is on the board.
struct Notice {
  // By study.
  std::map<std::string, std::shared_ptr<const study::DefinitionSet>> definitions;
  // At a site.
  sync::SiteStatus site;
  // At the coordinator.
  sync::CoordinatorMachine::Replicas replicas;
};

// Where the loop's thread leaves the latest notice for everybody else. Safe from any thread.
class Board {
 public:
  void Post(std::shared_ptr<const Notice> notice) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    notice_ = std::move(notice);
  }
  // Never null.
  std::shared_ptr<const Notice> Get() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(&mutex_);
    return notice_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Notice> notice_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Notice>();
};

std::shared_ptr<const Notice> NoticeOf(const sync::SiteMachine& machine, const std::string& study);
std::shared_ptr<const Notice> NoticeOf(const sync::CoordinatorMachine& machine);

// A machine that posts a notice after each step, and so before the store shows the step's effects:
// whoever takes a snapshot first and reads the board then has every definition that the snapshot
// speaks of.
class PostingMachine : public sync::Machine {
 public:
  using MakeNotice = std::function<std::shared_ptr<const Notice>()>;

  // Posts the first notice at once. `machine` and `board` are not owned and must outlive this.
  PostingMachine(sync::Machine* machine, MakeNotice make_notice, Board* board)
      : machine_(machine), make_notice_(std::move(make_notice)), board_(board) {
    board_->Post(make_notice_());
  }

  absl::Status Step(std::span<const sync::Input> inputs, absl::Time now,
                    std::shared_ptr<const storage::Snapshot> snapshot,
                    sync::Ready& ready) override {
    absl::Status status = machine_->Step(inputs, now, std::move(snapshot), ready);
    board_->Post(make_notice_());
    return status;
  }

 private:
  sync::Machine* const machine_;
  const MakeNotice make_notice_;
  Board* const board_;
};

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_BOARD_H_
