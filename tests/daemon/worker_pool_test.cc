// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "daemon/mutex.h"

namespace trialsync::daemon {
namespace {

TEST(WorkerPoolTest, StopDoesWhatWaits) {
  std::atomic<int> done = 0;
  WorkerPool pool(2, 100);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.Submit([&done] { ++done; }).ok());
  pool.Stop();
  EXPECT_EQ(done, 100);
  EXPECT_EQ(pool.Submit([&done] { ++done; }).code(), absl::StatusCode::kUnavailable);
}

TEST(WorkerPoolTest, RefusesWhenTooMuchWaits) {
  Mutex mutex;
  ConditionVariable changed;
  bool started = false;
  bool go_on = false;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.Submit([&] {
                    const MutexLock lock(&mutex);
                    started = true;
                    changed.NotifyAll();
                    while (!go_on) changed.Wait(&mutex);
                  })
                  .ok());
  {
    const MutexLock lock(&mutex);
    while (!started) changed.Wait(&mutex);
  }
  EXPECT_TRUE(pool.Submit([] {}).ok());
  EXPECT_EQ(pool.Submit([] {}).code(), absl::StatusCode::kResourceExhausted);
  const MutexLock lock(&mutex);
  go_on = true;
  changed.NotifyAll();
}

}  // namespace
}  // namespace trialsync::daemon
