// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/study_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/format.h"
#include "daemon/command/table.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

std::string SiteOf(const v1::StudyVersionActivation& activation) {
  return activation.site().substr(activation.site().rfind('/') + 1);
}

// `1 to 400`, `at least 1`; empty if both limits are open.
std::string Limits(const v1::Range& range) {
  if (range.minimum().empty() && range.maximum().empty()) return "";
  if (range.maximum().empty()) return absl::StrCat("at least ", range.minimum());
  if (range.minimum().empty()) return absl::StrCat("at most ", range.maximum());
  return absl::StrCat(range.minimum(), " to ", range.maximum());
}

std::string Rules(const v1::ItemDefinition& item) {
  std::vector<std::string> rules;
  if (item.required()) rules.push_back("required");
  if (item.site_only()) rules.push_back("stays at the site");
  if (item.owner() == v1::OWNER_CENTRE) rules.push_back("owned by the centre");
  if (item.on_conflict() == v1::CONFLICT_POLICY_LATEST) rules.push_back("latest wins");
  if (item.retired()) rules.push_back("retired");
  if (const std::string hard = Limits(item.hard_range()); !hard.empty()) {
    rules.push_back(absl::StrCat("queried unless ", hard));
  }
  if (const std::string soft = Limits(item.soft_range()); !soft.empty()) {
    rules.push_back(absl::StrCat("remarked unless ", soft));
  }
  return absl::StrJoin(rules, ", ");
}

void PrintSites(const v1::StudyVersion& version, std::ostream& out) {
  Table sites({"SITE", "STATE", "COMMIT", "APPROVED", "REFERENCE"});
  for (const v1::StudyVersionActivation& activation : version.activations()) {
    sites.AddRow({SiteOf(activation), Word(activation.state()),
                  activation.commit() == 0 ? "" : absl::StrCat(activation.commit()),
                  activation.approval_date(), activation.approval_reference()});
  }
  sites.Print(out);
  if (version.activations().empty()) out << "active at: no site\n";
}

void PrintEvents(const v1::StudyDefinition& definition, std::ostream& out) {
  Table events({"EVENT", "FORMS"});
  for (const v1::EventDefinition& event : definition.events()) {
    std::vector<std::string> forms;
    for (const v1::FormDefinition& form : definition.forms()) {
      for (const uint32_t id : event.forms()) {
        if (id == form.id()) forms.push_back(form.name() + (form.repeating() ? "~" : ""));
      }
    }
    events.AddRow({event.name() + (event.repeating() ? "~" : ""), absl::StrJoin(forms, ", ")});
  }
  events.Print(out);
}

void PrintForms(const v1::StudyDefinition& definition, std::ostream& out) {
  Table items({"FORM", "ITEM", "TYPE", "UNITS OR CODES", "RULES"});
  Table checks({"FORM", "CHECK", "IF NOT", "RULE"});
  for (const v1::FormDefinition& form : definition.forms()) {
    for (const v1::ItemDefinition& item : form.items()) {
      items.AddRow({form.name(), item.name(), Word(item.type()),
                    absl::StrCat(absl::StrJoin(item.units(), ", "), item.code_list()),
                    Rules(item)});
    }
    for (const v1::Check& check : form.checks()) {
      checks.AddRow(
          {form.name(), check.name(), check.soft() ? "remarked" : "queried", check.rule()});
    }
  }
  items.Print(out);
  checks.Print(out);
}

}  // namespace

std::string ActiveSites(const v1::StudyVersion& version) {
  std::vector<std::string> sites;
  for (const v1::StudyVersionActivation& activation : version.activations()) {
    const std::string site = SiteOf(activation);
    const bool active = activation.state() == v1::StudyVersionActivation::ACTIVE;
    sites.push_back(active ? site : absl::StrCat(site, " (", Word(activation.state()), ")"));
  }
  return absl::StrJoin(sites, ", ");
}

void PrintVersion(const v1::StudyVersion& version, std::ostream& out) {
  out << Printable(version.name()) << "\nsha256 " << ShortHex(version.version().sha256()) << "\n";
  PrintSites(version, out);
  PrintEvents(version.definition(), out);
  PrintForms(version.definition(), out);
}

}  // namespace trialsync::command
