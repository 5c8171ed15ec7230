// SPDX-License-Identifier: Apache-2.0
#include "tests/system/driver.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/system/study_under_test.h"

namespace trialsync::system_test {
namespace {

constexpr uint64_t kStepsMin = 150;
constexpr uint64_t kStepsMore = 150;

Difference CheckEvent(const sync::Event& event) {
  Difference difference = Secrets::CheckBytes(event.text, "an event");
  for (const auto& [name, value] : event.fields) {
    if (difference.empty()) difference = Secrets::CheckBytes(value, "an event");
  }
  return difference;
}

}  // namespace

Driver::Driver(uint64_t seed, Probes* probes)
    : probes_(probes), chooser_(seed), world_(seed ^ 0x5eed), checker_(&world_, probes) {
  online_percent_ = chooser_.Pick(std::vector<uint64_t>{25, 50, 80});
  const uint64_t sites = 1 + chooser_.Below(chooser_.Percent(60) ? 1 : 3);
  for (uint64_t i = 0; i < sites; ++i) {
    sites_.push_back({std::string(kStudy), absl::StrCat("H", i + 1)});
  }
  const uint64_t replicas = std::max<uint64_t>(sites, 2 + chooser_.Below(3));
  for (uint64_t i = 0; i < replicas; ++i) {
    const SiteName& site = sites_[i % sites_.size()];
    world::Node& node = world_.AddReplica(
        site, absl::StrCat(site.site, "-", std::string(1, static_cast<char>('a' + i))));
    replicas_.push_back({&node, site, false});
    checker_.AddReplica(&node, site);
  }
}

Report Driver::Run() {
  SetUp();
  const uint64_t steps = kStepsMin + chooser_.Below(kStepsMore);
  for (uint64_t i = 0; i < steps && failure_.empty(); ++i) RunStep();
  if (failure_.empty()) Repair();
  Report report;
  report.failure = failure_;
  report.trail = trail_;
  if (failure_.empty()) report.end_state = checker_.EndState();
  return report;
}

// The first version is published and mostly active everywhere, and mostly some subjects are known
// at all replicas.
void Driver::SetUp() {
  Publish();
  if (chooser_.Percent(50)) Publish();
  for (const SiteName& site : sites_) {
    for (uint32_t version = 1; version <= published_; ++version) {
      v1::ActivateStudyVersionRequest request;
      request.set_name(absl::StrCat("studies/", kStudy, "/versions/", version));
      request.set_site(site.site);
      request.set_author("manager");
      if (chooser_.Percent(95)) world_.coordinator().Do(request);
    }
  }
  if (chooser_.Percent(5)) return;
  for (const Place& place : replicas_) world_.SetLink(*place.node, true);
  world_.RunUntilQuiet();
  if (chooser_.Percent(15)) return;
  for (size_t i = 0; i < sites_.size(); ++i) {
    for (const char* name : {"S1/BASE/LAB", "S1/VISIT~1/LAB", "S2/VISIT~1/AE~1"}) {
      v1::WriteRecordRequest request = RandomWrite(replicas_[i], name);
      request.set_create_missing(true);
      Do(replicas_[i], request, absl::StrCat("sets up ", name));
    }
  }
  world_.RunUntilQuiet();
  failure_ = checker_.AfterStep();
}

// The faults end, what is down starts again, everything is delivered.
void Driver::Repair() {
  Say("--- repair");
  for (world::Node* node : {&world_.coordinator()}) {
    world_.CalmDown(*node);
    if (!node->up()) world_.Restart(*node);
  }
  for (const Place& place : replicas_) {
    world_.CalmDown(*place.node);
    if (!place.node->up()) world_.Restart(*place.node);
    world_.SetLink(*place.node, false);
  }
  // So that every site has a log and nobody is turned away.
  for (const SiteName& site : sites_) {
    v1::ActivateStudyVersionRequest request;
    request.set_name(absl::StrCat("studies/", kStudy, "/versions/", published_));
    request.set_site(site.site);
    request.set_author("manager");
    world_.coordinator().Do(request);
  }
  for (const Place& place : replicas_) world_.SetLink(*place.node, true);
  world_.RunUntilQuiet();
  failure_ = checker_.AfterStep();
  if (failure_.empty()) failure_ = checker_.AtQuiet();
  for (const Place& place : replicas_) {
    if (failure_.empty()) failure_ = checker_.CheckView(*place.node);
  }
}

void Driver::RunStep() {
  static const auto& weights = *new std::vector<std::pair<Step, uint64_t>>{
      {&Driver::WriteFresh, 14},     {&Driver::WriteWithoutLooking, 5},
      {&Driver::WriteOver, 9},       {&Driver::OpenForms, 8},
      {&Driver::SaveForm, 9},        {&Driver::WriteSeveral, 2},
      {&Driver::ActOnRecord, 8},     {&Driver::SettleSomething, 14},
      {&Driver::CreateSubject, 2},   {&Driver::Rename, 2},
      {&Driver::OpenQuery, 2},       {&Driver::RepeatRequest, 3},
      {&Driver::Publish, 1},         {&Driver::Activate, 2},
      {&Driver::Retire, 1},          {&Driver::ChangeLink, 7},
      {&Driver::CutSession, 3},      {&Driver::DeliverSome, 24},
      {&Driver::DeliverTogether, 9}, {&Driver::LosePower, 2},
      {&Driver::ArmPowerLoss, 3},    {&Driver::Restart, 5},
      {&Driver::PassTime, 2},        {&Driver::LookAtView, 5},
  };
  uint64_t total = 0;
  for (const auto& [step, weight] : weights) total += weight;
  uint64_t choice = chooser_.Below(total);
  for (const auto& [step, weight] : weights) {
    if (choice < weight) {
      (this->*step)();
      break;
    }
    choice -= weight;
  }
  if (failure_.empty()) failure_ = checker_.AfterStep();
  for (std::string& line : checker_.TakeLines()) Say(std::move(line));
  std::vector<world::Node*> nodes = world_.replicas();
  nodes.push_back(&world_.coordinator());
  for (world::Node* node : nodes) {
    for (const sync::Event& event : node->TakeEvents()) {
      if (failure_.empty()) failure_ = CheckEvent(event);
      if (event.severity == sync::Event::Severity::kAlarm && failure_.empty()) {
        failure_ = absl::StrCat("an alarm at ", node->name(), ": ", event.text,
                                event.fields.empty() ? "" : " " + event.fields[0].second);
      }
    }
  }
}

}  // namespace trialsync::system_test
