// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/status_text.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/format.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

std::string Versions(const v1::PartitionStatus& partition) {
  std::vector<std::string> numbers;
  for (const v1::VersionReference& version : partition.active_versions()) {
    numbers.push_back(absl::StrCat(version.number()));
  }
  return numbers.empty() ? "none" : absl::StrJoin(numbers, ", ");
}

std::string Contact(const v1::PeerStatus& peer, absl::Time now) {
  if (!peer.has_last_contact_time()) return "never";
  return absl::StrCat(TimeText(peer.last_contact_time()), " (",
                      AgeText(peer.last_contact_time(), now), ")");
}

// How the site stands to its coordinator: without a link, only how it stood at the last contact.
std::string Step(const v1::PeerStatus& peer, absl::Time now) {
  if (!peer.has_last_contact_time()) return "not known: no contact yet";
  const std::string step = peer.in_step() ? "in step" : "not in step";
  if (peer.connected()) return absl::StrCat(step, ", last contact ", Contact(peer, now));
  return absl::StrCat("no link; ", step, " as of ", Contact(peer, now));
}

std::string ReplicaStep(const v1::PeerStatus& peer) {
  if (!peer.has_last_contact_time()) return "not known";
  const std::string step = peer.in_step() ? "in step" : "behind";
  return peer.connected() ? step : absl::StrCat("was ", step);
}

std::string Link(const v1::PartitionStatus& partition) {
  if (!partition.link_enabled()) return "resting; `trialsync link up` takes it up again";
  return partition.connected() ? "up" : "down, trying";
}

std::string Outbox(const v1::PartitionStatus& partition, absl::Time now) {
  const uint64_t count = partition.outbox_count();
  const std::string text = absl::StrCat(Counted(count, "change"), " not yet sent");
  if (count == 0) return text;
  const std::string age = AgeText(partition.oldest_unsent_time(), now);
  return absl::StrCat(text, age == "now" ? ", saved just now" : ", the oldest for ",
                      age == "now" ? "" : age);
}

// A site knows the coordinator by its address, the coordinator a replica by its id.
std::string PeerName(const v1::Status& status, const v1::PeerStatus& peer) {
  return status.role() == "site" ? peer.peer() : ShortId(peer.peer());
}

std::string BackupText(const v1::BackupStatus& backup, absl::Time now) {
  if (backup.directory().empty()) return "none is made: start the daemon with --backup DIR";
  if (!backup.has_last_time()) {
    return absl::StrCat("none yet in ", backup.directory(), ": trialsync backup create");
  }
  return absl::StrCat(TimeText(backup.last_time()), " (", AgeText(backup.last_time(), now),
                      "), in ", backup.directory());
}

void PrintRefusals(const v1::Status& status, std::ostream& out) {
  for (const v1::PartitionStatus& partition : status.partitions()) {
    for (const v1::PeerStatus& peer : partition.peers()) {
      if (!peer.has_refusal()) continue;
      out << "refused (" << Word(peer.refusal().reason()) << "), " << Printable(partition.site())
          << " and " << Printable(PeerName(status, peer)) << ": "
          << Printable(peer.refusal().message()) << "\n";
      if (!peer.refusal().mend().empty()) {
        out << "  mend: " << Printable(peer.refusal().mend()) << "\n";
      }
    }
  }
}

void PrintSite(const v1::PartitionStatus& partition, absl::Time now, std::ostream& out) {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"study, site", absl::StrCat(partition.study(), ", ", partition.site())},
      {"link", Link(partition)},
      {"outbox", Outbox(partition, now)},
      {"log", absl::StrCat(Counted(partition.log().size(), "commit"), ", root ",
                           ShortHex(partition.log().root()))},
      {"subjects, records",
       absl::StrCat(partition.subject_count(), ", ", partition.record_count())},
      {"worklist", absl::StrCat(partition.open_discrepancy_count(), " open")},
      {"versions in force", Versions(partition)}};
  for (const auto& [name, value] : lines) {
    out << name << std::string(20 - name.size(), ' ') << Printable(value) << "\n";
  }
  for (const v1::PeerStatus& peer : partition.peers()) {
    out << "coordinator         " << Printable(peer.peer()) << ", " << Step(peer, now) << "\n";
  }
}

void PrintCoordinator(const v1::Status& status, absl::Time now, std::ostream& out) {
  Table sites({"STUDY", "SITE", "SUBJECTS", "RECORDS", "OPEN", "COMMITS", "ROOT", "VERSIONS"});
  Table replicas({"SITE", "REPLICA", "LINK", "STEP", "COMMITS", "LAST CONTACT"});
  for (const v1::PartitionStatus& partition : status.partitions()) {
    sites.AddRow({partition.study(), partition.site(), absl::StrCat(partition.subject_count()),
                  absl::StrCat(partition.record_count()),
                  absl::StrCat(partition.open_discrepancy_count()),
                  absl::StrCat(partition.log().size()), ShortHex(partition.log().root()),
                  Versions(partition)});
    for (const v1::PeerStatus& peer : partition.peers()) {
      replicas.AddRow({partition.site(), ShortId(peer.peer()), peer.connected() ? "up" : "down",
                       ReplicaStep(peer), absl::StrCat(peer.log().size()), Contact(peer, now)});
    }
  }
  if (status.partitions().empty()) {
    out << "No site takes part yet: trialsync study publish FILE, then trialsync study activate "
           "STUDY@1 --site SITE\n";
    return;
  }
  sites.Print(out);
  out << "\n";
  replicas.Print(out);
}

}  // namespace

void PrintStatus(const v1::Status& status, absl::Time now, std::ostream& out) {
  out << Printable(status.role()) << ", release " << Printable(status.software_version())
      << ", replica " << Printable(ShortId(status.replica())) << ", up since "
      << TimeText(status.start_time()) << ", " << (status.store_bytes() >> 20) << " MiB stored\n";
  if (status.role() == "site") {
    for (const v1::PartitionStatus& partition : status.partitions()) PrintSite(partition, now, out);
  } else {
    PrintCoordinator(status, now, out);
  }
  out << "last backup         " << Printable(BackupText(status.backup(), now)) << "\n";
  PrintRefusals(status, out);
  if (status.has_recovery()) {
    out << "RECOVERING: " << Printable(status.recovery().summary()) << "\n";
  }
  if (!status.fault().empty()) out << "FAULT: " << Printable(status.fault()) << "\n";
}

}  // namespace trialsync::command
