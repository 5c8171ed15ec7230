// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <thread>

#include "absl/strings/str_split.h"
#include "daemon/command/run.h"
#include "daemon/command/text.h"
#include "tests/command/command_fixture.h"

namespace trialsync::command {
namespace {

using ::testing::HasSubstr;

// The arguments that lead to each command and group, with `--help`.
void CollectHelp(const CLI::App& app, std::vector<std::string> path,
                 std::vector<std::vector<std::string>>& all) {
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_name().empty()) continue;  // A group of options.
    std::vector<std::string> child_path = path;
    child_path.push_back(child->get_name());
    CollectHelp(*child, child_path, all);
  }
  path.push_back("--help");
  all.push_back(path);
}

class UsageTest : public CommandTest {};

TEST_F(UsageTest, EveryHelpHasAnExampleWithItsOwnName) {
  std::ostringstream stream;
  std::istringstream in;
  Console console{stream, stream, in, false};
  Session session(console);
  CommandTree tree(session);
  AddAllCommands(tree);
  std::vector<std::vector<std::string>> all;
  CollectHelp(tree.root(), {}, all);
  EXPECT_GT(all.size(), 30u);
  for (const std::vector<std::string>& arguments : all) {
    EXPECT_EQ(Run(arguments), ExitCode::kOk);
    EXPECT_THAT(out_, HasSubstr("Example:\n  ")) << arguments[0];
    EXPECT_EQ(err_, "");
    if (arguments.size() > 1) {
      EXPECT_THAT(out_, HasSubstr("\n  trialsync " + arguments[0]));
    }
    // Our own prose fits the terminal; examples are whole command lines.
    const std::string prose = out_.substr(0, out_.find("Example:"));
    for (const absl::string_view line : absl::StrSplit(prose, '\n')) {
      EXPECT_LE(DisplayWidth(std::string(line)), 100u) << line;
    }
  }
}

