// SPDX-License-Identifier: Apache-2.0
#include "tests/model/schedule.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "tests/model/describe.h"
#include "tests/model/dice.h"
#include "tests/model/replica.h"
#include "tests/model/schedule_kinds.h"
#include "tests/model/truth.h"

namespace trialsync::model {
namespace {

constexpr const char* kForm = "F";
constexpr int kChangesCap = 60;  // of kChangesMax

class Simulation {
 public:
  Simulation(ScheduleKind kind, std::uint64_t seed, const Rules& rules, bool trace)
      : setting_(SettingOf(kind)),
        dice_(seed * 8 + static_cast<std::uint64_t>(kind)),
        trace_(trace),
        centre_(ScheduleStudy(), rules),
        truth_(ScheduleStudy()) {
    replicas_.reserve(3);
    replicas_.emplace_back("A", Side::kSite, ScheduleStudy(), rules);
    replicas_.emplace_back("B", Side::kSite, ScheduleStudy(), rules);
    replicas_.emplace_back("C", Side::kCentre, ScheduleStudy(), rules);
  }

  ScheduleReport Run() {
    Save(Centre(), Bare(Publish{{1, "h"}}));
    Save(Centre(), Bare(Activate{{1, "h"}}));
    if (dice_.Percent(setting_.early_percent)) Save(Centre(), Bare(Activate{{2, "h"}}));
    DeliverAll();
    const int range = setting_.steps_max - setting_.steps_min + 1;
    const int steps =
        setting_.steps_min + static_cast<int>(dice_.Below(static_cast<std::uint64_t>(range)));
    for (int i = 0; i < steps && Fine(); ++i) Take(PickStep());
    if (Fine()) DeliverAll();
    if (Fine()) CheckQuiet();
    report_.failure = failure_.empty() ? truth_.failure() : failure_;
    report_.commits = static_cast<int>(centre_.Log().size());
    for (const Discrepancy& discrepancy : centre_.Discrepancies()) {
      report_.disputes += discrepancy.kind == DiscrepancyKind::kDispute ? 1 : 0;
    }
    report_.predicted_disputes = truth_.predicted_disputes();
    return std::move(report_);
  }

 private:
  bool Fine() const { return failure_.empty() && truth_.failure().empty(); }
  Replica& Centre() { return replicas_[2]; }
  Replica& Somebody() { return replicas_[dice_.Below(replicas_.size())]; }
  Replica& SomebodyWithUnsent() {
    const std::size_t first = dice_.Below(replicas_.size());
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      Replica& replica = replicas_[(first + i) % replicas_.size()];
      if (replica.HasUnsent()) return replica;
    }
    return replicas_[first];
  }
  Replica& SomebodyAtTheSite() { return replicas_[dice_.Below(2)]; }

  void Note(const std::string& line) {
    if (trace_) report_.transcript += line + "\n";
  }

  Step PickStep() {
    int total = 0;
    for (const auto& [step, weight] : setting_.weights) total += weight;
    int left = static_cast<int>(dice_.Below(static_cast<std::uint64_t>(total)));
    for (const auto& [step, weight] : setting_.weights) {
      if ((left -= weight) < 0) return step;
    }
    return Step::kEdit;
  }

