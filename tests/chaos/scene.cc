// SPDX-License-Identifier: Apache-2.0
#include "tests/chaos/scene.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace trialsync::chaos {
namespace {

constexpr absl::Duration kWritersPause = absl::Milliseconds(30);
constexpr int kBulkMax = 10;
// Long: a store of hours that is pulled back, on a machine that does other things.
constexpr absl::Duration kSettleTime = absl::Minutes(10);
constexpr absl::Duration kLook = absl::Milliseconds(100);

// Whether a recovery of it is open; also while it does not answer.
bool Recovers(const Daemon& daemon) {
  const auto status = daemon.Connect()->Call(v1::GetStatusRequest());
  return !status.ok() || status->has_recovery();
}

}  // namespace

Scene::Scene(uint64_t seed, absl::Duration stall_max)
    : random_(seed),
      stall_max_(stall_max),
      trial_(std::make_unique<Trial>("pbc", "deploy/studies/pbc/v1.yaml")),
      journal_(std::make_unique<Journal>(trial_->directory() + "/oracle")) {
  for (const char* name : {"NORTH", "SOUTH", "WEST", "WEST"}) {
    Place place;
    place.site = &trial_->AddSite(name);
    place.ledger = &ledgers_.try_emplace(name, journal_.get()).first->second;
    places_.push_back(std::move(place));
  }
  for (Place& place : places_) NewWriter(place);
}

Scene::~Scene() = default;

size_t Scene::saved_count() const {
  size_t count = 0;
  for (const auto& [name, ledger] : ledgers_) count += ledger.places();
  return count;
}

absl::Duration Scene::Between(absl::Duration low, absl::Duration high) {
  std::uniform_real_distribution<double> exponent(std::log(absl::ToDoubleSeconds(low)),
                                                  std::log(absl::ToDoubleSeconds(high)));
  return absl::Seconds(std::exp(exponent(random_)));
}

absl::Duration Scene::StallTime() { return Between(absl::Milliseconds(50), stall_max_); }

void Scene::Restart(Daemon& daemon) {
  daemon.Kill();
  absl::SleepFor(Between(absl::Milliseconds(1), absl::Milliseconds(300)));
  StartInSteps(daemon);
}

void Scene::StartInSteps(Daemon& daemon) {
  for (uint64_t kills = Coin() ? Below(3) : 0;; --kills) {
    if (&daemon == &trial_->coordinator()) {
      trial_->StartCoordinator();
    } else {
      daemon.Start();
    }
    if (kills == 0) return;
    absl::SleepFor(Between(absl::Milliseconds(1), absl::Milliseconds(500)));
    daemon.Kill();
  }
}

void Scene::NewWriter(Place& place) {
  if (place.writer) {
    place.writer->Stop();
    for (const std::string& complaint : place.writer->complaints()) Complain(complaint);
  }
  place.writer = std::make_unique<Writer>(place.site, place.ledger,
                                          absl::StrCat("writer", ++writers_), random_());
  StartWriter(place);
}

void Scene::StartWriter(Place& place) { place.writer->Start(kWritersPause, kBulkMax, kSettleTime); }

std::vector<Place*> Scene::Partition(const Place& place) {
  std::vector<Place*> partition;
  for (Place& other : places_) {
    if (other.ledger == place.ledger) partition.push_back(&other);
  }
  return partition;
}

void Scene::Calm() {
  for (const Place& place : places_) {
    TcpProxy& link = place.site->link;
    link.SetBytesPerSecondMax(0);
    link.SetDelay(absl::ZeroDuration());
    for (const auto direction : {TcpProxy::Direction::kUp, TcpProxy::Direction::kDown}) {
      link.SetStopped(direction, false);
    }
    link.SetRefuse(false);
  }
}

bool Scene::Quiet(const Place& place) {
  Calm();
  for (Place* other : Partition(place)) other->writer->Stop();
  return WaitForRecovery(place);
}

void Scene::Resume(const Place& place) {
  for (Place* other : Partition(place)) StartWriter(*other);
}

bool Scene::WaitForRecovery(const Place& place) {
  const std::vector<Place*> partition = Partition(place);
  const auto settled = [&] {
    MakeCopiesReplicas(partition);
    return std::all_of(partition.begin(), partition.end(), [&](const Place* other) {
      const auto status = end_to_end::SiteStatus(*other->site);
      return status && status->outbox_count() == 0 && !Recovers(other->site->daemon) &&
             end_to_end::InStep(*trial_, *other->site);
    });
  };
  if (end_to_end::WaitUntil(settled, kSettleTime, kLook)) return true;
  Complain(absl::StrCat(place.site->name, " did not send all that it had, or still recovers"));
  return false;
}

void Scene::MakeCopiesReplicas(const std::vector<Place*>& places) {
  for (const Place* place : places) {
    const auto client = place->site->daemon.Connect();
    const auto status = client->Call(v1::GetStatusRequest());
    if (!status.ok() || status->recovery().cause() != v1::RECOVERY_CAUSE_COPIED) continue;
    if (client->Call(v1::BecomeReplicaRequest()).ok()) ++counts_.copies_made_replicas;
  }
}

void Scene::Complain(const std::string& complaint) {
  journal_->Write("WRONG: " + complaint);
  complaints_.push_back(complaint);
}

void Scene::Judge() {
  Calm();
  for (Place& place : places_) {
    place.writer->Stop();
    for (const std::string& complaint : place.writer->complaints()) Complain(complaint);
  }
  for (const Place& place : places_) {
    if (!WaitForRecovery(place)) continue;
    for (const Daemon* daemon : {&place.site->daemon, &trial_->coordinator()}) {
      const auto client = daemon->Connect();
      for (const std::string& difference :
           place.ledger->Compare(*client, place.site->parent, end_to_end::kWrittenItem)) {
        Complain(absl::StrCat(daemon->data_directory(), ": ", difference));
      }
    }
    if (const std::string wrong = end_to_end::Verify(place.site->daemon); !wrong.empty()) {
      Complain(absl::StrCat("verify at ", place.site->daemon.data_directory(), ": ", wrong));
    }
  }
  if (const std::string wrong = end_to_end::Verify(trial_->coordinator()); !wrong.empty()) {
    Complain(absl::StrCat("verify at the coordinator: ", wrong));
  }
  if (!complaints_.empty()) trial_->Keep();
}

}  // namespace trialsync::chaos
