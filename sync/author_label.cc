// SPDX-License-Identifier: Apache-2.0
#include "sync/author_label.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/names.h"
#include "study/spelling.h"
#include "sync/identity_rules.h"
#include "sync/namer.h"

namespace trialsync::sync {
namespace {

// What is called `label`, other than `own`.
std::optional<ChangeId> FindCalled(Desk& desk, v1::BirthKind kind, const v1::RecordKey& parent,
                                   const std::string& label, const std::optional<ChangeId>& own) {
  View& view = desk.view();
  view.PrepareLabel(kind, parent, label);
  for (const BirthEntry& birth : BirthsInOrder(view.state(), kind, parent, label)) {
    if (birth.first != own) return birth.first;
  }
  return std::nullopt;
}

}  // namespace

absl::Status CheckNewLabel(Desk& desk, v1::BirthKind kind, const v1::RecordKey& parent,
                           const std::string& label, const std::optional<ChangeId>& own) {
  if (absl::Status valid = CheckLabel(label); !valid.ok()) return valid;
  if (!study::IsComposed(label)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", label,
        "\" has letters and their accents apart, and would be another code than the one that looks "
        "the same: type it anew, or, for a table, convert it to Unicode's form NFC"));
  }
  if (const auto same = FindCalled(desk, kind, parent, label, own)) {
    return absl::AlreadyExistsError(absl::StrCat(
        Namer(desk.view(), desk.partition_name()).ShortBirth(*same),
        " is there already: choose another code, or, if they are one, see: trialsync subject "
        "merge --help"));
  }
  for (const std::string& variant : study::CaseVariants(label)) {
    if (const auto like = FindCalled(desk, kind, parent, variant, own)) {
      return absl::AlreadyExistsError(absl::StrCat(
          Namer(desk.view(), desk.partition_name()).ShortBirth(*like), " is there already, and \"",
          label,
          "\" differs from it only in capital letters: write it as it is there, or choose another "
          "code"));
    }
  }
  return absl::OkStatus();
}

}  // namespace trialsync::sync
