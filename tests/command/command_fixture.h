// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_COMMAND_COMMAND_FIXTURE_H_
#define TRIALSYNC_TESTS_COMMAND_COMMAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/command/exit_code.h"
#include "tests/command/fake_server.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/status_service.pb.h"
#include "trialsync/v1/study_service.pb.h"

namespace trialsync::command {

// Runs the command in this process, against a server that says it is site MAYO1 of study pbc, where
// version 1 is retired, 2 active and 3 published.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest();

  // Runs `trialsync ARGUMENTS --at SERVER`, and keeps what it printed.
  ExitCode Run(std::vector<std::string> arguments);

  // From now on the server says it is a coordinator with these sites of study pbc.
  void BeCoordinator(const std::vector<std::string>& sites);

  // Writes a file that lives as long as the test, and returns its path.
  std::string WriteFile(const std::string& name, const std::string& content);

  // A directory of this test alone.
  const std::string& directory() const { return directory_; }

  void TearDown() override;

  FakeServer server_;
  // What a person answers; a person sits there if this is set.
  std::string answers_;
  bool interactive_ = false;
  std::string out_;
  std::string err_;

 private:
  std::string directory_;
};

// An item of a record with its text.
v1::Item MakeItem(const std::string& name, uint32_t id, const std::string& text);

// A version of study pbc, with its state at site MAYO1.
void AddVersion(uint32_t number, v1::StudyVersionActivation::State state,
                v1::ListStudyVersionsResponse* response);

// The whole of a file; empty if there is none.
std::string ReadWhole(const std::string& path);

}  // namespace trialsync::command

#endif  // TRIALSYNC_TESTS_COMMAND_COMMAND_FIXTURE_H_
