// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/review.hpp"

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/review/issues.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "analysis_sources.hpp"
#include "page_content.hpp"
#include "run_analysis.hpp"

namespace zoetrope::pipeline {

void review(Session& session) {
  if (session.options().review.live) return review_live(session);
  analyze_where_needed(session);
  const support::Stopwatch watch;
  session.test();  // by all ranks, as they must agree whether that was stopped
  if (session.shows_training()) session.train_sample();
  session.set_stage("writing the review page");
  comm::do_unless_asked(session.communicator(), "the review is not finished; run the same command again",
                        [&] {
                          if (!session.is_root()) return;
                          const review::Review page = review_of(session, analysis_of_run(session));
                          review::write_page(session.run().review(), page);
                          review::write_issues(session.run().issues(), page);
                          for (const std::string& format : session.options().review.exports)
                            session.add_exported(review::export_review(format, session.run(), page));
                        });
  session.add_stage({"review", watch.seconds(), 1, "pages"});
}

}  // namespace zoetrope::pipeline
