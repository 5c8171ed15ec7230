// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_COMMAND_TEMPLATE_H_
#define TRIALSYNC_DAEMON_COMMAND_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trialsync::command {

// A text with holes that the cells of a row fill:
//
//   PBC-{id}      the cell of column `id`
//   PBC-{id:3}    the same with zeros before it, to at least 3 characters
//   VISIT~{#}     the how-manieth row of the subject this is, from 1
//   {{            a brace
struct Template {
  struct Piece {
    // Text that stands as it is; the rest is unset then.
    std::string literal;
    // Index in columns().
    size_t column = 0;
    enum class Kind { kLiteral, kCell, kRowOfSubject } kind = Kind::kLiteral;
    // Shortest result, padded with zeros.
    size_t width = 0;
  };

  std::vector<Piece> pieces;
  // Names of the columns that it takes, each once, in order.
  std::vector<std::string> columns;
  bool takes_row_of_subject = false;
};

// Reads a template. InvalidArgument says what is wrong with a brace.
absl::StatusOr<Template> ParseTemplate(std::string_view text);

// The text, given the cells of Template::columns, one for each.
std::string Fill(const Template& text, const std::vector<std::string_view>& cells,
                 size_t row_of_subject);

}  // namespace trialsync::command

#endif  // TRIALSYNC_DAEMON_COMMAND_TEMPLATE_H_
