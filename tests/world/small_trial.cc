// SPDX-License-Identifier: Apache-2.0
#include "tests/world/small_trial.h"

#include <cstdio>
#include <utility>
#include <variant>

#include "proto/check.h"

namespace trialsync::world {
namespace {

constexpr char kYaml[] = R"(
study: small
version: 1
title: {en: A small trial}
forms:
  LAB:
    id: 1
    label: {en: Laboratory}
    items:
      alt: {id: 1, type: quantity, unit: U/L, hard: [0, 1000], label: {en: ALT}}
      note: {id: 2, type: text, label: {en: Note}}
events:
  V1: {id: 1, forms: [LAB], label: {en: Visit 1}}
)";

sync::Answer Done(Node& node, sync::ClientWork work) {
  sync::Answer answer = node.Do(std::move(work));
  if (!answer.status.ok()) std::fprintf(stderr, "%s\n", answer.status.ToString().c_str());
  TS_CHECK(answer.status.ok());
  return answer;
}

}  // namespace

void PublishSmallStudy(World& world) {
  v1::PublishStudyVersionRequest request;
  request.set_yaml(kYaml);
  request.set_file_name("small.yaml");
  request.set_author("curie");
  Done(world.coordinator(), request);
}

void ActivateSmallStudy(World& world, const std::string& site) {
  v1::ActivateStudyVersionRequest request;
  request.set_name("studies/small/versions/1");
  request.set_site(site);
  request.set_author("curie");
  Done(world.coordinator(), request);
}

void AddSubject(Node& node, const SiteName& site, const std::string& code) {
  v1::CreateSubjectRequest request;
  request.set_parent(site.ToString());
  request.set_code(code);
  request.set_author("anna");
  request.set_request_id("add " + code);
  Done(node, request);
}

void LockRecord(Node& node, const SiteName& site, const std::string& subject) {
  v1::ActOnRecordRequest request;
  request.set_name(RecordName{site, subject, "V1", "LAB"}.ToString());
  request.set_kind(v1::RECORD_ACT_KIND_LOCK);
  request.set_author("curie");
  request.set_reason("data clean");
  Done(node, request);
}

v1::WriteRecordResponse WriteItem(Node& node, const SiteName& site, const std::string& subject,
                                  const std::string& item, const std::string& text) {
  v1::WriteRecordRequest request;
  request.set_name(RecordName{site, subject, "V1", "LAB"}.ToString());
  v1::ItemInput* input = request.add_items();
  input->set_item(item);
  input->set_text(text);
  request.set_author("anna");
  request.set_reason("entry");
  request.set_on_different_value(v1::VALUE_CONFLICT_UPDATE);
  return std::get<v1::WriteRecordResponse>(Done(node, request).result);
}

}  // namespace trialsync::world
