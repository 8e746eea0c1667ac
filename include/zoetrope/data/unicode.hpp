// SPDX-License-Identifier: Apache-2.0
// Names that look the same and differ in their bytes.
#pragma once

#include <string>

namespace zoetrope::data {

// The name in Unicode's composed form (NFC): file systems of macOS write "é" as an "e" and an accent. What
// is no UTF-8 stays as it is.
std::string composed(const std::string& name);

}  // namespace zoetrope::data
