// SPDX-License-Identifier: Apache-2.0
// SIGTERM, SIGINT and SIGUSR1 ask the job to save and stop; a second SIGINT ends it at once.
#pragma once

namespace zoetrope::support {

void install_signal_handlers();
// The signal that arrived, or 0. Only this process's own flag: ranks must reduce it before they branch on it.
int received_signal() noexcept;

}  // namespace zoetrope::support
