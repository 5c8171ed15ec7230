// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_TRANSCRIPTS_DESCRIBE_H_
#define TRIALSYNC_TESTS_TRANSCRIPTS_DESCRIBE_H_

#include <cstdint>
#include <string>

#include "tests/transcripts/stage.h"
#include "trialsync/v1/record_service.pb.h"
#include "trialsync/v1/worklist_service.pb.h"

// What happened, and what stands, in lines that a data manager can read.
namespace trialsync::transcripts {

// Commits of the coordinator's log from `first` on, a line each, what they admitted, opened and
// closed indented below.
std::string DescribeCommits(Stage& stage, uint64_t first);
// The epochs of all its commits.
std::vector<uint64_t> EpochsOfCommits(Stage& stage);
// `A1:3 applied`, for a table of many runs.
std::string DescribeCommitBriefly(Stage& stage, uint64_t number);

std::string DescribeRecord(const v1::Record& record);
std::string DescribeHistory(const v1::GetRecordHistoryResponse& history);
std::string DescribeDiscrepancy(const v1::Discrepancy& discrepancy);

// `applied`, `record locked`: an enum's name without its prefix, as people write.
std::string OutcomeWord(v1::Outcome outcome);
std::string ReasonWord(v1::Reason reason);
std::string DiscrepancyWord(v1::DiscrepancyKind kind);

}  // namespace trialsync::transcripts

#endif  // TRIALSYNC_TESTS_TRANSCRIPTS_DESCRIBE_H_
