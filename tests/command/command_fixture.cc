// SPDX-License-Identifier: Apache-2.0
#include "tests/command/command_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "daemon/command/run.h"

namespace trialsync::command {

CommandTest::CommandTest() {
  unsetenv("TRIALSYNC_AT");
  setenv("TRIALSYNC_AUTHOR", "anna", /*overwrite=*/1);
  std::string pattern = ::testing::TempDir() + "trialsync-command-XXXXXX";
  directory_ = mkdtemp(pattern.data());
  server_.On<v1::GetStatusRequest, v1::Status>([](const auto&, v1::Status* status) {
    status->set_role("site");
    v1::PartitionStatus* partition = status->add_partitions();
    partition->set_study("pbc");
    partition->set_site("MAYO1");
    return absl::OkStatus();
  });
  server_.On<v1::ListStudyVersionsRequest, v1::ListStudyVersionsResponse>(
      [](const auto&, v1::ListStudyVersionsResponse* response) {
        AddVersion(1, v1::StudyVersionActivation::RETIRED, response);
        AddVersion(2, v1::StudyVersionActivation::ACTIVE, response);
        AddVersion(3, v1::StudyVersionActivation::PUBLISHED, response);
        return absl::OkStatus();
      });
}

void CommandTest::TearDown() { std::filesystem::remove_all(directory_); }

void CommandTest::BeCoordinator(const std::vector<std::string>& sites) {
  server_.On<v1::GetStatusRequest, v1::Status>([sites](const auto&, v1::Status* status) {
    status->set_role("coordinator");
    for (const std::string& site : sites) {
      v1::PartitionStatus* partition = status->add_partitions();
      partition->set_study("pbc");
      partition->set_site(site);
    }
    return absl::OkStatus();
  });
}

ExitCode CommandTest::Run(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--at", server_.address()});
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in(answers_);
  Console console{out, err, in, interactive_};
  server_.Synchronise();
  const ExitCode code = command::Run(std::move(arguments), console);
  server_.Synchronise();
  out_ = out.str();
  err_ = err.str();
  return code;
}

std::string CommandTest::WriteFile(const std::string& name, const std::string& content) {
  const std::string path = directory_ + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

v1::Item MakeItem(const std::string& name, uint32_t id, const std::string& text) {
  v1::Item item;
  item.set_item(name);
  item.set_item_id(id);
  item.set_text(text);
  item.set_author("anna");
  item.set_version(1);
  return item;
}

void AddVersion(uint32_t number, v1::StudyVersionActivation::State state,
                v1::ListStudyVersionsResponse* response) {
  v1::StudyVersion* version = response->add_versions();
  version->set_name("studies/pbc/versions/" + std::to_string(number));
  version->mutable_version()->set_number(number);
  v1::StudyVersionActivation* activation = version->add_activations();
  activation->set_site("studies/pbc/sites/MAYO1");
  activation->set_state(state);
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace trialsync::command
