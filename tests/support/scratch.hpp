// SPDX-License-Identifier: Apache-2.0
// Where tests write: a folder of each test's own, empty at first, which is its working directory while it
// runs. So tests that run side by side, and two runs of the suite, do not meet in a file, whatever names they
// give it.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

namespace zoetrope::scratch {

// A new folder below `parent`, whose name begins with `name`; it is gone when this is.
class Folder {
 public:
  explicit Folder(const std::string& name,
                  const std::filesystem::path& parent = std::filesystem::current_path()) {
    std::string pattern = (parent / (name + ".XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), pattern + ": cannot be made");
    path_ = std::move(pattern);
  }
  ~Folder() {
    std::error_code ignored;
    if (!is_kept_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void keep() { is_kept_ = true; }

 private:
  std::filesystem::path path_;
  bool is_kept_ = false;
};

// Suite.Test, without what cannot stand in a file's name.
inline std::string file_name_of(const ::testing::TestInfo& test) {
  std::string name = std::string(test.test_suite_name()) + "." + test.name();
  for (char& c : name)
    if (c == '/') c = '_';
  return name;
}

// Makes a scratch folder the working directory of each test. That of a test that fails is left to be looked
// at.
class ForEachTest : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo& test) override {
    outside_ = std::filesystem::current_path();
    folder_.emplace(file_name_of(test));
    std::filesystem::current_path(folder_->path());
  }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    std::filesystem::current_path(outside_);
    if (test.result()->Failed()) {
      folder_->keep();
      std::printf("what it wrote: %s\n", folder_->path().c_str());
    }
    folder_.reset();
  }

 private:
  std::filesystem::path outside_;
  std::optional<Folder> folder_;
};

// Another empty folder at each call, in the test's own.
inline std::filesystem::path folder() {
  for (int i = 1;; ++i) {
    const std::filesystem::path made = std::filesystem::current_path() / ("folder-" + std::to_string(i));
    if (std::filesystem::create_directory(made)) return made;
  }
}

}  // namespace zoetrope::scratch
