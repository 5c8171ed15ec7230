// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/open_disputes.h"
#include "sync/present.h"

namespace trialsync::sync {
namespace {

// Fewer digits of a change's id are a typing error rather than an abbreviation.
constexpr size_t kDigitsMin = 4;
constexpr size_t kMatchesShownMax = 5;

// The beginning of an id: a kind, which may be left out, and the first digits of the change.
struct Beginning {
  std::string kind;
  std::string digits;
};

std::optional<Beginning> BeginningOf(std::string_view id) {
  Beginning beginning;
  const size_t dash = id.find('-');
  if (dash != std::string_view::npos) beginning.kind = std::string(id.substr(0, dash + 1));
  beginning.digits =
      absl::AsciiStrToLower(std::string(dash == std::string_view::npos ? id : id.substr(dash + 1)));
  const bool hexadecimal =
      std::all_of(beginning.digits.begin(), beginning.digits.end(),
                  [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  if (!hexadecimal || beginning.digits.size() < kDigitsMin ||
      beginning.digits.size() > 2 * ChangeId::kBytes) {
    return std::nullopt;
  }
  return beginning;
}

// Discrepancies lie in the order of their changes: those that begin so are neighbours.
std::vector<std::string> Matches(View& view, const Beginning& beginning) {
  std::string digits = beginning.digits;
  digits.resize(2 * ChangeId::kBytes, '0');
  storage::DiscrepancyId before;
  before.change = *ChangeId::From(*FromHex(digits));
  std::vector<std::string> matches;
  view.state().tables().ForEachDiscrepancy(
      /*open_only=*/false, before,
      [&](const storage::DiscrepancyId& id, const v1::DiscrepancyRow&) {
        if (!id.change.hex().starts_with(beginning.digits)) return false;
        std::string text = id.ToString();
        if (text.starts_with(beginning.kind)) matches.push_back(std::move(text));
        return true;
      });
  return matches;
}

absl::StatusOr<storage::DiscrepancyId> Only(const std::vector<std::string>& matches,
                                            std::string_view given) {
  if (matches.size() == 1) return *storage::DiscrepancyId::FromString(matches.front());
  if (matches.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no discrepancy ", std::string(given),
                                            "; those open are: trialsync worklist"));
  }
  const size_t shown = std::min(matches.size(), kMatchesShownMax);
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(given), "\" is the beginning of ", matches.size(), " discrepancies: ",
      absl::StrJoin(matches.begin(), matches.begin() + static_cast<ptrdiff_t>(shown), ", "),
      shown < matches.size() ? " …" : ""));
}

}  // namespace

absl::StatusOr<storage::DiscrepancyId> ResolveDiscrepancy(View& view, std::string_view name) {
  const size_t slash = name.rfind('/');
  const std::string_view given = slash == std::string_view::npos ? name : name.substr(slash + 1);
  if (const auto id = storage::DiscrepancyId::FromString(given)) {
    const bool there = ReadDiscrepancy(view, *id).has_value();
    if (!view.state().status().ok()) return view.state().status();
    if (there) return *id;
    return Only({}, given);
  }
  const std::optional<Beginning> beginning = BeginningOf(given);
  if (!beginning) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(given),
                     "\" names no discrepancy: give its id as the worklist shows it, or at least ",
                     kDigitsMin, " digits of it, e.g. 3f9a or dispute-3f9a"));
  }
  view.PrepareAll();
  absl::StatusOr<storage::DiscrepancyId> found = Only(Matches(view, *beginning), given);
  if (!view.state().status().ok()) return view.state().status();
  return found;
}

}  // namespace trialsync::sync
