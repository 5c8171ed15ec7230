// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "daemon/command/commands.h"
#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/text.h"
#include "sync/record_proof.h"

namespace trialsync::command {
namespace {

struct ProveOptions {
  std::string record;
  PlaceOptions place;
  uint64_t commit = 0;
  std::string file;
};

struct CheckOptions {
  std::string file;
  std::string key;
};

// An object's fields, in their order.
class JsonObject {
 public:
  void Add(absl::string_view name, absl::string_view json) {
    fields_.push_back(absl::StrCat("\"", name, "\": ", json));
  }
  void AddText(absl::string_view name, const std::string& text) { Add(name, JsonString(text)); }
  // As protobuf's mapping has 64 bits.
  void AddNumber(absl::string_view name, uint64_t number) { AddText(name, absl::StrCat(number)); }
  void AddEpoch(absl::string_view name, uint64_t epoch) {
    AddText(name, absl::StrFormat("%016x", epoch));
  }
  void AddTime(absl::string_view name, int64_t time_us) {
    AddText(name, absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(time_us),
                                   absl::UTCTimeZone()));
  }
  std::string Text() const { return absl::StrCat("{\n ", absl::StrJoin(fields_, ",\n "), "\n}"); }

 private:
  std::vector<std::string> fields_;
};

std::string CheckpointJson(const sync::Checkpoint& checkpoint) {
  JsonObject object;
  object.AddNumber("size", checkpoint.size);
  object.AddText("root", checkpoint.root.hex());
  object.AddEpoch("epoch", checkpoint.epoch);
  object.AddTime("time", checkpoint.time_us);
  return object.Text();
}

std::string LineagesJson(const std::vector<sync::CellVerdict>& cells) {
  std::vector<std::string> all;
  for (const sync::CellVerdict& cell : cells) {
    all.push_back(absl::StrCat("{\"lineage\": ", cell.lineage,
                               ", \"outcome\": ", JsonString(v1::Outcome_Name(cell.outcome)), "}"));
  }
  return absl::StrCat("[", absl::StrJoin(all, ", "), "]");
}

std::string ProvenJson(const sync::ProvenChange& proven) {
  const sync::Receipt& receipt = proven.receipt;
  JsonObject object;
  object.Add("holds", "true");
  object.AddText("partition", proven.checkpoint.partition.ToString());
  object.AddNumber("commit", receipt.number);
  object.AddEpoch("epoch", receipt.epoch);
  object.AddText("changeId", proven.id.hex());
  object.Add("redacted", proven.change ? "false" : "true");
  if (proven.change) {
    const std::string change = JsonOf(*proven.change, JsonStyle::kPretty);
    object.Add("change", absl::StripTrailingAsciiWhitespace(change));
  }
  object.AddTime("receivedTime", receipt.received_time_us);
  object.AddText("outcome", v1::Outcome_Name(receipt.verdict.outcome));
  object.AddText("reason", v1::Reason_Name(receipt.verdict.reason));
  object.Add("lineages", LineagesJson(receipt.verdict.cells));
  object.Add("checkpoint", CheckpointJson(proven.checkpoint));
  return object.Text();
}

std::string DoesNotHoldJson(absl::string_view why) {
  JsonObject object;
  object.Add("holds", "false");
  object.AddText("why", std::string(why));
  return object.Text();
}

absl::StatusOr<ExitCode> Check(const CheckOptions& options, Session& session) {
  const absl::StatusOr<sync::VerifierKey> key = sync::VerifierKey::Parse(options.key);
  if (!key.ok()) return UsageError(absl::StrCat("--key: ", key.status().message()));
  const absl::StatusOr<std::string> text = ReadFile(options.file, kProofBytesMax);
  if (!text.ok()) return text.status();
  const absl::StatusOr<sync::RecordProof> proof = sync::ParseRecordProof(*text);
  const absl::StatusOr<sync::ProvenChange> proven =
      proof.ok() ? sync::CheckRecordProof(*proof, *key) : proof.status();
  if (absl::IsInvalidArgument(proven.status())) {
    return UsageError(absl::StrCat(options.file, ": ", proven.status().message()));
  }
  if (!proven.ok()) {
    if (session.json()) {
      session.out() << DoesNotHoldJson(proven.status().message()) << "\n";
    } else {
      session.err() << "trialsync: " << Printable(options.file) << ": "
                    << Printable(std::string(proven.status().message())) << "\n";
    }
    return ExitCode::kNo;
  }
  if (session.json()) {
    session.out() << ProvenJson(*proven) << "\n";
    return ExitCode::kOk;
  }
  session.out() << "The proof holds, by the key of " << key->name() << ".\n";
  for (const std::string& line : sync::DescribeProven(*proven)) {
    session.out() << ValueText(line) << "\n";
  }
  return ExitCode::kOk;
}

absl::Status WriteProof(const std::string& proof, const std::string& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(file, " is there already, and is not written over: name another file"));
  }
  std::ofstream out(file, std::ios::binary);
  out << proof;
  out.close();
  if (out) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot write ", file, ": check its directory"));
}

