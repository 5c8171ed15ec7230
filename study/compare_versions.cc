// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "study/versions.h"

namespace trialsync::study {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 30> kDifferenceNames = {
    "item-removed",       "item-moved",
    "type-changed",       "code-removed",
    "unit-removed",       "site-only-set",
    "lineage-changed",    "split-without-step",
    "form-removed",       "form-repeat-changed",
    "event-removed",      "event-repeat-changed",
    "event-form-removed", "item-added",
    "required-added",     "renamed",
    "type-widened",       "retired",
    "reinstated",         "code-added",
    "units-changed",      "range-changed",
    "site-only-cleared",  "reveals-arm-changed",
    "owner-changed",      "conflict-policy-changed",
    "form-added",         "event-added",
    "event-form-added",   "checks-changed",
};
static_assert(static_cast<size_t>(Difference::kChecksChanged) + 1 == kDifferenceNames.size());

std::vector<std::string> UnitsOf(const v1::ItemDefinition& item) {
  // A quantity without units is a pure number: its unit is empty.
  if (item.units().empty()) return {""};
  return {item.units().begin(), item.units().end()};
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

const v1::Code* FindCode(const v1::CodeList* list, const std::string& code) {
  if (list == nullptr) return nullptr;
  for (const v1::Code& candidate : list->codes()) {
    if (candidate.code() == code) return &candidate;
  }
  return nullptr;
}

bool SameRange(const v1::Range& a, const v1::Range& b) {
  return a.minimum() == b.minimum() && a.maximum() == b.maximum();
}

bool IsWidening(v1::ItemType before, v1::ItemType after) {
  return (before == v1::ITEM_TYPE_INTEGER && after == v1::ITEM_TYPE_DECIMAL) ||
         (before == v1::ITEM_TYPE_CODED && after == v1::ITEM_TYPE_TEXT);
}

std::string ChecksOf(const v1::FormDefinition& form) {
  v1::FormDefinition only;
  *only.mutable_checks() = form.checks();
  return only.SerializeAsString();
}

class Comparer {
 public:
  Comparer(const Definition& before, const Definition& after) : before_(before), after_(after) {}

  std::vector<VersionFinding> Run() {
    for (const v1::FormDefinition& form : before_.proto().forms()) CompareForm(form);
    for (const v1::FormDefinition& form : after_.proto().forms()) AddNewOnes(form);
    for (const v1::EventDefinition& event : before_.proto().events()) CompareEvent(event);
    for (const v1::EventDefinition& event : after_.proto().events()) {
      if (before_.FindEvent(event.id()) == nullptr) {
        Add({.difference = Difference::kEventAdded, .event = event.id()}, event.name(),
            "the event is new");
      }
    }
    return std::move(findings_);
  }

 private:
  void Add(VersionFinding finding, std::string_view name, std::string_view sentence) {
    finding.sentence = absl::StrCat(absl::string_view(name.data(), name.size()), ": ",
                                    absl::string_view(sentence.data(), sentence.size()));
    findings_.push_back(std::move(finding));
  }

  // Of anything that has a name and can be retired.
  template <typename Named>
  void CompareNames(const VersionFinding& about, const std::string& name, const Named& before,
                    const Named& after) {
    VersionFinding finding = about;
    if (before.name() != after.name()) {
      finding.difference = Difference::kRenamed;
      Add(finding, name, absl::StrCat("renamed to ", after.name(), "; the id stays"));
    }
    if (before.retired() == after.retired()) return;
    finding.difference = after.retired() ? Difference::kRetired : Difference::kReinstated;
    Add(finding, name,
        after.retired() ? "retired: still read, no longer written" : "no longer retired");
  }

  void CompareForm(const v1::FormDefinition& before) {
    const v1::FormDefinition* after = after_.FindForm(before.id());
    const VersionFinding about = {.difference = Difference::kRenamed, .form = before.id()};
    if (after == nullptr) {
      Add({.difference = Difference::kFormRemoved, .form = before.id()}, before.name(),
          "the form was removed; keep it and mark it retired");
    } else {
      CompareNames(about, before.name(), before, *after);
      if (before.repeating() != after->repeating()) {
        Add({.difference = Difference::kFormRepeatChanged, .form = before.id()}, before.name(),
            "whether the form repeats was changed, and its records are named by it; make a new "
            "form");
      }
      if (ChecksOf(before) != ChecksOf(*after)) {
        Add({.difference = Difference::kChecksChanged, .form = before.id()}, before.name(),
            "the checks differ; they run anew on what is changed from now on");
      }
    }
    for (const v1::ItemDefinition& item : before.items()) CompareItem(before, item);
  }

  void CompareItem(const v1::FormDefinition& form, const v1::ItemDefinition& before) {
    const std::string name = absl::StrCat(form.name(), ".", before.name());
    const VersionFinding about = {
        .difference = Difference::kRenamed, .form = form.id(), .item = before.id()};
    const auto add = [&](Difference difference, std::string_view sentence) {
      VersionFinding finding = about;
      finding.difference = difference;
      Add(finding, name, sentence);
    };
    const v1::ItemDefinition* after = after_.FindItem(before.id());
    if (after == nullptr) {
      add(Difference::kItemRemoved, "the item was removed; keep it and mark it retired");
      return;
    }
    CompareNames(about, name, before, *after);
    if (after_.FormOfItem(before.id())->id() != form.id()) {
      add(Difference::kItemMoved,
          "the item was moved to another form, where its records are not; leave it and make a new "
          "item there");
    }
    if (before.split_from() != after->split_from()) {
      add(Difference::kLineageChanged,
          "split_from was changed, and conflicts are judged by it; make a new item");
    }
    CompareTypes(about, name, before, *after);
    CompareAttributes(about, name, before, *after);
  }

  void CompareTypes(const VersionFinding& about, const std::string& name,
                    const v1::ItemDefinition& before, const v1::ItemDefinition& after) {
    if (before.type() != after.type()) {
      VersionFinding finding = about;
      const bool wider = IsWidening(before.type(), after.type());
      finding.difference = wider ? Difference::kTypeWidened : Difference::kTypeChanged;
      Add(finding, name,
          wider ? "the new type takes over every value of the old one"
                : "the type was changed, and stored values are not of it; retire the item and make "
                  "a new one");
      return;
    }
    if (before.type() == v1::ITEM_TYPE_CODED) CompareCodes(about, name, before, after);
    if (before.type() == v1::ITEM_TYPE_QUANTITY) CompareUnits(about, name, before, after);
  }

  void CompareCodes(VersionFinding about, const std::string& name, const v1::ItemDefinition& before,
                    const v1::ItemDefinition& after) {
    const v1::CodeList* old_list = before_.FindCodeList(before.code_list());
    const v1::CodeList* new_list = after_.FindCodeList(after.code_list());
    for (const v1::Code& code : old_list->codes()) {
      about.detail = code.code();
      const v1::Code* same = FindCode(new_list, code.code());
      if (same == nullptr) {
        about.difference = Difference::kCodeRemoved;
        about.covered_by_step = HasRecode(before.id(), code.code());
        Add(about, name,
            absl::StrCat("the code ", code.code(), " was removed; ",
                         about.covered_by_step ? "a recode step says how it is read"
                                               : "declare a recode step, or mark it retired"));
        about.covered_by_step = false;
      } else if (same->retired() != code.retired()) {
        about.difference = same->retired() ? Difference::kRetired : Difference::kReinstated;
        Add(about, name,
            absl::StrCat("the code ", code.code(),
                         same->retired() ? " is retired" : " is no longer retired"));
      }
    }
    for (const v1::Code& code : new_list->codes()) {
      if (FindCode(old_list, code.code()) != nullptr) continue;
      about.difference = Difference::kCodeAdded;
      about.detail = code.code();
      Add(about, name, absl::StrCat("the code ", code.code(), " is new"));
    }
  }

  void CompareUnits(VersionFinding about, const std::string& name, const v1::ItemDefinition& before,
                    const v1::ItemDefinition& after) {
    const std::vector<std::string> old_units = UnitsOf(before);
    const std::vector<std::string> new_units = UnitsOf(after);
    if (old_units != new_units) {
      about.difference = Difference::kUnitsChanged;
      Add(about, name,
          absl::StrCat("the units differ; limits and rules are now in ",
                       new_units.front().empty() ? "no unit" : new_units.front()));
    }
    for (const std::string& unit : old_units) {
      if (Contains(new_units, unit)) continue;
      about.difference = Difference::kUnitRemoved;
      about.detail = unit;
      about.covered_by_step = HasConvert(before.id(), unit);
      Add(about, name,
          absl::StrCat("the unit '", unit, "' was removed; ",
                       about.covered_by_step ? "a convert step says how it is read"
                                             : "declare a convert step, or keep the unit"));
    }
  }

  void CompareAttributes(const VersionFinding& about, const std::string& name,
                         const v1::ItemDefinition& before, const v1::ItemDefinition& after) {
    const auto add_if = [&](bool differs, Difference difference, std::string_view sentence) {
      if (!differs) return;
      VersionFinding finding = about;
      finding.difference = difference;
      finding.covered_by_step = difference == Difference::kRequiredAdded && HasDefault(before.id());
      Add(finding, name, sentence);
    };
    add_if(!before.required() && after.required(), Difference::kRequiredAdded,
           "now required: records without it are incomplete");
    add_if(!before.site_only() && after.site_only(), Difference::kSiteOnlySet,
           "now site_only, but values that left the hospital cannot be called back; retire the "
           "item and make a new one");
    add_if(before.site_only() && !after.site_only(), Difference::kSiteOnlyCleared,
           "no longer site_only: what was withheld stays withheld");
    add_if(before.reveals_arm() != after.reveals_arm(), Difference::kRevealsArmChanged,
           after.reveals_arm() ? "now hidden from blinded roles, who may have seen values"
                               : "now shown to blinded roles");
    add_if(before.owner() != after.owner(), Difference::kOwnerChanged,
           "the owner was changed: the other side can now only propose");
    add_if(before.on_conflict() != after.on_conflict(), Difference::kConflictPolicyChanged,
           "on_conflict was changed");
    add_if(!SameRange(before.hard_range(), after.hard_range()) ||
               !SameRange(before.soft_range(), after.soft_range()),
           Difference::kRangeChanged, "the limits differ");
  }

  void AddNewOnes(const v1::FormDefinition& form) {
    if (before_.FindForm(form.id()) == nullptr) {
      Add({.difference = Difference::kFormAdded, .form = form.id()}, form.name(),
          "the form is new");
    }
    for (const v1::ItemDefinition& item : form.items()) {
      if (before_.FindItem(item.id()) == nullptr) AddNewItem(form, item);
    }
  }

  void AddNewItem(const v1::FormDefinition& form, const v1::ItemDefinition& item) {
    const std::string name = absl::StrCat(form.name(), ".", item.name());
    Add({.difference = Difference::kItemAdded, .form = form.id(), .item = item.id()}, name,
        "the item is new");
    if (item.required()) {
      const bool covered = HasDefault(item.id()) || HasSplitInto(item.id());
      Add({.difference = Difference::kRequiredAdded,
           .form = form.id(),
           .item = item.id(),
           .covered_by_step = covered},
          name, "new and required: records without it are incomplete");
    }
    if (item.split_from() != 0 && !HasSplitInto(item.id())) {
      Add({.difference = Difference::kSplitWithoutStep,
           .form = form.id(),
           .item = item.split_from()},
          name, "split off, but no split step gives it its part of the values; declare one");
    }
  }

  void CompareEvent(const v1::EventDefinition& before) {
    const VersionFinding about = {.difference = Difference::kRenamed, .event = before.id()};
    const v1::EventDefinition* after = after_.FindEvent(before.id());
    if (after == nullptr) {
      Add({.difference = Difference::kEventRemoved, .event = before.id()}, before.name(),
          "the event was removed; keep it and mark it retired");
      return;
    }
    CompareNames(about, before.name(), before, *after);
    if (before.repeating() != after->repeating()) {
      Add({.difference = Difference::kEventRepeatChanged, .event = before.id()}, before.name(),
          "whether the event repeats was changed, and its records are named by it; make a new "
          "event");
    }
    for (const uint32_t form : before.forms()) {
      if (after_.EventHasForm(before.id(), form)) continue;
      Add({.difference = Difference::kEventFormRemoved, .event = before.id(), .form = form},
          absl::StrCat(before.name(), ".", before_.FindForm(form)->name()),
          "the form was taken off the event; keep it there");
    }
    for (const uint32_t form : after->forms()) {
      if (before_.EventHasForm(before.id(), form)) continue;
      Add({.difference = Difference::kEventFormAdded, .event = before.id(), .form = form},
          absl::StrCat(before.name(), ".", after_.FindForm(form)->name()),
          "the form is new at this event");
    }
  }

  template <typename Predicate>
  bool HasStep(Predicate fits) const {
    const auto& steps = after_.proto().steps();
    return std::any_of(steps.begin(), steps.end(), fits);
  }
  bool HasRecode(uint32_t item, const std::string& code) const {
    return HasStep([&](const v1::MigrationStep& step) {
      return step.has_recode() && step.recode().item() == item && step.recode().from() == code;
    });
  }
  bool HasConvert(uint32_t item, const std::string& unit) const {
    return HasStep([&](const v1::MigrationStep& step) {
      return step.has_convert() && step.convert().item() == item &&
             step.convert().from_unit() == unit;
    });
  }
  bool HasDefault(uint32_t item) const {
    return HasStep([&](const v1::MigrationStep& step) {
      return step.has_default_value() && step.default_value().item() == item;
    });
  }
  bool HasSplitInto(uint32_t item) const {
    return HasStep([&](const v1::MigrationStep& step) {
      const auto& into = step.split().into();
      return step.has_split() && std::find(into.begin(), into.end(), item) != into.end();
    });
  }

  const Definition& before_;
  const Definition& after_;
  std::vector<VersionFinding> findings_;
};

}  // namespace

std::string_view DifferenceName(Difference difference) {
  return kDifferenceNames[static_cast<size_t>(difference)];
}

bool IsBreaking(Difference difference) { return difference <= Difference::kEventFormRemoved; }

bool VersionFinding::Touches(const v1::Value& value) const {
  if (!IsBreaking(difference)) return false;
  switch (difference) {
    case Difference::kTypeChanged:
    case Difference::kSiteOnlySet:
      return !value.has_missing() && !value.has_withheld();
    case Difference::kCodeRemoved:
      return value.has_code() && value.code() == detail;
    case Difference::kUnitRemoved:
      return value.has_quantity() && value.quantity().unit() == detail;
    default:
      return true;
  }
}

absl::StatusOr<std::vector<VersionFinding>> CompareVersions(const Definition& before,
                                                            const Definition& after) {
  const v1::VersionReference& previous = after.proto().previous();
  if (before.proto().study() != after.proto().study() || previous.number() != before.number() ||
      previous.sha256() != before.version().sha256()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "version ", after.number(), " of study ", after.proto().study(),
        " does not follow version ", before.number(), " of study ", before.proto().study(),
        " with hash ", before.hash().hex(), "; correct its key 'previous'"));
  }
  return Comparer(before, after).Run();
}

}  // namespace trialsync::study
