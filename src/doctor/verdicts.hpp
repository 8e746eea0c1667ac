// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/doctor/report.hpp"

namespace zoetrope::doctor {

const char* word_of(Verdict verdict);  // "ok", "warning", "wrong"

}  // namespace zoetrope::doctor