  void Take(Step step) {
    if (authored_ >= kChangesCap && step != Step::kDeliver && step != Step::kReceive) return;
    switch (step) {
      case Step::kEdit:
        return TakeEdit(Somebody());
      case Step::kOpenForm:
        return OpenTheForm(SomebodyAtTheSite());
      case Step::kSaveForm:
        return SaveTheForm(SomebodyAtTheSite());
      case Step::kDeliver:
        return Deliver(SomebodyWithUnsent());
      case Step::kReceive:
        return Receive(Somebody(), dice_.Percent(70) ? centre_.Log().size() : 1);
      case Step::kResend:
        return Resend();
      case Step::kComplete:
        return TakeAct(Somebody(), ActKind::kComplete);
      case Step::kVerify:
        return TakeAct(Somebody(), ActKind::kVerify);
      case Step::kSign:
        return TakeAct(Somebody(), ActKind::kSign);
      case Step::kFreeze:
        return TakeAct(Somebody(), ActKind::kFreeze);
      case Step::kLock:
        return TakeAct(Somebody(), ActKind::kLock);
      case Step::kUnlock:
        return TakeAct(Somebody(), ActKind::kUnlock);
      case Step::kVoid:
        return TakeAct(Somebody(), ActKind::kVoid);
      case Step::kReinstate:
        return TakeAct(Somebody(), ActKind::kReinstate);
      case Step::kDecide:
        return Decide(Somebody());
      case Step::kSettle:
        return Settle(Somebody());
      case Step::kBirth:
        return GiveBirth(SomebodyAtTheSite());
      case Step::kRename:
        return RenameOne(Somebody());
      case Step::kSame:
        return SayTheSame(Somebody());
      case Step::kEditBorn:
        return EditBorn(SomebodyAtTheSite());
      case Step::kPublish:
        return Save(Centre(), Bare(Publish{SomeVersion()}));
      case Step::kActivate:
        return Save(Centre(), Bare(Activate{SomeVersion()}));
      case Step::kRetire:
        return Save(Centre(), Bare(Retire{SomeVersion()}));
    }
  }

  // What somebody writes.

  Version SomeVersion() {
    static const auto& versions =
        *new std::vector<Version>{{1, "h"}, {2, "h"}, {2, "h"}, {2, "h"}, {2, "x"}};
    return dice_.Pick(versions);
  }

  Version VersionAt(const Replica& replica) {
    if (dice_.Percent(setting_.odd_version_percent)) return SomeVersion();
    std::vector<Version> active;
    for (const Version& version : replica.knowledge().activated) {
      if (!replica.knowledge().retired.contains(version)) active.push_back(version);
    }
    return active.empty() ? Version{} : dice_.Pick(active);
  }

  std::map<Item, Value> SomeValues(Item root, const Version& version) {
    static const auto& whole = *new std::vector<Value>{"1/2", "1/3", "2/2", "2/3", "n"};
    static const auto& plain = *new std::vector<Value>{"1", "2", "3"};
    static const auto& labels = *new std::vector<Value>{"a", "b"};
    if (root == kLabelItem) return {{root, dice_.Pick(labels)}};
    if (root != 10) return {{root, dice_.Pick(plain)}};
    const bool old = dice_.Percent(2) ? version.number >= 2 : version.number < 2;
    if (old) return {{root, dice_.Pick(whole)}};
    std::map<Item, Value> pieces;
    const std::uint64_t which = dice_.Below(3);
    if (which != 0) pieces[11] = plain[dice_.Below(2)];
    if (which != 1) pieces[12] = plain[1 + dice_.Below(2)];
    return pieces;
  }

  Change Bare(Body body) {
    Change change;
    change.body = std::move(body);
    return change;
  }

  void Save(Replica& replica, Change change) {
    SaveKnowing(replica, std::move(change), replica.knowledge());
  }

  void SaveKnowing(Replica& replica, Change change, Knowledge knowledge) {
    change.id = replica.name() + std::to_string(authored_++);
    std::vector<ChangeId> shown;
    if (const auto* edit = std::get_if<Edit>(&change.body)) {
      shown = replica.view().CellOf(change.record, edit->writes.begin()->first).writers;
    }
    change = replica.Author(std::move(change));
    truth_.Authored(change, knowledge, shown);
    if (trace_) Note(Describe(change));
  }

  // Steps of people.

  void TakeEdit(Replica& replica) {
    if (replica.RefusesWrites(kForm) && !dice_.Percent(4)) return;  // some replicas do not refuse
    Change change;
    change.version = VersionAt(replica);
    change.record = kForm;
    Edit edit{SomeValues(dice_.Pick(setting_.items), change.version)};
    if (dice_.Percent(20))
      edit.writes.merge(SomeValues(dice_.Pick(setting_.items), change.version));
    change.body = std::move(edit);
    Save(replica, std::move(change));
  }

