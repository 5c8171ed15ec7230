// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/workload.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace trialsync::bench {
namespace {

constexpr int64_t kVisitsPerSubject = 100;
constexpr std::array<const char*, 6> kRemarks = {
    "no complaints",
    "tired since the last visit, sleeps badly",
    "forgot the medication on two days last week",
    "blood was taken in the morning, fasting",
    "upper abdominal pain after meals, no fever",
    "came with her daughter, who interpreted",
};

}  // namespace

v1::WriteRecordRequest Workload::Next() {
  v1::WriteRecordRequest request;
  request.set_name(absl::StrCat(
      parent_, "/subjects/", absl::StrFormat("HB-%05d", next_ / kVisitsPerSubject + 1), "/events/",
      absl::StrFormat("V%03d", next_ % kVisitsPerSubject + 1), "/forms/VISIT"));
  ++next_;
  request.set_author("nurse.lindqvist");
  request.set_reason("first entry");
  request.set_create_missing(true);
  const auto add = [&request](const char* item, std::string text) {
    v1::ItemInput* input = request.add_items();
    input->set_item(item);
    input->set_text(std::move(text));
  };
  add("visit_date", absl::StrFormat("2025-%02d-%02d", Between(1, 12), Between(1, 28)));
  add("systolic", absl::StrCat(Between(95, 165)));
  add("diastolic", absl::StrCat(Between(55, 100)));
  add("weight", absl::StrCat(Tenths(450, 1100), " kg"));
  add("temperature", Tenths(358, 385));
  add("ascites", Between(0, 9) == 0 ? "1" : "0");
  add("hbeag", Between(0, 2) == 0 ? "pos" : "neg");
  add("hbsag", Between(0, 9) == 0 ? "<0.05 IU/mL" : absl::StrCat(Tenths(1, 250000), " IU/mL"));
  add("hbv_dna", Between(0, 3) == 0 ? "<10 IU/mL" : absl::StrCat(Between(10, 9000000), " IU/mL"));
  add("alt", absl::StrCat(Between(8, 400), " U/L"));
  add("bilirubin", absl::StrCat(Tenths(30, 900), " umol/L"));
  add("remark", kRemarks[static_cast<size_t>(Between(0, kRemarks.size() - 1))]);
  return request;
}

int64_t Workload::Between(int64_t low, int64_t high) {
  // Not std::uniform_int_distribution, whose numbers differ between libraries.
  return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

std::string Workload::Tenths(int64_t low, int64_t high) {
  const int64_t tenths = Between(low, high);
  return absl::StrCat(tenths / 10, ".", tenths % 10);
}

}  // namespace trialsync::bench