TEST_F(UsageTest, MistakesOfTheCallerExitWithTwo) {
  EXPECT_EQ(Run({}), ExitCode::kUsage);
  EXPECT_EQ(Run({"frobnicate"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "get"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "get", "a/b/c", "--colour"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "get", "a/b"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("trialsync: \"a/b\" is not the name of a record"));
  EXPECT_EQ(Run({"status", "-o", "yaml"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"worklist", "--kind", "nonsense"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"record", "get", "\xff/b/c"}), ExitCode::kUsage);
  EXPECT_EQ(out_, "");
}

TEST_F(UsageTest, ACommandThatIsNotThereIsAnsweredWithTheNearestOne) {
  EXPECT_EQ(Run({"recrod", "get", "a/b/c"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("trialsync: there is no command \"trialsync recrod\", did you mean "
                              "record?; there are: study, subject, record, "));
  EXPECT_EQ(Run({"study", "pubish", "v1.yaml"}), ExitCode::kUsage);
  EXPECT_THAT(err_,
              HasSubstr("\"trialsync study pubish\", did you mean publish?; there are: check"));
  EXPECT_EQ(Run({"worklist", "shwo", "3f"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("did you mean show?; there are: show, settle"));
  EXPECT_EQ(Run({"frobnicate"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("\"trialsync frobnicate\"; there are: study"));
  EXPECT_EQ(Run({"record"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("behind \"trialsync record\" a command is missing; there are: set"));
}

TEST_F(UsageTest, TellsItsRelease) {
  EXPECT_EQ(Run({"--version"}), ExitCode::kOk);
  EXPECT_THAT(out_, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(UsageTest, TheAuthorIsAsked) {
  unsetenv("TRIALSYNC_AUTHOR");
  EXPECT_EQ(Run({"subject", "add", "PBC-001"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("who writes this?"));
}

TEST_F(UsageTest, AnAddressElsewhereIsRefused) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Console console{out, err, in, false};
  EXPECT_EQ(command::Run({"status", "--at", "192.0.2.1:7443"}, console), ExitCode::kUsage);
  EXPECT_THAT(err.str(), HasSubstr("is not an address of this machine"));
  EXPECT_EQ(command::Run({"status", "--at", "127.0.0.1"}, console), ExitCode::kUsage);
  EXPECT_THAT(err.str(), HasSubstr("is not HOST:PORT"));
  EXPECT_EQ(command::Run({"status", "--at", "127.0.0.1:0"}, console), ExitCode::kUsage);
  EXPECT_THAT(err.str(), HasSubstr("no server is at 127.0.0.1:0"));
  EXPECT_EQ(command::Run({"status"}, console), ExitCode::kUsage);
  EXPECT_THAT(err.str(), HasSubstr("which server?"));
}

TEST_F(UsageTest, NoServerExitsWithFourAndSaysWhere) {
  std::string address;
  {
    FakeServer gone;
    address = gone.address();
  }
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Console console{out, err, in, false};
  setenv("TRIALSYNC_AT", address.c_str(), /*overwrite=*/1);
  EXPECT_EQ(command::Run({"status"}, console), ExitCode::kUnreachable);
  EXPECT_THAT(err.str(), HasSubstr("no server answers at " + address));
}

// Listens on a port of this machine, and greets whoever comes as no server of ours does.
class Stranger {
 public:
  Stranger() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, any, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Greet(); });
  }
  ~Stranger() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  int port() const { return port_; }

 private:
  void Greet() {
    for (int peer = 0; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(peer)) {
      constexpr std::string_view kGreeting = "HTTP/1.1 400 Bad Request\r\n\r\n";
      EXPECT_GT(::send(peer, kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL), 0);
      // Until it hangs up, so that the greeting arrives.
      std::array<char, 256> heard;
      while (::recv(peer, heard.data(), heard.size(), 0) > 0) continue;
    }
  }

  const int socket_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(UsageTest, WhatIsNoServerOfOursIsNamedAsSuch) {
  Stranger stranger;
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Console console{out, err, in, false};
  const std::string address = "127.0.0.1:" + std::to_string(stranger.port());
  EXPECT_EQ(command::Run({"status", "--at", address}, console), ExitCode::kUnreachable);
  EXPECT_THAT(err.str(), HasSubstr("what listens at " + address + " is no trialsync server"));
}

TEST_F(UsageTest, AServerThatIsStoppingSpeaksForItself) {
  server_.On<v1::GetRecordRequest, v1::Record>([](const auto&, v1::Record*) {
    return absl::UnavailableError("not saved: the daemon is stopping; ask again after its start");
  });
  EXPECT_EQ(Run({"record", "get", "PBC-9/V/LAB"}), ExitCode::kUnreachable);
  EXPECT_EQ(err_, "trialsync: not saved: the daemon is stopping; ask again after its start\n");
}

TEST_F(UsageTest, ARefusalIsPrintedAsWordedAndExitsWithFive) {
  server_.On<v1::GetRecordRequest, v1::Record>([](const auto&, v1::Record*) {
    return absl::NotFoundError("there is no subject \x1b[31mPBC-9\nsecond line");
  });
  EXPECT_EQ(Run({"record", "get", "PBC-9/V/LAB"}), ExitCode::kRefused);
  EXPECT_EQ(err_, "trialsync: there is no subject \\x1b[31mPBC-9\nsecond line\n");
  EXPECT_EQ(Run({"verify"}), ExitCode::kRefused);
  EXPECT_THAT(err_, HasSubstr("does not know this command"));
}

TEST_F(UsageTest, AShortNameNeedsASiteAtTheCoordinator) {
  BeCoordinator({"MAYO1", "MAYO2"});
  std::string name;
  server_.On<v1::GetRecordRequest, v1::Record>([&name](const auto& request, v1::Record*) {
    name = request.name();
    return absl::OkStatus();
  });
  EXPECT_EQ(Run({"record", "get", "P/V/LAB"}), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("--site SITE; here are: MAYO1, MAYO2"));
  EXPECT_EQ(Run({"record", "get", "P/V/LAB", "--site", "MAYO2"}), ExitCode::kOk);
  EXPECT_EQ(name, "studies/pbc/sites/MAYO2/subjects/P/events/V/forms/LAB");
}

}  // namespace
}  // namespace trialsync::command
