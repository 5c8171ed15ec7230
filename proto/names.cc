// SPDX-License-Identifier: Apache-2.0
#include "proto/names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace trialsync {
namespace {

constexpr size_t kLabelBytesMax = 64;
constexpr size_t kShortNameBytesMax = 32;

std::vector<std::string> Segments(std::string_view text) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), '/');
}

absl::Status Malformed(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text),
      "\" is not the name of a record: write SUBJECT/EVENT/FORM, e.g. PBC-001/VISIT~2/LAB, or "
      "studies/STUDY/sites/SITE/subjects/SUBJECT/events/EVENT/forms/FORM"));
}

bool HasEmpty(const std::vector<std::string>& segments) {
  return std::any_of(segments.begin(), segments.end(), [](const auto& s) { return s.empty(); });
}

}  // namespace

std::string SiteName::ToString() const { return absl::StrCat("studies/", study, "/sites/", site); }

std::string RecordName::ToString() const {
  return absl::StrCat(parent.ToString(), "/subjects/", subject, "/events/", event, "/forms/", form);
}

std::string RecordName::Short() const { return absl::StrCat(subject, "/", event, "/", form); }

std::string LabelParts::ToString() const {
  std::string text = repeat.empty() ? name : absl::StrCat(name, "~", repeat);
  if (rank > 1) absl::StrAppend(&text, "?", rank);
  return text;
}

absl::StatusOr<SiteName> ParseSiteName(std::string_view text, const SiteName& fallback) {
  if (text.empty()) return fallback;
  const std::vector<std::string> segments = Segments(text);
  if (segments.size() != 4 || segments[0] != "studies" || segments[2] != "sites" ||
      HasEmpty(segments)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", std::string(text), "\" is not the name of a site: write studies/STUDY/sites/SITE"));
  }
  return SiteName{segments[1], segments[3]};
}

absl::StatusOr<RecordName> ParseRecordName(std::string_view text, const SiteName& fallback) {
  const std::vector<std::string> segments = Segments(text);
  if (HasEmpty(segments)) return Malformed(text);
  if (segments.size() == 3) {
    return RecordName{fallback, segments[0], segments[1], segments[2]};
  }
  const bool full = segments.size() == 10 && segments[0] == "studies" && segments[2] == "sites" &&
                    segments[4] == "subjects" && segments[6] == "events" && segments[8] == "forms";
  if (!full) return Malformed(text);
  return RecordName{SiteName{segments[1], segments[3]}, segments[5], segments[7], segments[9]};
}

absl::StatusOr<LabelParts> ParseLabel(std::string_view text, bool with_repeat) {
  LabelParts parts;
  std::string rest(text);
  if (const size_t mark = rest.find('?'); mark != std::string::npos) {
    if (!absl::SimpleAtoi(rest.substr(mark + 1), &parts.rank) || parts.rank < 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", std::string(text), "\": behind ? stands the rank of a birth, e.g. ZJU-007?2"));
    }
    rest.resize(mark);
  }
  if (const size_t tilde = rest.find('~'); with_repeat && tilde != std::string::npos) {
    parts.repeat = rest.substr(tilde + 1);
    rest.resize(tilde);
    if (parts.repeat.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", std::string(text), "\": behind ~ stands a repeat, e.g. AE~1"));
    }
  }
  if (rest.empty()) return absl::InvalidArgumentError("a label must not be empty");
  parts.name = rest;
  return parts;
}

absl::Status CheckLabel(std::string_view label) {
  const std::string shown(label.substr(0, kLabelBytesMax));
  if (label.empty() || label.size() > kLabelBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a code has 1 to ", kLabelBytesMax, " bytes: \"", shown, "\""));
  }
  if (label.front() == ' ' || label.back() == ' ') {
    return absl::InvalidArgumentError(
        absl::StrCat("a code neither begins nor ends with a space: \"", shown, "\""));
  }
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '?' || c == '~') {
      return absl::InvalidArgumentError(absl::StrCat(
          "a code has no \"/\", \"?\", \"~\" or control character: \"", shown, "\""));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckShortName(std::string_view what, std::string_view name) {
  const bool valid = !name.empty() && name.size() <= kShortNameBytesMax &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-';
                     });
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(what), " \"",
                                                 std::string(name.substr(0, kShortNameBytesMax)),
                                                 "\": write 1 to 32 letters, digits, _ or -"));
}

}  // namespace trialsync
