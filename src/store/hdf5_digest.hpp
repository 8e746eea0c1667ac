// SPDX-License-Identifier: Apache-2.0
// What a file's values are hashed into while they are written or read. Each dataset and each attribute of the
// root has a digest of its own, so that what others add to a file later belongs to none.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

class ContentDigest {
 public:
  // The bytes of a dataset from `offset` on. They count while each call begins where the one before ended.
  void add(const std::string& dataset, std::size_t offset, std::span<const std::byte> bytes);
  void add_attribute(const std::string& key, std::string_view bytes);

  // All digests as JSON: what the file keeps.
  std::string text() const;
  // The first name in `kept`, which parse() has made of another content's text(), whose digest is another
  // here: "/step", or "attribute \"step\"". "" where there is none.
  std::string difference_from(const support::Json& kept) const;
  // Null where the text is none of text()'s.
  static support::Json parse(const std::string& text);

 private:
  struct Dataset {
    support::Xxh3 hash;
    std::size_t size = 0;
  };
  std::map<std::string, Dataset> datasets_;
  std::map<std::string, std::string> attributes_;
};

}  // namespace zoetrope::store
