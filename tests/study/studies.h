// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_STUDY_STUDIES_H_
#define TRIALSYNC_TESTS_STUDY_STUDIES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "study/definition.h"
#include "trialsync/v1/value.pb.h"

namespace trialsync::study {

// The definition that `yaml` says; fails the test and aborts it if there is none. A draft follows
// `previous`.
std::shared_ptr<const Definition> CompileOrDie(std::string_view yaml,
                                               const Definition* previous = nullptr);

// A study with one item of every type on the form LAB: text, whole, number, bili (mg/dL or
// umol/L), ratio (no unit), hbsag (IU/mL only), day, clock, flag, sex (codes m, f, and x, which is
// retired), name (site_only text) and old (retired text).
std::shared_ptr<const Definition> EveryType();

// The item called `name` on LAB.
const v1::ItemDefinition& ItemOf(const Definition& definition, std::string_view name);

v1::Value TextValue(std::string text);
v1::Value IntegerValue(int64_t integer);
v1::Value DecimalValue(std::string decimal);
v1::Value DateValue(std::string date);
v1::Value CodeValue(std::string code);
v1::Value MissingValue(v1::MissingReason reason);
v1::Value WithheldValue();
// `<0.05 IU/mL` and the like; the unit may be empty.
v1::Value QuantityValue(v1::Comparator comparator, std::string number, std::string unit);

}  // namespace trialsync::study

#endif  // TRIALSYNC_TESTS_STUDY_STUDIES_H_
