// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/export_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trialsync::command {
namespace {

// A form with items {id, name} as `1=a`.
v1::StudyDefinition MakeVersion(const std::string& form_name,
                                const std::vector<std::pair<uint32_t, std::string>>& items) {
  v1::StudyDefinition definition;
  v1::FormDefinition* form = definition.add_forms();
  form->set_id(7);
  form->set_name(form_name);
  for (const auto& [id, name] : items) {
    v1::ItemDefinition* item = form->add_items();
    item->set_id(id);
    item->set_name(name);
  }
  return definition;
}

v1::Record MakeRecord() {
  v1::Record record;
  record.set_name("studies/pbc/sites/MAYO1/subjects/PBC-001/events/VISIT~2/forms/LAB");
  v1::Item* item = record.add_items();
  item->set_item_id(2);
  item->set_text("say \"x\", y");
  return record;
}

TEST(ExportWriterTest, ColumnsAreItemsByIdUnderTheirNewestNames) {
  const std::vector<ExportForm> forms =
      FormsOf({MakeVersion("OLD", {{1, "a"}, {2, "b"}, {3, "gone"}}),
               MakeVersion("LAB", {{2, "bili"}, {1, "a"}, {4, "new"}})});
  ASSERT_EQ(forms.size(), 1u);
  EXPECT_EQ(forms[0].name, "LAB");
  EXPECT_EQ(CsvHeader(forms[0]), "site,subject,event,form,remarks,bili,a,new,gone\r\n");
}

TEST(ExportWriterTest, ValuesStandUnderTheirColumnAsRecorded) {
  const ExportForm form = FormsOf({MakeVersion("LAB", {{1, "a"}, {2, "b"}})})[0];
  EXPECT_EQ(*CsvRecord(form, MakeRecord(), {}),
            "MAYO1,PBC-001,VISIT~2,LAB,,,\"say \"\"x\"\", y\"\r\n");
}

TEST(ExportWriterTest, AnItemThatNoVersionHasIsAnError) {
  const ExportForm form = FormsOf({MakeVersion("LAB", {{1, "a"}})})[0];
  EXPECT_EQ(CsvRecord(form, MakeRecord(), {}).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace trialsync::command