absl::StatusOr<ExitCode> Prove(const ProveOptions& options, Session& session) {
  if (options.record.empty()) {
    return UsageError("which record? trialsync proof PBC-001/VISIT~2/LAB --file lab.proof");
  }
  const absl::StatusOr<std::string> name = ResolveRecord(session, options.place, options.record);
  if (!name.ok()) return name.status();
  v1::ProveRecordRequest request;
  request.set_name(*name);
  request.set_commit(options.commit);
  const absl::StatusOr<v1::ProveRecordResponse> proven = session.Call(request);
  if (!proven.ok()) return proven.status();
  if (!options.file.empty()) {
    const absl::Status written = WriteProof(proven->proof(), options.file);
    if (!written.ok()) return written;
  }
  if (session.json()) {
    session.PrintJson(*proven);
    return ExitCode::kOk;
  }
  if (options.file.empty()) session.out() << proven->proof();
  session.err() << "Commit " << proven->commit() << " of " << Printable(options.record)
                << ", which has " << absl::StrJoin(proven->commits(), ", ")
                << ". Whoever gets the proof checks it with: trialsync proof check "
                << (options.file.empty() ? "FILE" : Printable(options.file)) << " --key "
                << proven->verifier_key() << " (the key not from here, but from the coordinator's "
                << "people)\n";
  return ExitCode::kOk;
}

}  // namespace

void AddProofCommands(CommandTree& tree) {
  auto wanted = std::make_shared<ProveOptions>();
  CLI::App& group = tree.AddCommand(
      tree.root(),
      {"proof", "Proves to others that a change is in a log, or checks such a proof.",
       "trialsync proof PBC-001/VISIT~2/LAB --file lab.proof",
       "Writes the proof of a record's newest commit: the change with all that it says, the "
       "coordinator's receipt, and the path to a root that the coordinator signed."},
      [wanted](Session& session) { return Prove(*wanted, session); });
  group.add_option("RECORD", wanted->record, "SUBJECT/EVENT/FORM, or the full name");
  group.add_option("--commit", wanted->commit, "Another commit of the record's history")
      ->check(CLI::PositiveNumber);
  group.add_option("--file", wanted->file, "Write the proof there; default: standard output");
  AddPlaceOptions(group, wanted->place);
  group.require_subcommand(0, 1);
  auto options = std::make_shared<CheckOptions>();
  CLI::App& check = tree.AddCommand(
      group,
      {"check", "Checks a proof by the coordinator's public key.",
       "trialsync proof check PBC-001.proof --key \"$(cat centre.vkey)\"",
       "Needs no server and no store. Says which change is proven, of which record, by whom and "
       "when it was made, at which place of the log it stands, and what was answered at that "
       "commit; not that nothing changed the same value later. Exit code 1 if the proof does not "
       "hold, 2 if the file is not a proof. The key must come from somebody who is trusted, and "
       "not with the proof. The form of the file is in sync/record_proof.h."},
      [options](Session& session) { return Check(*options, session); });
  check.add_option("FILE", options->file, "The proof")->required();
  check.add_option("--key", options->key, "The coordinator's public key, NAME+ID+KEY")->required();
}

}  // namespace trialsync::command
