// SPDX-License-Identifier: Apache-2.0
#include "tests/model/schedule_kinds.h"

#include <cstddef>

namespace trialsync::model {
namespace {

using Weights = std::vector<std::pair<Step, int>>;

constexpr Item kSiteItem = 1;
constexpr Item kLatestItem = 2;
constexpr Item kCentreItem = 3;
constexpr Item kSplitItem = 10;

// Everybody edits, and changes and commits travel.
Weights Travelling(Weights more) {
  Weights weights{
      {Step::kEdit, 30}, {Step::kDeliver, 24}, {Step::kReceive, 10}, {Step::kResend, 1}};
  weights.insert(weights.end(), more.begin(), more.end());
  return weights;
}

std::vector<ScheduleSetting> Settings() {
  const std::vector<Item> mixed{kSiteItem, kSiteItem, kLatestItem, kCentreItem};
  return {
      // kPlain
      {Travelling({}), mixed, 8, 16, 0, 0, 0},
      // kStaleForms
      {Travelling({{Step::kOpenForm, 14},
                   {Step::kSaveForm, 16},
                   {Step::kSign, 2},
                   {Step::kPublish, 3},
                   {Step::kActivate, 4}}),
       {kSiteItem, kSiteItem, kSiteItem, kLatestItem},
       9,
       18,
       2,
       0,
       30},
      // kHeld
      {Travelling({{Step::kEdit, 12},
                   {Step::kReceive, 8},
                   {Step::kSign, 8},
                   {Step::kLock, 5},
                   {Step::kUnlock, 10},
                   {Step::kVoid, 1},
                   {Step::kReinstate, 2},
                   {Step::kSettle, 6},
                   {Step::kDecide, 3},
                   {Step::kPublish, 4},
                   {Step::kActivate, 4}}),
       {kSiteItem, kSiteItem, kSiteItem, kLatestItem},
       12,
       24,
       12,
       8,
       25},
      // kDecisions
      {Travelling({{Step::kDecide, 26},
                   {Step::kReceive, 6},
                   {Step::kSign, 1},
                   {Step::kLock, 1},
                   {Step::kUnlock, 1}}),
       {kSiteItem, kSiteItem, kSiteItem, kLatestItem, kCentreItem},
       14,
       26,
       0,
       8,
       0},
      // kBirths
      {{{Step::kBirth, 18},
        {Step::kRename, 8},
        {Step::kSame, 4},
        {Step::kEditBorn, 12},
        {Step::kDeliver, 22},
        {Step::kReceive, 14},
        {Step::kDecide, 3},
        {Step::kPublish, 3},
        {Step::kActivate, 3},
        {Step::kSettle, 2},
        {Step::kResend, 1}},
       {kSiteItem},
       8,
       18,
       15,
       15,
       10},
      // kMarks
      {Travelling({{Step::kComplete, 4},
                   {Step::kVerify, 3},
                   {Step::kSign, 7},
                   {Step::kFreeze, 4},
                   {Step::kLock, 5},
                   {Step::kUnlock, 9},
                   {Step::kVoid, 4},
                   {Step::kReinstate, 5},
                   {Step::kSettle, 4},
                   {Step::kDecide, 3}}),
       {kSiteItem, kSiteItem, kLatestItem, kCentreItem},
       9,
       20,
       0,
       3,
       0},
      // kVersions
      {Travelling({{Step::kPublish, 6},
                   {Step::kActivate, 7},
                   {Step::kRetire, 2},
                   {Step::kDecide, 3},
                   {Step::kOpenForm, 3},
                   {Step::kSaveForm, 3}}),
       {kSplitItem, kSplitItem, kSplitItem, kSplitItem, kSiteItem},
       10,
       22,
       8,
       2,
       10},
  };
}

}  // namespace

const std::vector<ScheduleKind>& ScheduleKinds() {
  static const auto& kinds = *new std::vector<ScheduleKind>{
      ScheduleKind::kPlain,     ScheduleKind::kStaleForms, ScheduleKind::kHeld,
      ScheduleKind::kDecisions, ScheduleKind::kBirths,     ScheduleKind::kMarks,
      ScheduleKind::kVersions};
  return kinds;
}

std::string Name(ScheduleKind kind) {
  static const char* const kNames[] = {"plain",  "stale_forms", "held",    "decisions",
                                       "births", "marks",       "versions"};
  return kNames[static_cast<int>(kind)];
}

std::optional<ScheduleKind> KindNamed(const std::string& name) {
  for (ScheduleKind kind : ScheduleKinds()) {
    if (Name(kind) == name) return kind;
  }
  return std::nullopt;
}

const ScheduleSetting& SettingOf(ScheduleKind kind) {
  static const auto& settings = *new std::vector<ScheduleSetting>(Settings());
  return settings[static_cast<std::size_t>(kind)];
}

const Study& ScheduleStudy() {
  static const auto& study = *new Study{{{kSiteItem, {Side::kSite, OnConflict::kAdjudicate}},
                                         {kLatestItem, {Side::kSite, OnConflict::kLatest}},
                                         {kCentreItem, {Side::kCentre, OnConflict::kAdjudicate}},
                                         {kSplitItem, {Side::kSite, OnConflict::kAdjudicate}}},
                                        {{kSplitItem, {11, 12}, 2}}};
  return study;
}

}  // namespace trialsync::model
