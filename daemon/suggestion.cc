// SPDX-License-Identifier: Apache-2.0
#include "daemon/suggestion.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace trialsync::daemon {
namespace {

// Letters put in, left out or replaced, or neighbours exchanged, that lead from `a` to `b`.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  std::iota(rows[0].begin(), rows[0].end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    rows[i][0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

std::vector<std::string> NamesOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!child->get_name().empty()) names.push_back(child->get_name());
  }
  return names;
}

// `trialsync study`.
std::string PathOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : absl::StrCat(PathOf(*app.get_parent()), " ", app.get_name());
}

}  // namespace

std::string NearestWord(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const bool begun = word.size() > 1 && candidate.starts_with(word);
    const size_t distance = begun ? 0 : Distance(word, candidate);
    // One of which every letter is another is no likeness.
    if (distance >= least || distance >= std::min(word.size(), candidate.size())) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string MissingCommand(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  const std::vector<std::string> known = NamesOf(*app);
  if (known.empty()) return "";
  const std::vector<std::string> rest = root.remaining(/*recurse=*/true);
  const auto word = std::find_if(rest.begin(), rest.end(),
                                 [](const std::string& argument) { return argument[0] != '-'; });
  const std::string here = absl::StrCat("; there are: ", absl::StrJoin(known, ", "));
  if (word == rest.end()) {
    return rest.empty() ? absl::StrCat("behind \"", PathOf(*app), "\" a command is missing", here)
                        : "";
  }
  const std::string nearest = NearestWord(*word, known);
  return absl::StrCat("there is no command \"", PathOf(*app), " ", *word, "\"",
                      nearest.empty() ? "" : absl::StrCat(", did you mean ", nearest, "?"), here);
}

}  // namespace trialsync::daemon
