// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/terminal.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"

#include "standard_error.hpp"

namespace zoetrope::support {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Printable, WhatIsWrittenInAnyScriptStays) {
  for (const std::string text :
       {"", "plain ~ text", "Grüße", "大きさ 漢字", "قميص", "שלום",
        "🎞️👩‍👩‍👧 \U0001F1E9\U0001F1EA", "\u00a0", "\u200b\u200c\u200d", "\ud7ff\ue000",
        "\U00010000\U0010ffff", "C:\\new\\x1b"})
    EXPECT_EQ(printable(text), text);
}

TEST(Utf8, IsToldFromOtherBytes) {
  for (const std::string text : {"", "plain", "caf\u00e9", "\ud7ff\ue000", "\U00010000\U0010ffff"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const std::string text : {"caf\xe9", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
    EXPECT_FALSE(is_utf8(text)) << printable(text);
}

TEST(Printable, ControlCharactersBecomeEscapes) {
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("\x1b[31m\x07"), "\\x1b[31m\\x07");
  EXPECT_EQ(printable(std::string("\0\x7f", 2)), "\\x00\\x7f");
  EXPECT_EQ(printable("\u0080\u009b\u009f"), "\\u0080\\u009b\\u009f");
}

TEST(Printable, LineSeparatorsAndTurnsOfTheDirectionBecomeEscapes) {
  EXPECT_EQ(printable("\u061c\u200e\u200f"), "\\u061c\\u200e\\u200f");
  EXPECT_EQ(printable("\u2028\u2029\u202a\u202e"), "\\u2028\\u2029\\u202a\\u202e");
  EXPECT_EQ(printable("\u2066\u2069\u206f"), "\\u2066\\u2069\\u206f");
  EXPECT_EQ(printable("\u2027\u202f\u2065\u2070"), "\u2027\u202f\u2065\u2070");
}

TEST(Printable, BytesThatAreNoUtf8AreShownOneByOne) {
  EXPECT_EQ(printable("a\xffz"), "a\\xffz");
  EXPECT_EQ(printable("\x9b"), "\\x9b");           // an escape sequence's begin in Latin-1
  EXPECT_EQ(printable("\xc0\x8a"), "\\xc0\\x8a");  // a newline in two bytes
  EXPECT_EQ(printable("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80");
  EXPECT_EQ(printable("\xe5\xa4"), "\\xe5\\xa4");  // cut off
  EXPECT_EQ(printable("\xe5\xa4\x1b"), "\\xe5\\xa4\\x1b");
  EXPECT_EQ(printable("\xc3ü"), "\\xc3ü");
}

TEST(PrintErrorLine, IsOneLine) {
  StandardError terminal(StandardError::Kind::kTerminal);
  print_error_line("a\x1b]0;title\x07\nzoetrope: done");
  EXPECT_EQ(terminal.text(), "zoetrope: a\\x1b]0;title\\x07\\nzoetrope: done\r\n");
}

TEST(Log, ALineHoldsNoEscapesOfNames) {
  StandardError file(StandardError::Kind::kPipe);
  set_up_logging("debug", 1, 2, "no\nde%v");
  for (const auto log : {log_debug, log_info, log_warning, log_error}) {
    log("a\x1b[31m\n{}%v");
    const std::string line = file.text();
    EXPECT_THAT(line, HasSubstr("[rank 1/2 no\\nde%v]"));
    EXPECT_THAT(line, EndsWith(" a\\x1b[31m\\n{}%v\n"));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  }
}

TEST(Progress, ABarHoldsNoEscapesOfNames) {
  StandardError terminal(StandardError::Kind::kTerminal);
  {
    Progress progress("a\x1b[31m\n", 2, "im\nages");
    progress.update(0);
    progress.update(2, "note\n");
  }
  EXPECT_THAT(terminal.text(),
              testing::AllOf(HasSubstr("\r\x1b[Ka\\x1b[31m\\n "), HasSubstr("2/2 im\\nages")));
}

}  // namespace
}  // namespace zoetrope::support
