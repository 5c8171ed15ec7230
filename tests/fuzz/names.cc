// SPDX-License-Identifier: Apache-2.0
#include "proto/names.h"

#include <string>

#include "proto/check.h"
#include "storage/tables.h"
#include "sync/paging.h"
#include "sync/present.h"
#include "tests/fuzz/target.h"

// What clients name things by: resource names, labels, ids of discrepancies, tokens and etags.
namespace trialsync::fuzz {
namespace {

const SiteName kFallback{"trial", "ZJU"};

void CheckLabels(std::string_view text) {
  for (const bool with_repeat : {false, true}) {
    const absl::StatusOr<LabelParts> parts = ParseLabel(text, with_repeat);
    if (!parts.ok()) continue;
    const absl::StatusOr<LabelParts> again = ParseLabel(parts->ToString(), with_repeat);
    TS_CHECK(again.ok() && again->ToString() == parts->ToString() && again->rank == parts->rank);
  }
  CheckLabel(text).IgnoreError();
  CheckShortName("site", text).IgnoreError();
}

void Run(std::string_view text) {
  if (const auto site = ParseSiteName(text, kFallback); site.ok()) {
    const auto again = ParseSiteName(site->ToString(), {});
    TS_CHECK(again.ok() && *again == *site);
  }
  if (const auto record = ParseRecordName(text, kFallback); record.ok()) {
    const auto again = ParseRecordName(record->ToString(), {});
    TS_CHECK(again.ok() && again->ToString() == record->ToString());
    CheckLabels(record->subject);
    CheckLabels(record->event);
    CheckLabels(record->form);
  }
  CheckLabels(text);
  if (const auto id = storage::DiscrepancyId::FromString(text)) {
    TS_CHECK(storage::DiscrepancyId::FromString(id->ToString()) == id);
  }
  if (const auto last = sync::LastOfPage("records", text); last.ok() && !text.empty()) {
    TS_CHECK(sync::LastOfPage("records", sync::PageToken("records", *last)).value() == *last);
  }
  if (!text.empty()) {
    TS_CHECK(sync::LastOfPage("records", sync::PageToken("records", text)).value() == text);
  }
  v1::RecordState record;
  for (const uint32_t lineage : {0u, 1u}) sync::EtagDiffers(text, record, lineage).IgnoreError();
}

const RegisteredTarget kTarget("names", Run);

}  // namespace
}  // namespace trialsync::fuzz
