// SPDX-License-Identifier: Apache-2.0
#include "tests/model/recovery/schedule.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tests/model/dice.h"
#include "tests/model/recovery/coordinator.h"
#include "tests/model/recovery/describe.h"
#include "tests/model/recovery/log.h"
#include "tests/model/recovery/site.h"
#include "tests/model/recovery/truth.h"

namespace trialsync::model::recovery {
namespace {

constexpr int kMachinesMax = 5;
constexpr int kChangesCap = 60;  // of kIdsMax
constexpr int kItems = 3;
constexpr int kQuietRoundsMax = 12;

class RandomNumbers : public Entropy {
 public:
  explicit RandomNumbers(Dice& dice) : dice_(dice) {}
  int Incarnation() override { return ++incarnations_; }
  int Epoch() override {
    int epoch = 0;
    do epoch = 1 + static_cast<int>(dice_.Below(999));
    while (!epochs_.insert(epoch).second);
    return epoch;
  }

 private:
  Dice& dice_;
  int incarnations_ = 0;
  std::set<int> epochs_;
};

struct SiteImage {
  Site site;
  Given given;
};

struct CentreImage {
  Coordinator centre;
  Given given;
};

// A machine at a site: its store, and what the truth knows of it.
struct Machine {
  Site site;
  Given given;
  bool connected = false;
  int cursor = 0;                // of the session: what was sent downstream
  std::uint64_t refused_at = 0;  // the coordinator's root when a batch did not fit
  bool copied = false;  // it knows that another machine has its store: it waits for the command
};

class Simulation {
 public:
  Simulation(const Setting& setting, std::uint64_t seed, const Rules& rules, bool trace)
      : setting_(setting),
        rules_(rules),
        dice_(seed * 64 + static_cast<std::uint64_t>(&setting - Settings().data())),
        trace_(trace),
        numbers_(dice_),
        centre_(rules_, numbers_.Epoch()) {
    machines_.reserve(kMachinesMax);
    for (int i = 0; i < setting.sites; ++i) {
      machines_.push_back({Site(rules_, ++replicas_, numbers_.Incarnation()), {}});
      site_images_.emplace_back();
      KeepSite(static_cast<std::size_t>(i));
    }
    centre_images_.push_back({centre_, centre_given_});
  }

  ScheduleReport Run() {
    const int range = setting_.steps_max - setting_.steps_min + 1;
    const int steps =
        setting_.steps_min + static_cast<int>(dice_.Below(static_cast<std::uint64_t>(range)));
    for (int i = 0; i < steps && Fine(); ++i) Take(PickStep());
    if (Fine()) BecomeQuiet();
    report_.failure = truth_.failure();
    report_.commits = centre_.log.Size();
    report_.contradicted = static_cast<int>(centre_.log.Contradicted().count());
    report_.stopped = centre_.stopped;
    return std::move(report_);
  }

 private:
  bool Fine() const { return truth_.failure().empty(); }
  Machine& Somewhere() { return machines_[dice_.Below(machines_.size())]; }
  std::string NameOf(const Machine& machine) const {
    return std::string("machine ") + std::to_string(&machine - machines_.data() + 1);
  }
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
    return Step::kWrite;
  }

