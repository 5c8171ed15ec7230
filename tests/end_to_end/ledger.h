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

// A file that outlives what is tried: each line is on disk before Write() returns. Safe to use from
// several threads.
class Journal {
 public:
  // Appends to the file, and makes it where it is not there.
  explicit Journal(const std::string& path);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();
  // Aborts if the disk does not take it.
  void Write(const std::string& line);

 private:
  const int file_;
};

// What a site has called saved, noted down the moment it said so and kept outside of every daemon:
// the oracle of the tests with faults. Each value is written to one item of one record by one
// writer, and no two are equal. Safe to use from several threads.
class Ledger {
 public:
  // A value that was saved, and how many changes were made for it.
  struct Saved {
    std::string value;
    int changes = 0;
    // The place of it among all that were added, from 0.
    size_t place = 0;
  };

  // With a journal (not owned) each value is also a line of it.
  explicit Ledger(Journal* journal = nullptr) : journal_(journal) {}

  // `record` is a full name. Values of one record are added in the order in which they were saved.
  void Add(const std::string& record, const std::string& value, int changes);

  // Takes out and returns the values from this place on that `server` does not show as committed:
  // what was lost. Appends to `errors` what could not be found out.
  std::vector<Saved> TakeMissing(command::Client& server, const std::string& item,
                                 size_t from_place, std::vector<std::string>& errors);

  size_t record_count() const;
  size_t value_count() const;
  // The place of the next value.
  size_t places() const;

  // Compares with what `server` shows of a site: the same records, the last value of each standing,
  // and each value exactly once in the history of its record, committed. Returns the differences,
  // a sentence each, at most 20 of them.
  std::vector<std::string> Compare(command::Client& server, const std::string& parent,
                                   const std::string& item) const;

 private:
  mutable std::mutex mutex_;
  Journal* const journal_;
  // Both guarded by mutex_.
  std::map<std::string, std::vector<Saved>> saved_;
  size_t places_ = 0;
};

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_LEDGER_H_
