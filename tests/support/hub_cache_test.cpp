// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/hub_cache.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/files.hpp"
#include "zoetrope/support/home.hpp"

#include "support/scratch.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;

// The environment of one test, as it was at its end.
class HubCache : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
      unsetenv(name);
    setenv("HOME", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("HF_HOME");
    setenv("HOME", home_.c_str(), 1);
  }
  // As huggingface_hub lays a snapshot out.
  fs::path bring(const std::string& repository, const std::string& commit) const {
    const fs::path snapshot = hub_cache() / repository / "snapshots" / commit;
    fs::create_directories(snapshot);
    return snapshot;
  }
  static void set_main(const std::string& repository, const std::string& commit) {
    fs::create_directories(hub_cache() / repository / "refs");
    write_file(hub_cache() / repository / "refs/main", commit);
  }

  const fs::path folder_ = scratch::folder();
  const std::string home_ = expand_home("~");
};

TEST_F(HubCache, LiesWhereHuggingFaceHubLooksForIt) {
  EXPECT_EQ(hub_cache(), folder_ / ".cache/huggingface/hub");
  setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(hub_cache(), "/xdg/huggingface/hub");
  setenv("HF_HOME", "~/hf", 1);
  EXPECT_EQ(hub_cache(), folder_ / "hf/hub");
  setenv("HUGGINGFACE_HUB_CACHE", "/old", 1);
  EXPECT_EQ(hub_cache(), "/old");
  setenv("HF_HUB_CACHE", "/new", 1);
  EXPECT_EQ(hub_cache(), "/new");
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"}) unsetenv(name);
}

TEST_F(HubCache, GivesTheSnapshotOfMain) {
  EXPECT_EQ(hub_snapshot(HubKind::kModel, "google/vit"), std::nullopt);
  const fs::path first = bring("models--google--vit", "c1"), second = bring("models--google--vit", "c2");
  EXPECT_EQ(hub_snapshot(HubKind::kModel, "google/vit"), std::nullopt) << "which one is not known";
  set_main("models--google--vit", "c2");
  EXPECT_EQ(hub_snapshot(HubKind::kModel, "google/vit"), second);
  set_main("models--google--vit", "../../../..");
  EXPECT_EQ(hub_snapshot(HubKind::kModel, "google/vit"), std::nullopt);
  EXPECT_EQ(hub_snapshot(HubKind::kDataset, "google/vit"), std::nullopt);

  const fs::path only = bring("datasets--cifar10", "c3");
  EXPECT_EQ(hub_snapshot(HubKind::kDataset, "cifar10"), only);
}

TEST_F(HubCache, NamesAreThoseOfTheHub) {
  for (const char* name : {"gpt2", "google/vit-base-patch16-224-in21k", "a/b_c.d"})
    EXPECT_TRUE(is_hub_name(name)) << name;
  for (const char* name :
       {"", "/", "a/", "/a", "a/b/c", "../a", "./a", "a..b", "a--b", "a b", "-a", "a.", "a/b.git", "a\n"})
    EXPECT_FALSE(is_hub_name(name)) << name;
  EXPECT_FALSE(is_hub_name(std::string(97, 'a')));
}

TEST_F(HubCache, SaysHowToBringWhatIsNotThere) {
  EXPECT_THAT(how_to_bring(HubKind::kDataset, "cifar10"),
              ::testing::EndsWith("bring it with: hf download --repo-type dataset cifar10"));
  EXPECT_THAT(how_to_bring(HubKind::kModel, "google/vit"), ::testing::HasSubstr(hub_cache().string()));
}

TEST_F(HubCache, HomeIsExpandedAsByAShell) {
  EXPECT_EQ(expand_home("~"), folder_.string());
  EXPECT_EQ(expand_home("~/a"), (folder_ / "a").string());
  EXPECT_EQ(expand_home("~root/a"), "/root/a");
  for (const char* path : {"", "a~", "/~", "~nobody-of-this-name/a"}) EXPECT_EQ(expand_home(path), path);
}

}  // namespace
}  // namespace zoetrope::support
