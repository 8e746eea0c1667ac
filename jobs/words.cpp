// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <sstream>

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

std::string without_spaces_around(const std::string& word) {
  const auto first = word.find_first_not_of(' ');
  return first == std::string::npos ? "" : word.substr(first, word.find_last_not_of(' ') + 1 - first);
}

}  // namespace

po::typed_value<std::string>* word_list(std::vector<std::string>& target, const char* name,
                                        const std::vector<std::string>& known) {
  std::string now;
  for (const std::string& word : target) now += (now.empty() ? "" : ",") + word;
  return po::value<std::string>()->default_value(now)->value_name("LIST")->notifier(
      [&target, name, known](const std::string& asked) {
        target.clear();
        std::istringstream text(asked);
        for (std::string word; std::getline(text, word, ',');) {
          word = without_spaces_around(word);
          if (std::ranges::find(known, word) == known.end()) refuse_word(name, word, known);
          if (std::ranges::find(target, word) == target.end()) target.push_back(word);
        }
      });
}

}  // namespace zoetrope::jobs
