// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "daemon/command/commands.h"
#include "daemon/command/compare_logs.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/progress.h"
#include "daemon/command/status_text.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr char kClearScreen[] = "\x1b[H\x1b[2J";

void Print(const v1::Status& status, Session& session) {
  if (session.json()) {
    session.PrintJson(status);
  } else {
    PrintStatus(status, absl::Now(), session.out());
  }
  session.out().flush();
}

// New work is refused here, or the other end refuses what is here. One that is stopping takes it
// again by itself.
bool HasFault(const v1::Status& status) {
  if (!status.fault().empty() || status.has_recovery()) return true;
  for (const v1::PartitionStatus& partition : status.partitions()) {
    for (const v1::PeerStatus& peer : partition.peers()) {
      const bool stopping = peer.refusal().reason() == v1::REFUSAL_REASON_SHUTTING_DOWN;
      if (peer.has_refusal() && !stopping) return true;
    }
  }
  return false;
}

absl::StatusOr<ExitCode> ShowStatus(bool watch, Session& session) {
  while (true) {
    const absl::StatusOr<v1::Status> status = session.Call(v1::GetStatusRequest());
    if (!status.ok()) return status.status();
    if (watch && session.interactive() && !session.json()) session.out() << kClearScreen;
    Print(*status, session);
    if (!watch) return HasFault(*status) ? ExitCode::kNo : ExitCode::kOk;
    absl::SleepFor(kWatchInterval);
  }
}

absl::StatusOr<ExitCode> SetLink(bool enabled, Session& session) {
  v1::SetLinkRequest request;
  request.set_enabled(enabled);
  const absl::StatusOr<v1::Status> status = session.Call(request);
  if (!status.ok()) return status.status();
  Print(*status, session);
  return ExitCode::kOk;
}

void PrintVerdict(const v1::VerifyProgress& last, std::ostream& out) {
  const bool ok = last.finished() && last.ok();
  out << Printable(last.study()) << " " << Printable(last.site()) << ": ";
  if (ok) {
    out << "ok, " << Counted(last.log().size(), "commit") << ", root "
        << ShortHex(last.log().root());
  } else if (last.finished()) {
    out << "DIFFERS: " << Printable(last.difference());
  } else {
    out << "NOT FINISHED after " << last.commits_done() << " of " << last.commits_total()
        << " commits";
  }
  out << "\n";
}

void PrintVerdictsJson(const std::vector<v1::VerifyProgress>& verdicts, std::ostream& out) {
  out << "{\"partitions\": [";
  const char* separator = "\n";
  for (const v1::VerifyProgress& verdict : verdicts) {
    out << separator << absl::StripSuffix(JsonOf(verdict, JsonStyle::kPretty), "\n");
    separator = ",\n";
  }
  out << "\n]}\n";
}

absl::StatusOr<ExitCode> Verify(Session& session) {
  // The last message of each partition.
  std::map<std::pair<std::string, std::string>, v1::VerifyProgress> last;
  std::unique_ptr<Progress> progress;
  const absl::Status status = session.Verify([&](const v1::VerifyProgress& message) {
    v1::VerifyProgress& partition = last[{message.study(), message.site()}];
    const bool first = partition.study().empty();
    partition = message;
    if (first) {
      progress = std::make_unique<Progress>(session.err(), session.interactive(),
                                            "verify " + message.site() + ": commits");
    }
    progress->Update(message.commits_done(), message.commits_total());
  });
  progress.reset();
  if (!status.ok()) return status;
  bool all_ok = true;
  std::vector<v1::VerifyProgress> verdicts;
  for (const auto& [name, verdict] : last) {
    all_ok = all_ok && verdict.finished() && verdict.ok();
    verdicts.push_back(verdict);
  }
  if (session.json()) {
    PrintVerdictsJson(verdicts, session.out());
  } else {
    for (const v1::VerifyProgress& verdict : verdicts) PrintVerdict(verdict, session.out());
    if (verdicts.empty()) session.out() << "There is nothing to verify.\n";
  }
  return all_ok ? ExitCode::kOk : ExitCode::kNo;
}

void PrintComparison(const v1::LogComparison& comparison, std::ostream& out) {
  out << Printable(comparison.study()) << " " << Printable(comparison.site()) << ": ";
  const uint64_t here = comparison.commits_here();
  const uint64_t there = comparison.commits_there();
  if (!comparison.same()) {
    out << "DIFFERS from commit " << comparison.first_difference() << " on; " << here
        << " commits here, " << there << " there\n";
    return;
  }
  out << "the same, " << Counted(std::min(here, there), "commit");
  if (here != there) {
    out << "; " << (here > there ? "here" : "there") << " are "
        << std::max(here, there) - std::min(here, there) << " more";
  }
  out << "\n";
}

absl::StatusOr<ExitCode> VerifyAgainst(const std::string& address, Session& session) {
  const absl::StatusOr<Client*> here = session.Server();
  if (!here.ok()) return here.status();
  const absl::StatusOr<std::unique_ptr<Client>> there = Client::Create(address);
  if (!there.ok()) return there.status();
  const absl::StatusOr<v1::LogComparisons> comparisons = CompareLogs(**here, **there);
  if (!comparisons.ok()) return comparisons.status();
  bool same = true;
  for (const v1::LogComparison& comparison : comparisons->partitions()) {
    same = same && comparison.same();
    if (!session.json()) PrintComparison(comparison, session.out());
  }
  if (session.json()) session.PrintJson(*comparisons);
  if (comparisons->partitions().empty()) {
    session.err() << "trialsync: the two servers have no site in common\n";
    return ExitCode::kNo;
  }
  return same ? ExitCode::kOk : ExitCode::kNo;
}

}  // namespace

void AddStatusCommands(CommandTree& tree) {
  auto watch = std::make_shared<bool>(false);
  CLI::App& status = tree.AddCommand(
      tree.root(),
      {"status", "How the server is.", "trialsync status --watch",
       "Exit code 1 if it has a fault, or the coordinator refuses what the site sends. In step "
       "means that both logs are the same; without a link, as of the last contact."},
      [watch](Session& session) { return ShowStatus(*watch, session); });
  status.add_flag("--watch", *watch, "Show it again and again");

  auto against = std::make_shared<std::string>();
  CLI::App& verify = tree.AddCommand(
      tree.root(),
      {"verify", "Compares what is stored with the log, or with another server.",
       "trialsync verify --against 127.0.0.1:7443",
       "Replays the log of every site that the server has, and compares the stored view and the "
       "root with the replay. With --against, instead compares the logs of two servers by their "
       "roots: one question where they are the same, a few more to find the first commit that is "
       "not. Exit code 1 and the first difference if they are not the same."},
      [against](Session& session) {
        return against->empty() ? Verify(session) : VerifyAgainst(*against, session);
      });
  verify.add_option("--against", *against, "HOST:PORT of the other server, site or coordinator");

  CLI::App& link =
      tree.AddGroup({"link", "A site's link to the coordinator.", "trialsync link down"});
  tree.AddCommand(link, {"up", "Takes the link up again.", "trialsync link up"},
                  [](Session& session) { return SetLink(/*enabled=*/true, session); });
  tree.AddCommand(link,
                  {"down", "Lets the link rest until `link up`, or the next start of the daemon.",
                   "trialsync link down"},
                  [](Session& session) { return SetLink(/*enabled=*/false, session); });
}

}  // namespace trialsync::command
