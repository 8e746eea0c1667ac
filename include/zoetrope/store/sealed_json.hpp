// SPDX-License-Identifier: Apache-2.0
// JSON that tells whether a bit of it has changed: an object with its own digest, "zoetrope_digest", over its
// compact text (keys sorted, UTF-8) without that.
#pragma once

#include <string>
#include <string_view>

#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

inline constexpr const char* kJsonDigest = "zoetrope_digest";

std::string digest_of_text(std::string_view text);  // "xxh3-128:" and 32 hexadecimal digits

support::Json with_digest(support::Json object);

// InputError where the object has another digest than its own. False: it has none.
bool check_digest(support::Json object, const std::string& origin);

}  // namespace zoetrope::store
