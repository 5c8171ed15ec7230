// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/chaos/faults.h"

namespace trialsync::chaos {
namespace {

namespace fs = std::filesystem;

void Copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

// The write-ahead logs of a store that is not open.
std::vector<fs::path> LogsOf(const Daemon& daemon) {
  std::vector<fs::path> logs;
  for (const auto& file : fs::directory_iterator(daemon.data_directory() + "/store")) {
    if (file.path().extension() == ".log" && file.file_size() > 0) logs.push_back(file.path());
  }
  return logs;
}

std::vector<v1::Recovery> Recoveries(const Daemon& daemon) {
  const auto list = daemon.Connect()->Call(v1::ListRecoveriesRequest());
  if (!list.ok()) return {};
  return {list->recoveries().begin(), list->recoveries().end()};
}

uint64_t LostIn(const v1::Recovery& recovery) {
  return recovery.lost_last_seq() == 0 ? 0
                                       : recovery.lost_last_seq() - recovery.lost_first_seq() + 1;
}

// Whether the coordinator was told of this range of a site's.
bool IsToldAtCentre(Scene& scene, const Place& place, const v1::Recovery& recovery) {
  const std::string site = place.site->parent.substr(place.site->parent.rfind('/') + 1);
  return end_to_end::WaitUntil(
      [&] {
        for (const v1::Recovery& told : Recoveries(scene.trial().coordinator())) {
          if (told.site().ends_with(site) && told.lost_first_seq() == recovery.lost_first_seq() &&
              told.lost_last_seq() == recovery.lost_last_seq()) {
            return true;
          }
        }
        return false;
      },
      absl::Seconds(30), absl::Milliseconds(200));
}

// After a store's tail was destroyed and its recovery has ended: what is at neither end must be
// covered by what both report.
void JudgeLosses(Scene& scene, Place& place, size_t recoveries_before, size_t from_place) {
  std::vector<std::string> errors;
  const auto missing = place.ledger->TakeMissing(*scene.trial().coordinator().Connect(),
                                                 end_to_end::kWrittenItem, from_place, errors);
  for (const std::string& error : errors) scene.Complain(error);
  uint64_t changes_missing = 0;
  for (const Ledger::Saved& saved : missing) {
    changes_missing += static_cast<uint64_t>(saved.changes);
    scene.journal().Write(absl::StrCat("missing \"", saved.value, "\""));
  }
  uint64_t changes_reported = 0;
  const std::vector<v1::Recovery> recoveries = Recoveries(place.site->daemon);
  for (size_t i = recoveries_before; i < recoveries.size(); ++i) {
    scene.journal().Write("reported " + recoveries[i].summary());
    ++scene.counts().recoveries;
    if (LostIn(recoveries[i]) == 0) continue;
    changes_reported += LostIn(recoveries[i]);
    if (!IsToldAtCentre(scene, place, recoveries[i])) {
      scene.Complain(absl::StrCat("the coordinator was not told: ", recoveries[i].summary()));
    }
  }
  if (changes_missing <= changes_reported) {
    scene.counts().lost_and_reported += missing.size();
    return;
  }
  scene.counts().lost_unreported += missing.size();
  scene.Complain(absl::StrCat(place.site->daemon.data_directory(), " lost ", changes_missing,
                              " changes, and reports ", changes_reported));
}

void LoseTail(Scene& scene, void (*damage)(Scene&, const fs::path&)) {
  Place& place = scene.AnyPlace();
  if (!scene.Quiet(place)) return scene.Resume(place);
  const size_t recoveries_before = Recoveries(place.site->daemon).size();
  const size_t from_place = place.ledger->places();
  if (scene.Coin()) place.site->Cut();
  scene.Resume(place);
  absl::SleepFor(scene.Between(absl::Milliseconds(100), absl::Seconds(2)));
  place.site->daemon.Kill();
  for (const fs::path& log : LogsOf(place.site->daemon)) damage(scene, log);
  scene.StartInSteps(place.site->daemon);
  absl::SleepFor(scene.Between(absl::Milliseconds(1), absl::Seconds(1)));
  if (scene.Quiet(place)) JudgeLosses(scene, place, recoveries_before, from_place);
  scene.Resume(place);
}

}  // namespace

void DeleteLog(Scene& scene) {
  LoseTail(scene, [](Scene&, const fs::path& log) { fs::remove(log); });
}

void FlipBit(Scene& scene) {
  LoseTail(scene, [](Scene& chance, const fs::path& log) {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    const auto place = static_cast<std::streamoff>(chance.Below(fs::file_size(log)));
    file.seekg(place);
    const int byte = file.get();
    file.seekp(place);
    file.put(static_cast<char>(byte ^ (1 << chance.Below(8))));
  });
}

// An earlier copy takes the place of a store that had sent all it had; the first time, the copy is
// made.
void PutBack(Scene& scene) {
  Place& place = scene.AnyPlace();
  Daemon& daemon = place.site->daemon;
  if (!place.has_copy) {
    daemon.Kill();
    Copy(daemon.data_directory(), place.KeptCopy());
    place.has_copy = true;
    return daemon.Start();
  }
  if (!scene.Quiet(place)) return scene.Resume(place);
  daemon.Kill();
  Copy(place.KeptCopy(), daemon.data_directory());
  place.has_copy = false;
  if (scene.Coin()) place.site->Cut();
  scene.StartInSteps(daemon);
  scene.Resume(place);
  // The records of before may not be there yet.
  scene.NewWriter(place);
  absl::SleepFor(scene.Between(absl::Milliseconds(100), absl::Seconds(2)));
  scene.Quiet(place);
  scene.Resume(place);
}

// One replica's store takes the place of the other's, which had sent all it had, and both go on.
void CopyInUse(Scene& scene) {
  std::vector<Place>& places = scene.places();
  Place& original = scene.Coin() ? places[2] : places[3];
  Place& copy = &original == &places[2] ? places[3] : places[2];
  if (!scene.Quiet(original)) return scene.Resume(original);
  for (Place* place : {&original, &copy}) place->site->daemon.Kill();
  Copy(original.site->daemon.data_directory(), copy.site->daemon.data_directory());
  copy.has_copy = original.has_copy = false;
  const bool in_turns = scene.Coin();
  if (in_turns) copy.site->Cut();
  original.site->daemon.Start();
  copy.site->daemon.Start();
  scene.Resume(original);
  scene.NewWriter(copy);
  absl::SleepFor(scene.Between(absl::Milliseconds(100), absl::Seconds(3)));
  scene.Quiet(original);
  scene.Resume(original);
}

}  // namespace trialsync::chaos
