// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_PROTO_NAMES_H_
#define TRIALSYNC_PROTO_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Resource names (Google AIP-122) and the short forms that people type.
namespace trialsync {

// `studies/{study}/sites/{site}`.
struct SiteName {
  std::string study;
  std::string site;

  std::string ToString() const;
  auto operator<=>(const SiteName&) const = default;
};

// `studies/{study}/sites/{site}/subjects/{subject}/events/{event}/forms/{form}`, in which event
// and form may carry a repeat: `AE~1`. A label that two births share carries the rank behind a
// question mark: `AE~1?2`, `ZJU-007?2`.
struct RecordName {
  SiteName parent;
  std::string subject;
  std::string event;
  std::string form;

  std::string ToString() const;
  // `SUBJECT/EVENT/FORM`.
  std::string Short() const;
};

// A label as written in a name: `AE~1?2` is {name "AE", repeat "1", rank 2}.
struct LabelParts {
  // Event or form name; the whole code for a subject.
  std::string name;
  // Label of the repeat; empty if none.
  std::string repeat;
  // 1 for the first birth of this label.
  int rank = 1;

  std::string ToString() const;
};

// Takes `studies/S/sites/X`, or nothing at all: then `fallback`. INVALID_ARGUMENT otherwise.
absl::StatusOr<SiteName> ParseSiteName(std::string_view text, const SiteName& fallback);

// Takes the full name or `SUBJECT/EVENT/FORM`, for which `fallback` gives study and site.
// INVALID_ARGUMENT, with the two forms shown, for anything else.
absl::StatusOr<RecordName> ParseRecordName(std::string_view text, const SiteName& fallback);

// `AE~1?2` into its parts; `with_repeat` false for a subject's code, in which `~` is a letter.
absl::StatusOr<LabelParts> ParseLabel(std::string_view text, bool with_repeat);

// A code or label that a person may give: 1 to 64 bytes of UTF-8 without `/`, `?`, `~`, control
// characters or space at either end. INVALID_ARGUMENT names what is wrong.
absl::Status CheckLabel(std::string_view label);

// A study's or site's short name: 1 to 32 letters, digits, `_` and `-`.
absl::Status CheckShortName(std::string_view what, std::string_view name);

}  // namespace trialsync

#endif  // TRIALSYNC_PROTO_NAMES_H_