  void Take(Step step) {
    switch (step) {
      case Step::kWrite:
        return Write(Somewhere());
      case Step::kWriteAtCentre:
        return WriteAtCentre();
      case Step::kConnect:
        return Connect(Somewhere());
      case Step::kSend:
        return SendBatch(Somewhere(), 1 + static_cast<int>(dice_.Below(3)));
      case Step::kReceive:
        return ReceiveFrame(Somewhere(), 1 + static_cast<int>(dice_.Below(4)));
      case Step::kCut:
        return Cut(Somewhere());
      case Step::kKeepSite:
        return KeepSite(dice_.Below(machines_.size()));
      case Step::kRestoreSite:
        return RestoreSite(dice_.Below(machines_.size()), /*marked=*/false);
      case Step::kRestoreSiteMarked:
        return RestoreSite(dice_.Below(machines_.size()), /*marked=*/true);
      case Step::kCopySite:
        return CopySite();
      case Step::kBecome:
        return Become(Somewhere());
      case Step::kKeepCentre:
        centre_images_.push_back({centre_, centre_given_});
        return Note("an image of the coordinator is taken at " + Describe(centre_.log.Head()));
      case Step::kRestoreCentre:
        return RestoreCentre(dice_.Pick(centre_images_), /*marked=*/true);
      case Step::kWipeCentre:
        return RestoreCentre({Coordinator(rules_, 0), {}}, /*marked=*/true);
      case Step::kRestoreCentreUnmarked:
        return RestoreCentre(dice_.Pick(centre_images_), /*marked=*/false);
      case Step::kLie:
        return Lie(Somewhere());
    }
  }

  // People.

  Change NewChange(const Given& given) {
    Change change;
    change.id = ++ids_;
    change.item = 1 + static_cast<int>(dice_.Below(kItems));
    if (ids_ > 1 && dice_.Percent(setting_.waiting_percent)) {
      const Id other = 1 + static_cast<Id>(dice_.Below(static_cast<std::uint64_t>(ids_ - 1)));
      const bool here = given.kept.test(static_cast<std::size_t>(other));
      if (!here) change.needs = other;
    }
    return change;
  }

  void Write(Machine& machine) {
    if (ids_ >= kChangesCap || machine.site.restored) return;
    const Change change = machine.site.Author(NewChange(machine.given));
    truth_.Authored(change, machine.given, machine.site.log);
    Note(NameOf(machine) + " writes " + Describe(change));
  }

  void WriteAtCentre() {
    if (ids_ >= kChangesCap || centre_.stopped) return;
    const Change change = NewChange(centre_given_);
    truth_.Authored(change, centre_given_, centre_.log);
    centre_.Act(change, numbers_);
    Note("the centre writes " + Describe(change));
    Committed();
  }

  // The network.

  void Cut(Machine& machine) {
    if (machine.connected) Note(NameOf(machine) + " is cut off");
    machine.connected = false;
    machine.site.OnCut();
  }

  void CutAll() {
    for (Machine& machine : machines_) {
      machine.connected = false;
      machine.site.OnCut();
    }
  }

  void Fence(const Machine& newer) {
    for (Machine& other : machines_) {
      const bool same = &other != &newer && other.site.replica == newer.site.replica;
      if (!same || !other.connected) continue;
      Cut(other);
      other.copied = !rules_.copy_keeps_its_name;
      Note(NameOf(other) + " learns that it is one of two");
    }
  }

  void Connect(Machine& machine) {
    if (machine.copied) return;
    Cut(machine);
    Fence(machine);
    Site& site = machine.site;
    switch (centre_.Hello(site.log, truth_.Covers(site.log))) {
      case Meeting::kPrefix:
        Note(NameOf(machine) + " connects at " + Describe(site.log.Head()));
        break;
      case Meeting::kRewind:
        if (!Rewind(machine)) return;
        break;
      case Meeting::kHandOver:
        return HandOver(machine);
      case Meeting::kRefused:
        return truth_.Require(false, "an honest site is refused", 0);
      case Meeting::kStopped:
        Note(NameOf(machine) + " connects, and finds the partition stopped");
        return truth_.Stopped();
    }
    machine.connected = true;
    machine.cursor = site.log.Size();
    const int before = site.chain;
    site.OnWelcome(centre_.WelcomeFor(site.chain), numbers_);
    CountStamps(machine, before);
  }

