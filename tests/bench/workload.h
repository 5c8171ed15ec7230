// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_BENCH_WORKLOAD_H_
#define TRIALSYNC_TESTS_BENCH_WORKLOAD_H_

#include <cstdint>
#include <random>
#include <string>

#include "trialsync/v1/record_service.pb.h"

namespace trialsync::bench {

// Visits of study.yaml, invented but shaped as those of a hepatology trial: 12 items, about 400
// bytes as a change. The same seed gives the same visits.
class Workload {
 public:
  // `parent` is `studies/bench/sites/SITE`.
  Workload(std::string parent, uint64_t seed) : parent_(std::move(parent)), random_(seed) {}

  // The next visit: the 100 of one subject, then those of the next. Its subject is made with it.
  v1::WriteRecordRequest Next();

 private:
  int64_t Between(int64_t low, int64_t high);
  // A decimal number with one digit after the point, low and high in tenths.
  std::string Tenths(int64_t low, int64_t high);

  const std::string parent_;
  std::mt19937_64 random_;
  int64_t next_ = 0;
};

}  // namespace trialsync::bench

#endif  // TRIALSYNC_TESTS_BENCH_WORKLOAD_H_