  void OpenTheForm(Replica& replica) {
    const Item item = dice_.Pick(setting_.items);
    replica.form =
        OpenForm{kForm, item, VersionAt(replica), replica.EtagOf(kForm, item), replica.knowledge()};
    if (trace_) Note("somebody at " + replica.name() + " opens item " + std::to_string(item));
  }

  void SaveTheForm(Replica& replica) {
    if (!replica.form) return;
    const OpenForm form = *std::exchange(replica.form, std::nullopt);
    const bool aborted = replica.RefusesWrites(kForm) || !replica.StillStands(form);
    if (trace_) Note("the form at " + replica.name() + " is saved" + (aborted ? ": ABORTED" : ""));
    if (aborted) return;
    Change change;
    change.version = form.version;
    change.record = form.record;
    change.body = Edit{SomeValues(form.item, form.version)};
    // A version is chosen under the store's lock, not read off the form.
    Knowledge knowledge = replica.knowledge();
    knowledge.seen = form.knowledge.seen;
    SaveKnowing(replica, std::move(change), knowledge);
  }

  void TakeAct(Replica& replica, ActKind kind) {
    Change change;
    change.version = VersionAt(replica);
    change.record = kForm;
    change.body = Act{kind, replica.view().Digest(kForm)};
    Save(replica, std::move(change));
  }

  void Decide(Replica& replica) {
    std::vector<Discrepancy> open;
    for (const Discrepancy& discrepancy : replica.view().Discrepancies()) {
      const bool owner = ScheduleStudy().Rule(discrepancy.id.item)->owner == replica.side();
      if (discrepancy.open && (owner || dice_.Percent(15))) open.push_back(discrepancy);
    }
    if (open.empty()) return;
    const Discrepancy first = dice_.Pick(open);
    if (replica.RefusesWrites(first.record) && !dice_.Percent(10)) return;
    Change change;
    change.version = VersionAt(replica);
    change.record = first.record;
    Decision decision{{}, {first.id}};
    for (const Discrepancy& other : open) {
      const bool same_cell = other.record == first.record && other.id.item == first.id.item;
      if (same_cell && other.id != first.id && dice_.Percent(50))
        decision.closes.push_back(other.id);
    }
    if (dice_.Percent(setting_.hearsay_percent)) Overhear(first.id.item, decision);
    if (!dice_.Percent(15)) decision.writes = SomeValues(first.id.item, change.version);
    change.body = std::move(decision);
    Save(replica, std::move(change));
  }

  // Lists what the replica does not show: a change that made no dispute, or has not arrived.
  void Overhear(Item root, Decision& decision) {
    const ChangeId other = SomeId();
    if (other.empty()) return;
    if (dice_.Percent(40)) decision.closes.clear();
    decision.closes.push_back({other, root});
  }

  ChangeId SomeId() {
    std::vector<ChangeId> ids;
    for (const Replica& replica : replicas_) {
      for (const LogEntry& entry : replica.view().Log()) {
        if (entry.change.record == kForm) ids.push_back(entry.change.id);
      }
    }
    return ids.empty() ? ChangeId{} : dice_.Pick(ids);
  }

  void Settle(Replica& replica) {
    const bool hearsay = dice_.Percent(setting_.hearsay_percent);
    const std::vector<ChangeId> held = replica.view().Held();
    if (held.empty() && !hearsay) return;
    const ChangeId id = hearsay ? SomeId() : dice_.Pick(held);
    if (id.empty()) return;
    Change change;
    change.version = VersionAt(replica);
    change.body = Settlement{id, dice_.Percent(65)};
    Save(replica, std::move(change));
  }

  std::vector<ChangeId> BirthsAt(const Partition& partition, std::optional<ThingKind> kind) {
    std::vector<ChangeId> births;
    for (const LogEntry& entry : partition.Log()) {
      const auto* birth = std::get_if<Birth>(&entry.change.body);
      if (birth != nullptr && (!kind || birth->kind == *kind)) births.push_back(entry.change.id);
    }
    return births;
  }

  // A birth that the replica shows; by hearsay one that only another replica shows.
  ChangeId SomeBirth(const Replica& replica, std::optional<ThingKind> kind) {
    const Partition& at =
        dice_.Percent(setting_.hearsay_percent) ? Somebody().view() : replica.view();
    const std::vector<ChangeId> births = BirthsAt(at, kind);
    return births.empty() ? ChangeId{} : dice_.Pick(births);
  }

