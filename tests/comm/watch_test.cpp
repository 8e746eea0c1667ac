// SPDX-License-Identifier: Apache-2.0
// The watchdog's judgement and what it judges by, without MPI.
#include <chrono>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/timeline.hpp"
#include "zoetrope/support/trace.hpp"

#include "watchdog/activity.hpp"
#include "watchdog/hang_report.hpp"

namespace zoetrope::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// A rank as the watchdog of rank 0 sees it.
struct FakeRank {
  std::shared_ptr<Activity> watch = std::make_shared<Activity>();
  Activity::Channel world{watch, 1, ""};

  RankView view(int rank, double silent_s = 0.1) const {
    return {watch->report(rank), "host" + std::to_string(rank), silent_s};
  }
};

TEST(Verdict, NobodyWaitsNobodyIsStuck) {
  FakeRank a;
  FakeRank b;
  a.watch->advance(1h);  // a long computation
  b.watch->advance(1h);
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
}

TEST(Verdict, AShortWaitIsNoHang) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting waiting(a.world, "barrier");
  a.watch->advance(9s);
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
}

TEST(Verdict, NamesTheCollectiveAndWhoIsMissing) {
  FakeRank a;
  FakeRank b;
  { const Activity::Channel::Waiting earlier(a.world, "barrier"); }
  { const Activity::Channel::Waiting earlier(b.world, "barrier"); }
  a.watch->set_stage("training, step 120");
  b.watch->set_stage("reading images");
  const Activity::Channel::Waiting waiting(a.world, "all_reduce", 25'000, "float32");
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
  for (const FakeRank* rank : {&a, &b}) rank->watch->advance(11s);

  const auto verdict = find_stuck({a.view(0), b.view(1, 0.2)}, 10);

  ASSERT_TRUE(verdict.has_value());
  EXPECT_THAT(
      *verdict,
      HasSubstr("rank 0 (host0) has waited 11 s in a collective (all_reduce of 25,000 float32, #2) in "
                "stage \"training, step 120\""));
  EXPECT_THAT(
      *verdict,
      HasSubstr("rank 1 (host1) in stage \"reading images\", last in barrier, #1, last heard of 0 s ago"));
  EXPECT_THAT(*verdict, Not(HasSubstr("\n")));
}

TEST(Verdict, ARankInAnotherCollectiveHasNotReachedThisOne) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting here(a.world, "all_reduce", 5, "float32");
  const Activity::Channel::Waiting there(b.world, "broadcast", 5, "float32");
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
  a.watch->advance(12s);
  b.watch->advance(11s);
  const auto verdict = find_stuck({a.view(0), b.view(1)}, 10);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_THAT(*verdict,
              AllOf(HasSubstr("all_reduce of 5"), HasSubstr("rank 1"), HasSubstr("last in broadcast of 5")));
}

TEST(Verdict, ASilentRankIsNamedThoughItReachedTheCollective) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting here(a.world, "barrier");
  const Activity::Channel::Waiting there(b.world, "barrier");
  a.watch->advance(12s);
  const auto verdict = find_stuck({a.view(0), b.view(1, 12.0)}, 10);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_THAT(*verdict, HasSubstr("silent: rank 1 (host1)"));
}

// One encodes for an hour, a frame at a time, while the others wait at the end of the stage.
TEST(Verdict, ARankThatWorksOnIsWaitedFor) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting here(a.world, "barrier");
  for (int frame = 0; frame < 100; ++frame) {
    for (const FakeRank* rank : {&a, &b}) rank->watch->advance(9s);
    support::mark_progress();
    ASSERT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
  }
  for (const FakeRank* rank : {&a, &b}) rank->watch->advance(11s);
  EXPECT_TRUE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
}

TEST(Verdict, OneRankThatWorksDoesNotExcuseAnother) {
  FakeRank a;
  FakeRank busy;
  FakeRank idle;
  const Activity::Channel::Waiting here(a.world, "barrier");
  EXPECT_FALSE(find_stuck({a.view(0), busy.view(1), idle.view(2)}, 10).has_value());
  for (const FakeRank* rank : {&a, &busy, &idle}) rank->watch->advance(11s);
  busy.watch->set_stage("training, step 5");
  EXPECT_TRUE(find_stuck({a.view(0), busy.view(1), idle.view(2)}, 10).has_value());
}

// The last to come, after long work, has just begun its part.
TEST(Verdict, AllInOneCollectiveAreStuckWhenNoneMoves) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting here(a.world, "broadcast", 5, "float32");
  for (const FakeRank* rank : {&a, &b}) rank->watch->advance(11s);
  const Activity::Channel::Waiting there(b.world, "broadcast", 5, "float32");
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1)}, 10).has_value());
  for (const FakeRank* rank : {&a, &b}) rank->watch->advance(11s);
  const auto verdict = find_stuck({a.view(0), b.view(1)}, 10);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_THAT(*verdict, HasSubstr("none: all ranks are in it and none makes progress"));
}

