// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_LEDGER_H_
#define TRIALSYNC_TESTS_END_TO_END_LEDGER_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/command/client.h"

namespace trialsync::end_to_end {

// What a site has called saved, noted down the moment it said so and kept outside of every daemon:
// the oracle of the tests with faults. Each value is written to one item of one record by one
// writer, and no two are equal. Safe to use from several threads.
class Ledger {
 public:
  // `record` is a full name. Values of one record are added in the order in which they were saved.
  void Add(const std::string& record, const std::string& value);

  size_t record_count() const;
  size_t value_count() const;

  // Compares with what `server` shows of a site: the same records, the last value of each standing,
  // and each value exactly once in the history of its record, committed. Returns the differences,
  // a sentence each, at most 20 of them.
  std::vector<std::string> Compare(command::Client& server, const std::string& parent,
                                   const std::string& item) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> saved_;  // guarded by mutex_
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_LEDGER_H_