  void GiveBirth(Replica& replica) {
    static const auto& labels = *new std::vector<std::string>{"a", "a", "b"};
    Change change;
    change.version = VersionAt(replica);
    const ChangeId parent =
        dice_.Percent(40) ? SomeBirth(replica, ThingKind::kSubject) : ChangeId{};
    const ThingKind kind = parent.empty() ? ThingKind::kSubject : ThingKind::kForm;
    change.body = Birth{kind, parent, dice_.Pick(labels)};
    Save(replica, std::move(change));
  }

  void RenameOne(Replica& replica) {
    static const auto& labels = *new std::vector<std::string>{"a", "b", "c"};
    const ChangeId birth = SomeBirth(replica, std::nullopt);
    if (birth.empty()) return;
    Change change;
    change.version = VersionAt(replica);
    change.record = Partition::LabelRecord(birth);
    change.body = Rename{birth, dice_.Pick(labels)};
    Save(replica, std::move(change));
  }

  void SayTheSame(Replica& replica) {
    const std::vector<LabelClash> clashes = replica.view().LabelClashes();
    if (clashes.empty()) return;
    const LabelClash& clash = dice_.Pick(clashes);
    Change change;
    change.version = VersionAt(replica);
    change.body = Same{clash.earlier, clash.later};
    Save(replica, std::move(change));
  }

  void EditBorn(Replica& replica) {
    const ChangeId birth = SomeBirth(replica, std::nullopt);
    if (birth.empty() || replica.RefusesWrites(birth)) return;
    Change change;
    change.version = VersionAt(replica);
    change.record = birth;
    change.names = {birth};
    change.body = Edit{SomeValues(dice_.Pick(setting_.items), change.version)};
    Save(replica, std::move(change));
  }

  // Steps of the network.

  void Deliver(Replica& replica) {
    if (!replica.HasUnsent()) return;
    const Change change = replica.Send();
    results_.push_back(centre_.Commit(change));
    if (trace_) Note("  " + Describe(results_.back()));
    truth_.Committed(centre_, results_.back());
  }

  void Receive(Replica& replica, std::size_t count) {
    for (; count > 0 && Fine(); --count) {
      const auto next = static_cast<std::size_t>(replica.base().number);
      if (next >= results_.size()) break;
      replica.Receive(centre_.Log()[next].change, results_[next]);
    }
    replica.Rebase();
    if (trace_)
      Note("  " + replica.name() + " has received up to " + std::to_string(replica.base().number));
  }

  void Resend() {
    const Change change = dice_.Pick(centre_.Log()).change;
    const Position head = centre_.Head();
    const CommitResult result = centre_.Commit(change);
    if (trace_) Note("  " + change.id + " arrives again");
    if (!result.repeated || centre_.Head() != head)
      failure_ = change.id + ": it is committed twice";
  }

  void DeliverAll() {
    for (Replica& replica : replicas_) {
      while (replica.HasUnsent() && Fine()) Deliver(replica);
    }
    for (Replica& replica : replicas_) Receive(replica, results_.size());
  }

  // The same state everywhere, and nothing lost.
  void CheckQuiet() {
    truth_.Quiet(centre_);
    const std::string state = centre_.StateText();
    for (const Replica& replica : replicas_) {
      if (replica.view().StateText() != state)
        failure_ = replica.name() + " does not show what the centre has";
    }
    Note(state);
  }

  const ScheduleSetting& setting_;
  Dice dice_;
  bool trace_;
  Partition centre_;
  Truth truth_;
  std::vector<Replica> replicas_;
  std::vector<CommitResult> results_;
  ScheduleReport report_;
  std::string failure_;
  int authored_ = 0;
};

}  // namespace

ScheduleReport RunSchedule(ScheduleKind kind, std::uint64_t seed, const Rules& rules, bool trace) {
  return Simulation(kind, seed, rules, trace).Run();
}

}  // namespace trialsync::model
