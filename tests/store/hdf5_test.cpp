// SPDX-License-Identifier: Apache-2.0
#include "hdf5.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"

#include "store/scratch.hpp"
#include "support/another_process.hpp"

namespace zoetrope::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Hdf5Test : public ScratchTest {
 protected:
  std::filesystem::path path() const { return folder_ / "a.h5"; }
};

// HDF5 has one thread at a time, which a child of fork() may not have.
TEST_F(Hdf5Test, AChildNeedNotWaitForAThreadOfItsParent) {
  std::promise<void> is_open;
  std::jthread other([&] {
    Hdf5File file = Hdf5File::create(path());
    is_open.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    file.close();
  });
  is_open.get_future().wait();
  support::AnotherProcess child([&](const auto&) {
    ::alarm(20);
    Hdf5File::create(folder_ / "childs.h5").close();
  });
  EXPECT_EQ(child.exit_code(), 0);
}

// What follows, as fsync(), may take long.
TEST_F(Hdf5Test, AFileThatIsClosedKeepsNoOtherThreadWaiting) {
  support::AnotherProcess alone([&](const auto&) {
    ::alarm(20);
    Hdf5File file = Hdf5File::create(path());
    file.close();
    std::jthread([&] { Hdf5File::create(folder_ / "others.h5").close(); }).join();
  });
  EXPECT_EQ(alone.exit_code(), 0);
}

TEST_F(Hdf5Test, GivesBackWhatWasWritten) {
  const std::vector<float> floats = {1.5F, -2.25F, 3.0F, 0.0F, 1e-30F, 7.0F};
  const std::vector<double> doubles = {0.1, 1.0 / 3.0};
  const std::vector<std::int64_t> ints = {-1, std::int64_t{1} << 62};
  const std::vector<std::string> texts = {"", "plain", "大きさ <script>", std::string(5000, 'x')};

  Hdf5File out = Hdf5File::create(path());
  out.write("floats", std::span<const float>(floats), {2, 3});
  out.write("/doubles", std::span<const double>(doubles), {2});
  out.write("ints", std::span<const std::int64_t>(ints), {2, 1, 1});
  out.write("texts", texts);
  out.set_attribute("/", "name", std::string("übung"));
  out.set_attribute("floats", "step", std::int64_t{40});
  out.set_attribute("floats", "epoch", 0.1);
  out.close();

  const Hdf5File in = Hdf5File::open(path());
  EXPECT_EQ(in.names(), (std::vector<std::string>{"doubles", "floats", "ints", "texts"}));
  EXPECT_EQ(in.read_floats("floats"), floats);
  EXPECT_EQ(in.read_doubles("doubles"), doubles);
  EXPECT_EQ(in.read_ints("ints"), ints);
  EXPECT_EQ(in.read_strings("texts"), texts);
  EXPECT_EQ(in.info("floats").shape, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(in.info("texts").type, ElementType::kString);
  EXPECT_EQ(in.string_attribute("/", "name"), "übung");
  EXPECT_EQ(in.int_attribute("floats", "step"), 40);
  EXPECT_EQ(in.double_attribute("floats", "epoch"), 0.1);
  EXPECT_TRUE(in.has("ints"));
  EXPECT_FALSE(in.has("nothing/at/all"));
}

TEST_F(Hdf5Test, KeepsEmptyDatasets) {
  Hdf5File out = Hdf5File::create(path());
  out.write("none", std::span<const double>(), {0, 7});
  out.write("no_texts", std::vector<std::string>{});
  out.create_float_rows("no_rows", 0, 5);
  out.close();

  const Hdf5File in = Hdf5File::open(path());
  EXPECT_TRUE(in.read_doubles("none").empty());
  EXPECT_EQ(in.info("none").shape, (std::vector<std::uint64_t>{0, 7}));
  EXPECT_TRUE(in.read_strings("no_texts").empty());
  EXPECT_TRUE(in.read_floats("no_rows").empty());
}

TEST_F(Hdf5Test, ReadsAndWritesByRows) {
  Hdf5File out = Hdf5File::create(path());
  out.create_float_rows("rows", 3, 2);
  out.write_rows("rows", 1, std::vector<float>{3, 4, 5, 6});
  out.write_rows("rows", 0, std::vector<float>{1, 2});
  out.close();

  const Hdf5File in = Hdf5File::open(path());
  std::vector<float> middle(2);
  in.read_rows("rows", 1, middle);
  EXPECT_EQ(middle, (std::vector<float>{3, 4}));
  EXPECT_EQ(in.read_floats("rows"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Hdf5Test, RefusesRowsThatAreNotThere) {
  Hdf5File out = Hdf5File::create(path());
  out.create_float_rows("rows", 3, 2);
  const std::vector<float> two_rows(4);

  EXPECT_THROW(out.write_rows("rows", 2, two_rows), RunError);
  EXPECT_THROW(out.write_rows("rows", ~std::uint64_t{0}, two_rows), RunError);
  EXPECT_THROW(out.write_rows("rows", 0, std::vector<float>(3)), RunError);
}

TEST_F(Hdf5Test, NamesFileAndDatasetInErrors) {
  Hdf5File out = Hdf5File::create(path());
  out.write("ints", std::span<const std::int64_t>(), {0});
  out.close();
  const Hdf5File in = Hdf5File::open(path());

  const std::string missing = message_of<InputError>([&] { in.read_doubles("epoch"); });
  EXPECT_THAT(missing, AllOf(HasSubstr("a.h5: /epoch: "), HasSubstr("missing"), Not(HasSubstr("\n"))));
  const std::string type = message_of<InputError>([&] { in.read_doubles("ints"); });
  EXPECT_THAT(type, HasSubstr("/ints: holds int64; float64 is expected"));
  const std::string attribute = message_of<InputError>([&] { in.int_attribute("ints", "step"); });
  EXPECT_THAT(attribute, HasSubstr("a.h5: attribute \"step\" of /ints: is missing"));
}

TEST_F(Hdf5Test, GivesHdf5sOwnReasonWithoutPrintingIt) {
  std::ofstream(path()) << "no HDF5 file at all";

  ::testing::internal::CaptureStderr();
  const std::string message = message_of<InputError>([&] { Hdf5File::open(path()); });

  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(message, HasSubstr("file signature not found"));
}

TEST_F(Hdf5Test, RefusesValuesThatDoNotFillTheShape) {
  Hdf5File out = Hdf5File::create(path());

  EXPECT_THROW(out.write("x", std::vector<double>(5), {2, 3}), RunError);
  EXPECT_THROW(out.write("x", std::vector<double>(1), {std::uint64_t{1} << 63, 2}), RunError);
}

TEST_F(Hdf5Test, CreateFailsWhereAFileIs) {
  Hdf5File::create(path()).close();

  EXPECT_THROW(Hdf5File::create(path()), RunError);
}

// A full disk, played by a limit on the size of files.
TEST_F(Hdf5Test, ReportsAFullDisk) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 64 * 1024, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);

  const auto write_much = [&] {
    Hdf5File out = Hdf5File::create(path());
    out.write("x", std::vector<double>(100'000), {100'000});
    out.close();
  };
  EXPECT_THROW(write_much(), RunError);

  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
}

}  // namespace
}  // namespace zoetrope::store
