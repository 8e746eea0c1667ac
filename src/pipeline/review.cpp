// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/review.hpp"

#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "analysis_sources.hpp"
#include "page_content.hpp"

namespace zoetrope::pipeline {

void review(Session& session) {
  if (session.options().review.live) return review_live(session);
  const support::Stopwatch watch;
  session.set_stage("writing the review page");
  if (session.is_root()) {
    const review::Review page = review_of(session, analysis_of_run(session));
    review::write_page(session.run().review(), page);
    for (const std::string& format : session.options().review.exports)
      support::log_info("wrote " + review::export_review(format, session.run(), page).string());
  }
  session.communicator().barrier();
  session.add_stage({"review", watch.seconds(), 1, "pages"});
}

}  // namespace zoetrope::pipeline
