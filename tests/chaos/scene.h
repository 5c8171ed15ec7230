// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_CHAOS_SCENE_H_
#define TRIALSYNC_TESTS_CHAOS_SCENE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/trial.h"
#include "tests/end_to_end/writer.h"

// A trial under random faults: what the faults are done to, and what is known of the saved values.
namespace trialsync::chaos {

using end_to_end::Daemon;
using end_to_end::Journal;
using end_to_end::Ledger;
using end_to_end::TcpProxy;
using end_to_end::Trial;
using end_to_end::Writer;

// A replica of a site, and who writes there.
struct Place {
  Trial::Site* site = nullptr;
  Ledger* ledger = nullptr;
  std::unique_ptr<Writer> writer;
  // An earlier state of its data directory was kept at KeptCopy().
  bool has_copy = false;

  std::string KeptCopy() const { return site->daemon.data_directory() + ".copy"; }
};

// What came of it so far.
struct Counts {
  size_t lost_and_reported = 0;
  size_t lost_unreported = 0;
  int recoveries = 0;
  int copies_made_replicas = 0;
  int disk_failures_met = 0;
};

// A coordinator, three sites, one of them with two replicas, and somebody who writes at each. For
// one thread.
class Scene {
 public:
  // Whatever follows from chance follows from `seed`; a daemon or a link stands still for at most
  // `stall_max`.
  Scene(uint64_t seed, absl::Duration stall_max);
  ~Scene();

  Trial& trial() { return *trial_; }
  std::vector<Place>& places() { return places_; }
  Journal& journal() { return *journal_; }
  Counts& counts() { return counts_; }
  size_t saved_count() const;

  // Chance.
  uint64_t Below(uint64_t end) { return random_() % end; }
  bool Coin() { return Below(2) == 0; }
  // Short times are as likely as long ones.
  absl::Duration Between(absl::Duration low, absl::Duration high);
  absl::Duration StallTime();
  Place& AnyPlace() { return places_[Below(places_.size())]; }
  // The coordinator in one of three cases.
  bool CoordinatorsTurn() { return Below(3) == 0; }

  // kill -9, and a start a moment later.
  void Restart(Daemon& daemon);
  // Starts it, and after a coin kills it once or twice while it comes up or recovers.
  void StartInSteps(Daemon& daemon);
  // Somebody begins to write there, new records only.
  void NewWriter(Place& place);
  void StartWriter(Place& place);
  // Nobody writes at this place's partition, its links are whole, and everything there has a
  // receipt. False, and a complaint, if that does not come to be.
  bool Quiet(const Place& place);
  // People at this place's partition go on.
  void Resume(const Place& place);
  // Until no store of this partition recovers and all is sent; a copy is made a replica of its own.
  bool WaitForRecovery(const Place& place);
  // Whole, fast links.
  void Calm();

  void Complain(const std::string& complaint);
  const std::vector<std::string>& complaints() const { return complaints_; }
  // The end: everything is sent, compared and verified; what is wrong are complaints.
  void Judge();

 private:
  std::vector<Place*> Partition(const Place& place);
  void MakeCopiesReplicas(const std::vector<Place*>& places);

  std::mt19937_64 random_;
  const absl::Duration stall_max_;
  int writers_ = 0;
  std::unique_ptr<Trial> trial_;
  std::unique_ptr<Journal> journal_;
  std::map<std::string, Ledger> ledgers_;
  std::vector<Place> places_;
  std::vector<std::string> complaints_;
  Counts counts_;
};

}  // namespace trialsync::chaos

#endif  // TRIALSYNC_TESTS_CHAOS_SCENE_H_