TEST(Verdict, RanksOutsideTheGroupAreNotMissing) {
  FakeRank a;
  FakeRank b;
  FakeRank outsider;
  Activity::Channel group_a(a.watch, child_id(1, 1, 0), "/0");
  Activity::Channel group_b(b.watch, child_id(1, 1, 0), "/0");
  Activity::Channel group_c(outsider.watch, child_id(1, 1, 1), "/1");
  const Activity::Channel::Waiting here(group_a, "barrier");
  EXPECT_FALSE(find_stuck({a.view(0), b.view(1), outsider.view(2)}, 10).has_value());
  for (const FakeRank* rank : {&a, &b}) rank->watch->advance(12s);
  const auto verdict = find_stuck({a.view(0), b.view(1), outsider.view(2)}, 10);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_THAT(*verdict,
              AllOf(HasSubstr("barrier in group /0"), HasSubstr("rank 1"), Not(HasSubstr("rank 2"))));
}

TEST(Mismatch, DifferentCallsAtTheSamePlaceAreNamedAtOnce) {
  FakeRank a;
  FakeRank b;
  { const Activity::Channel::Waiting here(a.world, "all_reduce", 5, "float32"); }
  const Activity::Channel::Waiting there(b.world, "all_reduce", 6, "float32");

  const auto mismatch = find_mismatch({a.view(0), b.view(1)});

  ASSERT_TRUE(mismatch.has_value());
  EXPECT_THAT(*mismatch, AllOf(HasSubstr("rank 0 (host0) calls all_reduce of 5 float32, #1"),
                               HasSubstr("rank 1 (host1) calls all_reduce of 6 float32, #1")));
}

TEST(Mismatch, EqualCallsAndRanksThatAreNotEquallyFarAreNone) {
  FakeRank a;
  FakeRank b;
  { const Activity::Channel::Waiting here(a.world, "broadcast", 5, "float32"); }
  { const Activity::Channel::Waiting there(b.world, "broadcast", 5, "float32"); }
  EXPECT_FALSE(find_mismatch({a.view(0), b.view(1)}).has_value());
  const Activity::Channel::Waiting ahead(b.world, "barrier");
  EXPECT_FALSE(find_mismatch({a.view(0), b.view(1)}).has_value());
}

TEST(Mismatch, PiecesOfAGatherMayDiffer) {
  FakeRank a;
  FakeRank b;
  const Activity::Channel::Waiting here(a.world, "all_gather", 5, "float32");
  const Activity::Channel::Waiting there(b.world, "all_gather", 0, "float32");
  EXPECT_FALSE(find_mismatch({a.view(0), b.view(1)}).has_value());
}

TEST(Activity, TellsTheLongestWaitsWhenThereAreTooManyGroups) {
  const auto watch = std::make_shared<Activity>();
  std::vector<std::unique_ptr<Activity::Channel>> channels;
  for (std::uint64_t i = 0; i < 20; ++i)
    channels.push_back(std::make_unique<Activity::Channel>(watch, i, "g"));
  const Activity::Channel::Waiting waiting(*channels[17], "barrier");
  const RankReport report = watch->report(0);
  ASSERT_EQ(report.channel_count, RankReport::kMaxChannels);
  EXPECT_EQ(report.channels[0].id, 17U);
}

TEST(Activity, LongTextsAreCut) {
  Activity watch;
  watch.set_stage(std::string(500, 'x'));
  EXPECT_EQ(std::string(watch.report(0).stage.data()), std::string(95, 'x'));
}

TEST(ChildId, DiffersByParentOrdinalAndColor) {
  EXPECT_EQ(child_id(1, 2, 3), child_id(1, 2, 3));
  EXPECT_NE(child_id(1, 2, 3), child_id(1, 2, 4));
  EXPECT_NE(child_id(1, 2, 3), child_id(1, 3, 3));
  EXPECT_NE(child_id(1, 2, 3), child_id(2, 2, 3));
}

TEST(LastWords, AreSaidOnce) {
  FakeRank rank;
  int said = 0;
  rank.watch->say_last_words("it hangs");
  rank.watch->set_last_words([&](const std::string&) { ++said; });
  rank.watch->say_last_words("it hangs");
  rank.watch->say_last_words("it hangs");
  EXPECT_EQ(said, 1);
  rank.watch->set_last_words([&](const std::string&) { ++said; });
  rank.watch->set_last_words({});
  rank.watch->say_last_words("it hangs");
  EXPECT_EQ(said, 1);
}

TEST(Timeline, ShowsCollectivesWithTheirBytes) {
  FakeRank rank;
  trace::start_recording(trace::now(), "run");
  for (const auto& [dtype, elements] :
       {std::pair{"float32", 10}, {"float64", 10}, {"uint8", 10}, {"bfloat16", 10}, {"", 0}})
    const Activity::Channel::Waiting waiting(rank.world, "all_reduce", elements, dtype);
  trace::stop_recording();
  const std::string events = trace::timeline_events({});
  for (const char* bytes : {"40", "80", "10", "20", "0"})
    EXPECT_THAT(events, HasSubstr(std::string("\"args\":{\"bytes\":") + bytes + "}"));
}

}  // namespace
}  // namespace zoetrope::comm
