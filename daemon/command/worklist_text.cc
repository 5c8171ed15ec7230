// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/worklist_text.h"

#include "daemon/command/format.h"
#include "daemon/command/limits.h"
#include "daemon/command/record_text.h"
#include "daemon/command/text.h"

namespace trialsync::command {
namespace {

constexpr char kIndent[] = "    ";

void PrintHead(const v1::Discrepancy& discrepancy, std::ostream& out) {
  out << Printable(discrepancy.id()) << "  " << Word(discrepancy.kind()) << "  "
      << Word(discrepancy.state()) << (discrepancy.pending() ? ", not yet sent" : "") << "  "
      << Printable(ShortName(discrepancy.record()));
  if (!discrepancy.item().empty()) out << " " << Printable(discrepancy.item());
  out << "\n";
  for (const std::string& line :
       Wrap(Printable(discrepancy.summary()), kTerminalColumns - sizeof(kIndent))) {
    out << kIndent << line << "\n";
  }
}

}  // namespace

void PrintWorklist(const v1::ListDiscrepanciesResponse& worklist, std::ostream& out) {
  for (const v1::Discrepancy& discrepancy : worklist.discrepancies()) PrintHead(discrepancy, out);
  if (worklist.discrepancies().empty()) out << "Nothing waits.\n";
}

void PrintDiscrepancy(const v1::Discrepancy& discrepancy, std::ostream& out) {
  PrintHead(discrepancy, out);
  out << kIndent << Printable(discrepancy.name()) << "\n";
  if (discrepancy.opened() > 0) {
    out << kIndent << "opened by commit " << discrepancy.opened() << " at "
        << TimeText(discrepancy.open_time());
    if (discrepancy.closed() > 0) out << ", closed by commit " << discrepancy.closed();
    out << "\n";
  }
  if (const std::string reason = Word(discrepancy.reason()); !reason.empty()) {
    out << kIndent << "because: " << reason << "\n";
  }
  for (const v1::Alternative& alternative : discrepancy.alternatives()) {
    out << (alternative.standing() ? "  stands  " : "  other   ") << ValueText(alternative.text())
        << "\n          by " << Printable(alternative.author()) << " at "
        << TimeText(alternative.authored_time()) << ", change " << Printable(alternative.change())
        << "\n          reason: " << Printable(alternative.reason()) << "\n";
  }
  for (const v1::QueryMessage& message : discrepancy.messages()) {
    const std::string author = message.author().empty() ? "a check" : message.author();
    out << "  " << TimeText(message.time()) << " " << Printable(author) << ": "
        << Printable(message.text()) << "\n";
  }
}

}  // namespace trialsync::command
