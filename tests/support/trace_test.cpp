// SPDX-License-Identifier: Apache-2.0
// What is recorded, as the file has it.
#include "zoetrope/support/trace.hpp"

#include <algorithm>
#include <latch>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/timeline.hpp"

namespace zoetrope::trace {
namespace {

namespace fs = std::filesystem;
using support::Json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

class Timeline : public testing::Test {
 protected:
  void SetUp() override { start_recording(now(), "run"); }
  void TearDown() override { stop_recording(); }
};

Json events_in(const fs::path& path) {
  return support::read_json(path, std::size_t{1} << 30).at("traceEvents");
}

Json events(const Process& process = {}) {
  TimelineFile file("timeline.json");
  file.add(timeline_events(process));
  file.commit();
  return events_in("timeline.json");
}

std::string track_of(const Json& all, const Json& event) {
  for (const Json& other : all)
    if (other.at("name") == "thread_name" && other.at("tid") == event.at("tid"))
      return other.at("args").at("name");
  return "?";
}

// The spans of a track in the order in which they began.
std::vector<Json> spans(const Json& all, const std::string& track = "main") {
  std::vector<Json> found;
  for (const Json& event : all)
    if (event.at("ph") == "X" && track_of(all, event) == track) found.push_back(event);
  return found;
}

std::vector<std::string> names(const std::vector<Json>& spans) {
  std::vector<std::string> found;
  for (const Json& span : spans) found.push_back(span.at("name"));
  return found;
}

std::vector<std::string> tracks(const Json& all) {
  std::vector<std::string> found;
  for (const Json& event : all)
    if (event.at("name") == "thread_name") found.push_back(event.at("args").at("name"));
  return found;
}

std::vector<std::string> labels(const Json& all) {
  std::vector<std::string> found;
  for (const Json& event : all)
    if (event.at("name") == "process_labels") found.push_back(event.at("args").at("labels"));
  return found;
}

void in_thread(const char* name, const char* span) {
  std::thread([=] {
    name_thread(name);
    const Span recorded(span);
  }).join();
}

TEST(Recording, UntilItStartsNothingIsKept) {
  stop_recording();
  { const Span span("unseen"); }
  enter_stage("unseen");
  start_recording(now(), "run");
  { const Span span("seen"); }
  stop_recording();
  { const Span span("unseen"); }
  EXPECT_THAT(names(spans(events())), ElementsAre("seen"));
  EXPECT_THAT(names(spans(events(), "stages")), ElementsAre("start"));
}

TEST_F(Timeline, SpansHaveNamesTimesAndArguments) {
  const std::int64_t before = now();
  {
    const Span outer("outer");
    const Span inner("inner", "bytes", 4096);
  }
  const auto found = spans(events());

  ASSERT_THAT(names(found), ElementsAre("outer", "inner"));
  EXPECT_FALSE(found[0].contains("args"));
  EXPECT_EQ(found[1].at("args"), Json({{"bytes", 4096}}));
  const auto begin = [&](int i) { return found[i].at("ts").get<double>(); };
  const auto end = [&](int i) { return begin(i) + found[i].at("dur").get<double>(); };
  EXPECT_GE(begin(0), static_cast<double>(before) / 1e3 - 1);
  EXPECT_LE(begin(0), begin(1));
  EXPECT_LE(end(1), end(0) + 1e-3);
}

TEST_F(Timeline, ASpanThatGoesOnReachesToNow) {
  const Span span("going on");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto found = spans(events());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_GE(found[0].at("dur").get<double>(), 5000);
}

TEST_F(Timeline, AProcessIsARankOnItsHost) {
  const Json all = events({.rank = 3, .host = "node7", .scale = {}});
  for (const Json& event : all) EXPECT_EQ(event.at("pid"), 3);
  EXPECT_EQ(all.at(0).at("args").at("name"), "rank 3 (node7)");
}

TEST_F(Timeline, ThreadsAtTheSameTimeHaveTracksOfTheirOwn) {
  std::latch all_there(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      if (i > 0) name_thread("zt-images");
      const Span span("decoding");
      all_there.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  { const Span span("waiting"); }

  const Json all = events();
  EXPECT_THAT(tracks(all), UnorderedElementsAre("stages", "main", "worker", "zt-images", "zt-images 2"));
  for (const char* track : {"worker", "zt-images", "zt-images 2"})
    EXPECT_THAT(names(spans(all, track)), ElementsAre("decoding")) << track;
  EXPECT_THAT(names(spans(all)), ElementsAre("waiting"));
}

TEST_F(Timeline, AThreadTakesTheTrackOfOneThatHasEnded) {
  for (int i = 0; i < 50; ++i) in_thread("zt-frames", "drawing");
  in_thread("zt-checkpoint", "writing");
  const Json all = events();
  EXPECT_THAT(spans(all, "zt-frames"), SizeIs(50));
  EXPECT_THAT(names(spans(all, "zt-checkpoint")), ElementsAre("writing"));
}

// A job of days must not fill the memory; what its main thread does is kept longest.
#ifndef __SANITIZE_THREAD__  // takes a minute there, and its threads come one after another
TEST_F(Timeline, MemoryIsBoundedAndWhatIsDroppedIsSaid) {
  constexpr std::int64_t kMany = 300'000;
  std::thread([] {
    const std::string folder(180, 'x');
    for (std::int64_t i = 0; i < kMany; ++i) const Span span("reading", folder + "/" + std::to_string(i));
  }).join();
  { const Span span("step"); }

  EXPECT_GT(dropped_spans(), kMany / 4);
  const std::string text = timeline_events({});
  EXPECT_EQ(static_cast<std::int64_t>(std::ranges::count(text, '\n')) + dropped_spans(),
            kMany + 10);  // names and places of the process and of three tracks, a stage, "step", the label
  EXPECT_THAT(text, HasSubstr("x/0\"}"));
  EXPECT_THAT(text, Not(HasSubstr("x/" + std::to_string(kMany - 1) + "\"}")));
  EXPECT_THAT(text, HasSubstr("\"name\":\"step\""));
  EXPECT_THAT(text, HasSubstr(std::to_string(dropped_spans()) + " later spans found no room"));
}
#endif

TEST_F(Timeline, WhereAllFindsRoomNothingIsSaid) {
  { const Span span("step"); }
  EXPECT_THAT(labels(events()), IsEmpty());
}

TEST_F(Timeline, AnyTextIsValidJson) {
  const std::string name = "a \"b\" \\ \n \x01 \xc3\xa9 \xff";
  { const Span span("reading", fs::path(name)); }
  EXPECT_EQ(spans(events()).at(0).at("args").at("file"), "a \"b\" \\ \n \x01 \xc3\xa9 \xef\xbf\xbd");
}

TEST_F(Timeline, FilesAreNamedWithinTheRunAsTheyWillBeCalled) {
  const auto shown = [](const fs::path& file) {
    { const Span span("writing", file); }
    return spans(events()).back().at("args").at("file").get<std::string>();
  };
  EXPECT_EQ(shown("run/checkpoint-20/model.safetensors"), "checkpoint-20/model.safetensors");
  EXPECT_EQ(shown("run/.checkpoint-20.123.tmp/.model.safetensors.123.tmp"),
            "checkpoint-20/model.safetensors");
  EXPECT_EQ(shown("/elsewhere/train/cat.png"), "/elsewhere/train/cat.png");
  EXPECT_EQ(shown("other/run.ini"), "other/run.ini");
  EXPECT_THAT(shown("run/" + std::string(1000, 'x') + "end"), AllOf(StartsWith("...x"), SizeIs(203)));
}

TEST_F(Timeline, FilesThatAreWrittenAndReadAreRecorded) {
  fs::create_directory("run");
  support::write_file("run/run.ini", "x");
  support::read_file("run/run.ini");
  const auto found = spans(events());
  ASSERT_THAT(names(found), ElementsAre("writing", "flushing", "flushing", "reading"));
  for (const int i : {0, 1, 3}) EXPECT_EQ(found[i].at("args").at("file"), "run.ini");
}

TEST_F(Timeline, StagesFollowOneAnother) {
  for (const char* stage : {"training, step 1", "training, step 2", "drawing frames"}) enter_stage(stage);
  const auto found = spans(events(), "stages");
  ASSERT_THAT(names(found), ElementsAre("start", "training", "drawing frames"));
  for (std::size_t i = 1; i < found.size(); ++i) {
    const double end = found[i - 1].at("ts").get<double>() + found[i - 1].at("dur").get<double>();
    EXPECT_NEAR(found[i].at("ts").get<double>(), end, 2e-3);
  }
}

TEST_F(Timeline, OthersMayAddTracks) {
  const std::int64_t begin = now();
  add_tracks({{"GPU 0, stream 7", {{"gemm<float, 128>", begin, begin + 1000}}}});
  const auto found = spans(events(), "GPU 0, stream 7");
  ASSERT_THAT(names(found), ElementsAre("gemm<float, 128>"));
  EXPECT_NEAR(found[0].at("dur").get<double>(), 1.0, 1e-9);
  EXPECT_EQ(track_of_thread(::getpid()), "main");
  EXPECT_EQ(track_of_thread(-1), "thread -1");
}

TEST_F(Timeline, RanksAreJoinedInOneFile) {
  { const Span span("step"); }
  TimelineFile file("timeline.json");
  for (const int rank : {0, 1}) file.add(timeline_events({.rank = rank, .host = "", .scale = {}}));
  file.add("");
  file.commit();
  std::vector<int> ranks;
  for (const Json& event : events_in("timeline.json"))
    if (event.at("name") == "step") ranks.push_back(event.at("pid"));
  EXPECT_THAT(ranks, ElementsAre(0, 1));
}

TEST_F(Timeline, AFileCanBePacked) {
  { const Span span("step"); }
  const std::string text = timeline_events({});
  for (const char* name : {"plain.json", "packed.json.gz"}) {
    TimelineFile file(name);
    file.add(text);
    file.commit();
  }
  std::string unpacked(1 << 20, '\0');
  const gzFile packed = gzopen("packed.json.gz", "rb");
  EXPECT_EQ(gzdirect(packed), 0) << "it is not packed";
  const int size = gzread(packed, unpacked.data(), static_cast<unsigned>(unpacked.size()));
  gzclose(packed);
  ASSERT_GT(size, 0);
  unpacked.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(unpacked, support::read_file("plain.json"));
}

TEST(TimelineFile, OneThatCannotBeWrittenIsNamed) {
  EXPECT_THAT([] { TimelineFile("missing/timeline.json"); },
              ThrowsMessage<RunError>(StartsWith("missing/timeline.json: cannot be created")));
}

TEST(TimeScale, ALeadThatChangesIsSpreadOverTheTimeBetween) {
  const TimeScale scale{{.at = 1000, .lead = 50}, {.at = 3000, .lead = 90}, /*origin=*/1000};
  EXPECT_EQ(scale(1000), 50);
  EXPECT_EQ(scale(2000), 1070);
  EXPECT_EQ(scale(3000), 2090);
  EXPECT_EQ(scale(0), -950) << "before the first comparison its lead counts";
  EXPECT_EQ(scale(4000), 3090);
  EXPECT_EQ((TimeScale{{.at = 7, .lead = 5}, {.at = 7, .lead = 5}, 0})(10), 15);
}

}  // namespace
}  // namespace zoetrope::trace
