// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_LIMITS_H_
#define TRIALSYNC_DAEMON_COMMAND_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

// Every limit of the `trialsync` command.
namespace trialsync::command {

// An ordinary call answers in milliseconds; a server that takes this long is as good as away.
inline constexpr absl::Duration kCallDeadline = absl::Seconds(30);

// Calls that go through many records: a batch of writes, a check against every stored value.
inline constexpr absl::Duration kLongCallDeadline = absl::Minutes(5);

// A backup copies the whole store at worst.
inline constexpr absl::Duration kBackupDeadline = absl::Hours(6);

// A verification replays the whole log of every site.
inline constexpr absl::Duration kVerifyDeadline = absl::Hours(24);

// Largest answer taken: a page of records, each with a comment of 1 MiB at worst on few of them.
inline constexpr int kMessageBytesMax = 64 << 20;

// Largest metadata taken: the details of a conflict travel in it.
inline constexpr int kMetadataBytesMax = 256 << 10;

// Entries asked for at a time.
inline constexpr int kPageSize = 500;

// Writes sent in one batch while importing: enough to share the flush to disk, few enough that
// progress is seen.
inline constexpr int kImportRequestsPerBatch = 200;

// Values in one batch may be long: a batch is sent when it reaches this size as well.
inline constexpr size_t kImportBatchBytes = size_t{1} << 20;

// A table is read into memory whole.
inline constexpr size_t kCsvBytesMax = size_t{128} << 20;
inline constexpr size_t kCsvColumnsMax = 4096;

// Definitions and maps are written by hand.
inline constexpr size_t kYamlBytesMax = size_t{2} << 20;

// A proof has one change, at its limit 8 MiB, with its receipt, both in base64.
inline constexpr size_t kProofBytesMax = size_t{32} << 20;

// Width in which tables stay readable.
inline constexpr size_t kTerminalColumns = 80;

// A value that is longer than this is shown to people by its beginning: the rest of a form stays in
// sight.
inline constexpr size_t kValueCharactersMax = 400;
inline constexpr size_t kValueHeadCharacters = 160;

// Pause between two looks of `status --watch`.
inline constexpr absl::Duration kWatchInterval = absl::Seconds(2);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_LIMITS_H_
