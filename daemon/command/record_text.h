// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_RECORD_TEXT_H_
#define TRIALSYNC_DAEMON_COMMAND_RECORD_TEXT_H_

#include <ostream>
#include <string>

#include "trialsync/v1/record_service.pb.h"

// Records as a person reads them in a terminal.
namespace trialsync::command {

// The record with its etag, the acts in force, and a table of its items.
void PrintRecord(const v1::Record& record, std::ostream& out);

// A table of records, one a line.
void PrintRecordList(const v1::ListRecordsResponse& records, std::ostream& out);

// One change of a record's history and the values that it wrote.
void PrintHistoryEntry(const v1::HistoryEntry& entry, std::ostream& out);

// What stands against a write, by whom and since when, beside what was offered.
void PrintConflict(const v1::WriteConflict& conflict, std::ostream& out);

// What became of the items of a write.
void PrintResults(const v1::WriteRecordResponse& response, std::ostream& out);

// `locked, signed by anna`; empty if nothing is in force.
std::string RecordFlags(const v1::Record& record);

// `SUBJECT/EVENT/FORM` of the full name of a record, `SUBJECT` or `SUBJECT/EVENT` of a subject's or
// a repeat's; any other name as it is.
std::string ShortName(const std::string& name);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_RECORD_TEXT_H_
