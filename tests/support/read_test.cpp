// SPDX-License-Identifier: Apache-2.0
// Whole files, as a string and mapped.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <span>
#include <utility>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/mapping_guard.hpp"
#include "zoetrope/support/system_error.hpp"

#include "support/peak_memory.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

const std::string kText("a\0b\r\n\xff", 6);

std::string text_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Both readers refuse `path` with the same words, which begin with it.
void expect_refused(const std::string& path, const std::string& why) {
  const auto names_it = ThrowsMessage<InputError>(AllOf(StartsWith(path + ": "), HasSubstr(why)));
  EXPECT_THAT([&] { read_file(path); }, names_it);
  EXPECT_THAT([&] { MappedFile{fs::path(path)}; }, names_it);
}

TEST(ReadFile, GivesAllBytes) {
  std::ofstream("short", std::ios::binary) << kText;
  EXPECT_EQ(read_file("short"), kText);
  // In several chunks, of which the last is not full.
  std::string longer;
  for (int i = 0; i < 300'000; ++i) longer += static_cast<char>(i % 251);
  std::ofstream("long", std::ios::binary) << longer;
  EXPECT_EQ(read_file("long"), longer);
}

TEST(ReadFile, RefusesAPointerOfGitLfsAndNoOtherText) {
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 9\n";
  std::ofstream("pointer") << pointer;
  std::ofstream("long") << pointer << std::string(2000, ' ');
  std::ofstream("short") << "version https://git-lfs.github.com/";

  expect_refused("pointer", "is a Git LFS pointer");
  EXPECT_THAT([] { refuse_lfs_pointer("pointer"); }, ThrowsMessage<InputError>(HasSubstr("git lfs pull")));
  EXPECT_NO_THROW(read_file("long"));
  EXPECT_NO_THROW(MappedFile{fs::path("short")});
}

TEST(ReadFile, AnEmptyFileIsAnEmptyText) {
  std::ofstream("empty").close();
  EXPECT_EQ(read_file("empty"), "");
}

TEST(ReadFile, MoreThanTheLimitIsRefused) {
  std::ofstream("file") << std::string(100'000, 'x');

  EXPECT_EQ(read_file("file", 100'000).size(), 100'000U);
  EXPECT_THAT(
      [] { read_file("file", 99'999); },
      ThrowsMessage<InputError>(AllOf(StartsWith("file: "), HasSubstr("larger than the 99999 bytes"))));
}

// The files of /proc say that they are empty.
TEST(ReadFile, TheLimitHoldsWhateverSizeTheSystemTells) {
  EXPECT_GT(read_file("/proc/self/maps").size(), 100U);
  EXPECT_THROW(read_file("/proc/self/maps", 100), InputError);
}

TEST(MappedFile, ShowsAllBytes) {
  std::ofstream("file", std::ios::binary) << kText;
  EXPECT_EQ(text_of(MappedFile("file")), kText);
}

TEST(MappedFile, AnEmptyFileIsRefused) {
  std::ofstream("empty").close();
  EXPECT_THAT([] { MappedFile("empty"); }, ThrowsMessage<InputError>(StartsWith("empty: is empty")));
}

TEST(MappedFile, ShowsTheSameOnceItHasMoved) {
  std::ofstream("file", std::ios::binary) << kText;
  MappedFile first("file");
  const MappedFile second(std::move(first));

  EXPECT_EQ(text_of(second), kText);
  EXPECT_TRUE(first.bytes().empty());  // NOLINT(bugprone-use-after-move): what is left of it
}

// A checkpoint is replaced while somebody reads it.
TEST(MappedFile, ShowsWhatWasMappedOnceTheNameIsAnotherFile) {
  std::ofstream("file", std::ios::binary) << kText;
  const MappedFile old("file");
  write_file("file", "new");

  EXPECT_EQ(text_of(old), kText);
  EXPECT_EQ(read_file("file"), "new");
}

TEST(MappedFile, ReadsFromAnyByteOn) {
  std::ofstream("file", std::ios::binary) << kText;
  MappedFile first("file");
  const MappedFile file(std::move(first));
  std::string middle(3, ' ');

  file.read(1, std::as_writable_bytes(std::span(middle)));

  EXPECT_EQ(middle, kText.substr(1, 3));
}

// To touch the mapping would end the process.
TEST(MappedFile, AFileThatIsCutWhileItIsOpenIsRefused) {
  std::ofstream("file") << std::string(100, 'x');
  const MappedFile file("file");
  fs::resize_file("file", 60);
  std::string all(100, ' ');

  EXPECT_THAT([&] { file.read(0, std::as_writable_bytes(std::span(all))); },
              ThrowsMessage<InputError>(StartsWith("file: byte 60: the file has become shorter")));
}

TEST(Readers, NameWhatIsMissing) {
  expect_refused("missing/file", "No such file");
}

TEST(Readers, RefuseAFolder) {
  fs::create_directory("folder");
  expect_refused("folder", "is not a regular file");
}

// Nobody writes to it: who waited for a writer would wait for ever.
TEST(Readers, RefuseAPipeAtOnce) {
  ASSERT_EQ(::mkfifo("pipe", 0600), 0);
  expect_refused("pipe", "is not a regular file");
}

TEST(Readers, RefuseADevice) {
  expect_refused("/dev/zero", "is not a regular file");
}

TEST(Readers, RefuseALinkToNothingAndFollowOthers) {
  fs::create_symlink("nothing", "broken");
  expect_refused("broken", "No such file");
  std::ofstream("file", std::ios::binary) << kText;
  fs::create_symlink("file", "link");
  EXPECT_EQ(read_file("link"), kText);
  EXPECT_EQ(text_of(MappedFile("link")), kText);
}

// Of a sparse file, which takes no room on its disk.
TEST(ReadFile, WhatIsTooLargeIsRefusedUnread) {
  std::ofstream("file").close();
  fs::resize_file("file", std::uintmax_t{1} << 36);
  const auto read = [] { read_file("file"); };
  EXPECT_THAT(read, ThrowsMessage<InputError>("file: is larger than the 1073741824 bytes expected here"));
  EXPECT_LT(peak_kib_of(read), 16 << 10);
  fs::remove("file");
}

// Looked at and not read, it can be no exception.
TEST(MappedFile, LookingAtAFileThatWasCutEndsTheProcessWithItsName) {
  std::ofstream("file") << std::string(10'000, 'x');
  EXPECT_EXIT(
      {
        report_lost_mappings();
        const MappedFile first("file");
        const MappedFile file("file");
        std::ofstream("file").close();
        [[maybe_unused]] const volatile auto byte = file.bytes()[5000];
      },
      testing::ExitedWithCode(4),
      "^zoetrope: file: the file has become shorter, .* while it was read; run it again");
}

[[noreturn]] void look_where_a_file_was_mapped() {
  std::signal(SIGBUS, [](int) { ::_exit(7); });
  report_lost_mappings();
  std::ofstream("file") << "x";
  const void* where = MappedFile("file").bytes().data();
  void* other = ::mmap(const_cast<void*>(where), 1, PROT_READ, MAP_PRIVATE, ::open("file", O_RDONLY), 0);
  std::ofstream("file").close();
  [[maybe_unused]] const volatile char byte = *static_cast<const volatile char*>(other);
  ::_exit(0);
}

TEST(MappedFile, AFileThatIsNoLongerMappedHasNoSay) {
  EXPECT_EXIT(look_where_a_file_was_mapped(), testing::ExitedWithCode(7), "^$");
}

// A process's own memory is a file whose first page is not there.
TEST(ReadFile, AnErrorOfTheDiskIsTriedAgainAndIsNoFaultOfTheInput) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT([] { read_file("/proc/self/mem"); },
              ThrowsMessage<RunError>("/proc/self/mem: cannot be read: Input/output error"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << "two pauses";
}

[[noreturn]] void read_without_descriptors() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_NOFILE, &none);
  try {
    read_file("file");
  } catch (const RunError& error) {
    std::fputs(error.what(), stderr);
    ::_exit(4);
  }
  ::_exit(0);
}

TEST(ReadFile, TooManyOpenFilesAreNoFaultOfTheInput) {
  std::ofstream("file") << kText;
  EXPECT_EXIT(read_without_descriptors(), testing::ExitedWithCode(4),
              "^file: cannot be opened: Too many open files$");
}

TEST(SystemError, AWrongPathIsTheUsersAndTheRestTheSystems) {
  for (const int error : {ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG})
    EXPECT_THROW(throw_system_error("file", "cannot be opened", error), InputError) << error;
  for (const int error : {EACCES, EPERM, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS, EIO, ESTALE, ETIMEDOUT})
    EXPECT_THROW(throw_system_error("file", "cannot be opened", error), RunError) << error;
}

TEST(TryAgain, TwiceAfterAPassingErrorAndNeverAfterAnother) {
  int attempts = 0;
  EXPECT_EQ(try_again([&] {
              if (++attempts < 3) throw PassingError("file: cannot be read");
              return attempts;
            }),
            3);
  attempts = 0;
  EXPECT_THROW(try_again([&] {
                 ++attempts;
                 throw RunError("file: cannot be read");
               }),
               RunError);
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace zoetrope::support
