// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "analysis_sources.hpp"
#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace {

// Collective.
bool is_done(Session& session, const std::vector<CheckpointSource>& sources) {
  const bool equal = session.is_root() && store::read_source_digest(session.run().analysis()) ==
                                              digest_of_sources(session, sources);
  return comm::broadcast_scalar(session.communicator(), equal ? 1 : 0, 0) != 0;
}

}  // namespace

void analyze(Session& session) {
  const support::Stopwatch watch;
  const auto steps = session.checkpoint_steps();
  if (steps.empty())
    throw InputError(session.run().root.string() +
                     ": holds no checkpoint-<step> folder; run zoetrope finetune first");
  session.set_stage("reading what is embedded");
  const auto sources = read_sources(session, steps);
  if (is_done(session, sources)) return;
  store::Analysis analysis = analyze_sources(session, sources);
  comm::do_unless_asked(session.communicator(), kNothingIsKept, [&] {
    if (!session.is_root()) return;
    store::write_analysis(session.run().analysis(), analysis);
    session.keep_analysis(std::move(analysis));
  });
  session.add_stage({"analysis", watch.seconds(), static_cast<std::int64_t>(steps.size()), "frames"});
}

}  // namespace zoetrope::pipeline