  bool Rewind(Machine& machine) {
    Site& site = machine.site;
    const int common = centre_.log.CommonWith(site.log);
    const bool cut = rules_.rewind_then_pull && dice_.Percent(50);
    if (!site.OnRewind(cut ? centre_.log.Prefix(common) : centre_.log)) {
      Note(NameOf(machine) + " refuses a rewind that does not name what it has");
      centre_.stopped = true;
      truth_.Stopped();
      return false;
    }
    ++report_.rewinds;
    Note(NameOf(machine) + " is rewound to the log at " + Describe(site.log.Head()));
    truth_.Keeps(machine.given, site.log, site.outbox, !cut);
    return true;
  }

  void HandOver(Machine& machine) {
    const Log before = centre_.log;
    const int count = dice_.Percent(75) ? kChangesCap * 2 : 1;
    centre_.HandOver(machine.site.log, count, numbers_);
    ++report_.refills;
    Note(NameOf(machine) + " hands over its log up to " + Describe(machine.site.log.Head()) +
         ", and the coordinator has " + Describe(centre_.log));
    if (rules_.sessions_outlive_refill) {
      Cut(machine);
    } else {
      CutAll();
    }
    truth_.HandedOver(before, machine.site.log, centre_.log);
    Committed();
  }

  void SendBatch(Machine& machine, int count) {
    if (!machine.connected || centre_.stopped) return;
    const std::optional<Batch> batch = machine.site.Send(count);
    if (!batch) return;
    const bool fits = centre_.OnBatch(*batch);
    Note(NameOf(machine) + " sends " + Describe(*batch) + (fits ? "" : ": it does not fit"));
    if (!fits) {
      const std::uint64_t root = centre_.log.RootAt(centre_.log.Size());
      truth_.Require(machine.refused_at != root, "what did not fit is sent again in vain", 0);
      machine.refused_at = root;
      const int before = machine.site.chain;
      machine.site.OnMisfit(centre_.log.Size(), numbers_);
      CountStamps(machine, before);
    }
    Committed();
  }

  void ReceiveFrame(Machine& machine, int count) {
    if (!machine.connected || centre_.stopped) return;
    std::vector<Commit> frame;
    while (count-- > 0 && machine.cursor < centre_.log.Size()) {
      frame.push_back(centre_.log.At(++machine.cursor));
    }
    if (frame.empty()) return;
    Site& site = machine.site;
    const int before = site.chain;
    site.OnFrame(frame, numbers_);
    truth_.Signed(centre_.epoch, centre_.log, machine.cursor);
    truth_.Require(site.log.RootAt(site.log.Size()) == centre_.log.RootAt(machine.cursor),
                   "a frame does not fit the log of its receiver", 0);
    truth_.Keeps(machine.given, site.log, site.outbox, !rules_.rewind_then_pull);
    Note(NameOf(machine) + " receives up to " + Describe(site.log.Head()));
    CountStamps(machine, before);
  }

  void CountStamps(const Machine& machine, int before) {
    if (machine.site.chain == before) return;
    ++report_.stamped_again;
    Note(NameOf(machine) + " stamps its outbox again: " + Describe(machine.site));
  }

  // The coordinator made commits.
  void Committed() {
    truth_.Signed(centre_.epoch, centre_.log, centre_.log.Size());
    truth_.Committed(centre_.log);
    truth_.Keeps(centre_given_, centre_.log, {}, true);
  }

  // A peer that is broken or hostile: what it claims, nobody made and nobody signed.
  void Lie(const Machine& machine) {
    if (centre_.stopped) return;
    Log claimed = machine.site.log;
    const Position head = claimed.Head();
    const Change invented{static_cast<Id>(kIdsMax - 1), head, 1, 0};
    claimed.Append({{head.number == 0 ? 1 : head.epoch, head.number + 1},
                    invented,
                    {numbers_.Incarnation(), 1},
                    {},
                    nullptr});
    const Meeting meeting = centre_.Hello(claimed, truth_.Covers(claimed));
    if (meeting == Meeting::kHandOver) centre_.HandOver(claimed, kChangesCap, numbers_);
    truth_.Require(meeting == Meeting::kRefused, "a claim that nobody signed is not refused", 0);
  }

  // Stores.

