// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/import_names.h"

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command/exit_code.h"
#include "daemon/suggestion.h"

namespace trialsync::command {
namespace {

// The name that a template gives whatever the row: the text before its first hole or `~`. Nothing
// if a cell has a part in it.
std::optional<std::string> FixedName(const Template& text) {
  if (text.pieces.empty() || text.pieces[0].kind != Template::Piece::Kind::kLiteral) {
    return std::nullopt;
  }
  const std::string& literal = text.pieces[0].literal;
  const size_t tilde = literal.find('~');
  if (tilde == std::string::npos && text.pieces.size() > 1) return std::nullopt;
  return literal.substr(0, tilde);
}

// The forms of any version that are called so.
std::vector<const v1::FormDefinition*> FormsCalled(
    const std::string& name, const std::vector<v1::StudyDefinition>& versions) {
  std::vector<const v1::FormDefinition*> forms;
  for (const v1::StudyDefinition& version : versions) {
    for (const v1::FormDefinition& form : version.forms()) {
      if (form.name() == name) forms.push_back(&form);
    }
  }
  return forms;
}

class NameCheck {
 public:
  explicit NameCheck(const std::vector<v1::StudyDefinition>& versions) : versions_(versions) {
    for (const v1::StudyDefinition& version : versions) {
      for (const v1::EventDefinition& event : version.events()) events_.insert(event.name());
      for (const v1::FormDefinition& form : version.forms()) forms_.insert(form.name());
    }
  }

  void Check(const ImportMap::RecordRule& rule) {
    if (const auto event = FixedName(rule.event)) Want("the study has no event ", *event, events_);
    const std::optional<std::string> form = FixedName(rule.form);
    if (!form || !Want("the study has no form ", *form, forms_)) return;
    std::set<std::string> items;
    for (const v1::FormDefinition* definition : FormsCalled(*form, versions_)) {
      for (const v1::ItemDefinition& item : definition->items()) items.insert(item.name());
    }
    for (const ImportMap::Item& item : rule.items) {
      Want(absl::StrCat("the form ", *form, " has no item "), item.item, items);
    }
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  bool Want(const std::string& sentence, const std::string& name,
            const std::set<std::string>& known) {
    if (known.contains(name)) return true;
    const std::string nearest = daemon::NearestWord(name, {known.begin(), known.end()});
    problems_.push_back(absl::StrCat(
        sentence, name, nearest.empty() ? "" : absl::StrCat(", did you mean ", nearest, "?"),
        "; it has: ", absl::StrJoin(known, ", ")));
    return false;
  }

  const std::vector<v1::StudyDefinition>& versions_;
  std::set<std::string> events_;
  std::set<std::string> forms_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::Status CheckMapNames(const ImportMap& map, const std::string& map_name,
                           const std::vector<v1::StudyDefinition>& versions) {
  // Before the first version arrives the server says so.
  if (versions.empty()) return absl::OkStatus();
  NameCheck check(versions);
  for (const ImportMap::RecordRule& rule : map.records) check.Check(rule);
  if (check.problems().empty()) return absl::OkStatus();
  return UsageError(absl::StrCat(
      map_name, ": ", absl::StrJoin(check.problems(), absl::StrCat("\n", map_name, ": "))));
}

}  // namespace trialsync::command
