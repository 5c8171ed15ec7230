// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_STORAGE_KV_CONFORMANCE_H_
#define TRIALSYNC_TESTS_STORAGE_KV_CONFORMANCE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string_view>

#include "storage/kv.h"

namespace trialsync::storage {

// An engine with one new, empty store, as the conformance suite wants it.
class EngineUnderTest {
 public:
  // Closes the store and deletes it.
  virtual ~EngineUnderTest() = default;

  // The open store.
  virtual Kv& kv() = 0;

  // Closes the store, as a process that ends does, and opens it again. What kv() returned before
  // is invalid, and no snapshot of it may be left.
  virtual void Reopen() = 0;

  // The next sync of the disk under the store fails once.
  virtual void FailNextSync() = 0;
};

using EngineFactory = std::function<std::unique_ptr<EngineUnderTest>()>;

// What kv.h promises of every engine. To hold an engine to it:
//   INSTANTIATE_TEST_SUITE_P(NewEngine, KvConformance, testing::Values(MakeNewEngine));
class KvConformance : public testing::TestWithParam<EngineFactory> {
 protected:
  KvConformance() : engine_(GetParam()()) {}

  Kv& kv() { return engine_->kv(); }
  EngineUnderTest& engine() { return *engine_; }

  void DeleteStore() { engine_.reset(); }

  // Write one row, and expect that it goes well.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);

 private:
  std::unique_ptr<EngineUnderTest> engine_;
};

}  // namespace trialsync::storage

#endif  // TRIALSYNC_TESTS_STORAGE_KV_CONFORMANCE_H_