  void KeepSite(std::size_t at) {
    site_images_[at].push_back({machines_[at].site, machines_[at].given});
    site_images_[at].back().site.OnCut();
    Note("an image of machine " + std::to_string(at + 1) + " is taken");
  }

  void RestoreSite(std::size_t at, bool marked) {
    Machine& machine = machines_[at];
    Cut(machine);
    const SiteImage& image = dice_.Pick(site_images_[at]);
    machine.site = image.site;
    machine.given = image.given;
    machine.copied = false;
    machine.refused_at = 0;
    machine.site.restored = marked;
    Note(NameOf(machine) + " is put back to " + Describe(machine.site) +
         (marked ? ", and knows it" : ""));
  }

  void CopySite() {
    if (machines_.size() >= kMachinesMax) return;
    const std::size_t at = dice_.Below(machines_.size());
    machines_.push_back({machines_[at].site, machines_[at].given});
    machines_.back().site.OnCut();
    site_images_.push_back(site_images_[at]);
    Note(NameOf(machines_[at]) + " is copied to " + NameOf(machines_.back()));
  }

  void Become(Machine& machine) {
    if (!machine.copied) return;
    machine.copied = false;
    machine.site.Become(++replicas_, numbers_);
    Note(NameOf(machine) + " becomes a replica of its own");
  }

  void RestoreCentre(const CentreImage& image, bool marked) {
    if (centre_rollbacks_ >= setting_.centre_rollbacks_max) return;
    ++centre_rollbacks_;
    CutAll();
    centre_ = image.centre;
    centre_given_ = image.given;
    if (marked) centre_.OnRestored(numbers_);
    truth_.CentreWentBack(marked);
    Note("the coordinator is put back to " + Describe(centre_.log.Head()) + ", epoch " +
         std::to_string(centre_.epoch));
  }

  // Faults have stopped, links are up, queues drain.
  void BecomeQuiet() {
    Note("quiet");
    std::vector<Log> logs{centre_.log};
    for (const Machine& machine : machines_) logs.push_back(machine.site.log);
    for (int round = 0; round < kQuietRoundsMax && Fine() && !centre_.stopped && !Equal();
         ++round) {
      for (Machine& machine : machines_) Drain(machine);
    }
    if (!Fine()) return;
    if (centre_.stopped) return;
    for (const Machine& machine : machines_) {
      truth_.QuietAt(machine.given, machine.site.log, machine.site.outbox, centre_.log);
    }
    truth_.Quiet(logs, centre_given_, centre_.log);
  }

  bool Equal() const {
    return std::all_of(machines_.begin(), machines_.end(), [&](const Machine& machine) {
      const Site& site = machine.site;
      return site.log.Size() == centre_.log.Size() && site.outbox.empty() && !machine.copied &&
             site.log.RootAt(site.log.Size()) == centre_.log.RootAt(centre_.log.Size());
    });
  }

  void Drain(Machine& machine) {
    Become(machine);
    Connect(machine);
    for (int i = 0; i < 8 && machine.connected && Fine(); ++i) {
      ReceiveFrame(machine, kChangesCap * 2);
      SendBatch(machine, kChangesCap);
    }
    ReceiveFrame(machine, kChangesCap * 2);
    Cut(machine);
  }

  const Setting& setting_;
  Rules rules_;
  Dice dice_;
  bool trace_;
  RandomNumbers numbers_;
  Coordinator centre_;
  Given centre_given_;
  std::vector<Machine> machines_;
  std::vector<std::deque<SiteImage>> site_images_;
  std::deque<CentreImage> centre_images_;
  Truth truth_;
  ScheduleReport report_;
  Id ids_ = 0;
  int replicas_ = 0;
  int centre_rollbacks_ = 0;
};

}  // namespace

ScheduleReport RunSchedule(const Setting& setting, std::uint64_t seed, const Rules& rules,
                           bool trace) {
  return Simulation(setting, seed, rules, trace).Run();
}

}  // namespace trialsync::model::recovery
