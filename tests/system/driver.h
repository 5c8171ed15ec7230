// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SYSTEM_DRIVER_H_
#define TRIALSYNC_TESTS_SYSTEM_DRIVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/checker.h"
#include "tests/system/chooser.h"
#include "tests/system/probes.h"
#include "tests/system/study_under_test.h"
#include "tests/world/world.h"

namespace trialsync::system_test {

// What came of one run.
struct Report {
  // Empty: everything held.
  std::string failure;
  // What the driver did, one readable line a step, with the failing one last.
  std::vector<std::string> trail;
  // Of all stores at the end: the same seed gives the same.
  std::string end_state;
};

// One whole trial for one seed: people at up to four replicas of up to three sites and at the
// centre, who look, write, lock, decide and make mistakes; links that come and go; nodes that lose
// power. After each step the checker looks at what it touched; at the end everything is repaired,
// delivered and compared.
class Driver {
 public:
  Driver(uint64_t seed, Probes* probes);

  Report Run();

 private:
  struct Place {
    world::Node* node = nullptr;
    SiteName site;
    bool centre = false;
  };
  // A form that somebody has open.
  struct OpenForm {
    Place place;
    std::string name;
    std::string etag;
  };
  struct Asked {
    Place place;
    sync::ClientWork work;
  };
  using Step = void (Driver::*)();

  void SetUp();
  void Repair();
  void RunStep();

  // People (driver_steps.cc).
  void WriteFresh();
  void WriteWithoutLooking();
  void WriteOver();
  void OpenForms();
  void SaveForm();
  void WriteSeveral();
  void ActOnRecord();
  void SettleSomething();
  void CreateSubject();
  void Rename();
  void OpenQuery();
  void RepeatRequest();
  // The study.
  void Publish();
  void Activate();
  void Retire();
  // The world.
  void ChangeLink();
  void CutSession();
  void DeliverSome();
  void DeliverTogether();
  void LosePower();
  void ArmPowerLoss();
  void Restart();
  void PassTime();
  void LookAtView();

  std::optional<Place> PickPlace(int centre_percent);
  std::optional<Place> PickReplica();
  std::string SomeRecord(const Place& place);
  std::string RandomRecord(const SiteName& site);
  std::string RandomBirth(const SiteName& site);
  v1::WriteRecordRequest RandomWrite(const Place& place, const std::string& name);
  // What stands there for a person at the place; nothing if there is no such record.
  std::optional<v1::Record> Look(const Place& place, const std::string& name);
  std::vector<v1::Discrepancy> Worklist(const Place& place);
  void SettleOne(const Place& place, const v1::Discrepancy& discrepancy);
  void SettleLabel(const Place& place, const v1::Discrepancy& discrepancy);
  // Does the work at the place, alone or in one group with others, and takes note of the answers.
  void Do(const Place& place, sync::ClientWork work, const std::string& what);
  void Take(const Place& place, const sync::Answer& answer);
  // What a person at the place may give for the item.
  std::string ValueFor(const Place& place, const ItemUnderTest& item);
  // Tells the checker of the secrets in a request that was answered.
  void NoteSecrets(const Place& place, const sync::ClientWork& work, const sync::Answer& answer);
  std::string RequestId();
  std::string Author(const Place& place);
  void Say(std::string line) { trail_.push_back(std::move(line)); }

  Probes* probes_;
  Chooser chooser_;
  world::World world_;
  Checker checker_;
  std::vector<Place> replicas_;
  std::vector<SiteName> sites_;
  std::vector<OpenForm> forms_;
  std::vector<Asked> asked_;
  uint64_t online_percent_ = 0;
  uint32_t published_ = 0;
  uint64_t next_request_ = 1;
  uint64_t next_reason_ = 1;
  std::vector<std::string> trail_;
  std::string failure_;
};

}  // namespace trialsync::system_test

#endif  // TRIALSYNC_TESTS_SYSTEM_DRIVER_H_
