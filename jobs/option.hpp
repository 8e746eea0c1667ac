// SPDX-License-Identifier: Apache-2.0
// An option as it is described once: name, value, line of help, and what else is true of it.
#pragma once

#include <string>
#include <vector>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

enum Trait : unsigned {
  kCommon = 1,         // --help lists it without "all"
  kNotKept = 2,        // it does not shape the run, and so is not in run.ini
  kReanalyzes = 4,     // an analysis by another value has other numbers
  kOwnEmbeddings = 8,  // names what is taken in; kept only where it is given
};

class Option : public boost::program_options::option_description {
 public:
  Option(const char* name, const boost::program_options::value_semantic* value, const char* help,
         unsigned traits)
      : option_description(name, value, help), traits_(traits) {}

  bool has(Trait trait) const { return (traits_ & trait) != 0; }

 private:
  unsigned traits_;
};

// Adds options to a group.
class OptionAdder {
 public:
  explicit OptionAdder(boost::program_options::options_description& group) : group_(group) {}

  void operator()(const char* name, const boost::program_options::value_semantic* value, const char* help,
                  unsigned traits = 0) const;

 private:
  boost::program_options::options_description& group_;
};

bool has(const boost::program_options::option_description& option, Trait trait);

// The long names of all options, and of those with a trait.
std::vector<std::string> names_of(const boost::program_options::options_description& description);
std::vector<std::string> names_with(Trait trait,
                                    const boost::program_options::options_description& description);

}  // namespace zoetrope::jobs
