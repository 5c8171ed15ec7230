// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/template.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/check.h"

namespace trialsync::command {
namespace {

constexpr char kRowOfSubject[] = "#";
constexpr size_t kWidthMax = 32;

// What stands between braces, e.g. `id:3`.
absl::StatusOr<Template::Piece> ParseHole(std::string_view hole, Template& text) {
  Template::Piece piece;
  const size_t colon = hole.rfind(':');
  std::string column(hole);
  if (colon != std::string_view::npos && absl::SimpleAtoi(column.substr(colon + 1), &piece.width)) {
    if (piece.width < 1 || piece.width > kWidthMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("{", column, "}: the width is 1 to ", kWidthMax));
    }
    column.resize(colon);
  }
  if (column.empty()) {
    return absl::InvalidArgumentError("{} names no column; write, for example, {id}");
  }
  if (column == kRowOfSubject) {
    piece.kind = Template::Piece::Kind::kRowOfSubject;
    text.takes_row_of_subject = true;
    return piece;
  }
  piece.kind = Template::Piece::Kind::kCell;
  const auto found = std::find(text.columns.begin(), text.columns.end(), column);
  piece.column = static_cast<size_t>(found - text.columns.begin());
  if (found == text.columns.end()) text.columns.push_back(std::move(column));
  return piece;
}

std::string Padded(std::string_view text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, '0') + std::string(text);
}

}  // namespace

absl::StatusOr<Template> ParseTemplate(std::string_view text) {
  Template result;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) result.pieces.push_back({.literal = std::exchange(literal, "")});
  };
  while (!text.empty()) {
    if (text[0] != '{' || text.starts_with("{{")) {
      literal += text[0];
      text.remove_prefix(text[0] == '{' ? 2 : 1);
      continue;
    }
    const size_t close = text.find('}');
    if (close == std::string_view::npos) {
      return absl::InvalidArgumentError(
          "a { is not closed; write {column}, or {{ for a brace itself");
    }
    end_literal();
    absl::StatusOr<Template::Piece> piece = ParseHole(text.substr(1, close - 1), result);
    if (!piece.ok()) return piece.status();
    result.pieces.push_back(*std::move(piece));
    text.remove_prefix(close + 1);
  }
  end_literal();
  return result;
}

std::string Fill(const Template& text, const std::vector<std::string_view>& cells,
                 size_t row_of_subject) {
  TS_CHECK(cells.size() == text.columns.size());
  std::string filled;
  for (const Template::Piece& piece : text.pieces) {
    switch (piece.kind) {
      case Template::Piece::Kind::kLiteral:
        filled += piece.literal;
        break;
      case Template::Piece::Kind::kCell:
        filled += Padded(cells[piece.column], piece.width);
        break;
      case Template::Piece::Kind::kRowOfSubject:
        filled += Padded(absl::StrCat(row_of_subject), piece.width);
        break;
    }
  }
  return filled;
}

}  // namespace trialsync::command
