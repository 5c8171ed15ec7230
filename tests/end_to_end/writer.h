// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_WRITER_H_
#define TRIALSYNC_TESTS_END_TO_END_WRITER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/trial.h"

namespace trialsync::end_to_end {

// The item that writers write, of form LAB at event VISIT of study pbc.
inline constexpr char kWrittenItem[] = "comment";

// Somebody at a site who goes on writing whatever happens to the daemon: what was not answered is
// asked again, with the same request id, until it is. So in the end each value has been called
// saved, and stands in the ledger; an answer that takes longer than kPatience is complained of.
// Writes records of its own, in the site's name and under `label`.
class Writer {
 public:
  // `site` and `ledger` are not owned.
  Writer(const Trial::Site* site, Ledger* ledger, std::string label, uint64_t seed);
  // Stops.
  ~Writer();

  // Writes `count` new records in one call.
  void WriteNew(int count);
  // Writes over a record that it wrote before, any of them.
  void WriteOver();

  // Goes on writing from a thread of its own until Stop(), and may be started again: with a pause
  // after each call, up to `bulk_max` new records in one call of sixty, and `patience` with a call
  // that has no answer.
  void Start(absl::Duration pause = absl::Milliseconds(8), int bulk_max = 100,
             absl::Duration patience = kPatience);
  void Stop();

  // Calls that had no answer, and were asked again.
  int repeated_count() const { return repeated_count_; }
  // Errors, and answers that never came: empty if all is well.
  std::vector<std::string> complaints() const;

 private:
  struct Value {
    std::string record;
    std::string text;
  };
  Value NewValue(std::string record);
  v1::WriteRecordRequest RequestFor(const Value& value, const std::string& request_id) const;
  // Calls until there is an answer, and returns it; nothing if it is an error, or none came.
  template <typename Request>
  auto Insist(const Request& request);
  void Complain(const std::string& complaint);

  const Trial::Site* const site_;
  Ledger* const ledger_;
  const std::string label_;
  std::mt19937_64 random_;
  uint64_t next_request_ = 1;
  std::vector<std::string> records_;
  std::string connected_to_;
  std::unique_ptr<command::Client> client_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> repeated_count_ = 0;
  absl::Duration patience_ = kPatience;
  mutable std::mutex mutex_;
  std::vector<std::string> complaints_;  // guarded by mutex_
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_WRITER_H_
