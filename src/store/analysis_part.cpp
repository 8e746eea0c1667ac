// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_part.hpp"

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/trace.hpp"

#include "hdf5.hpp"

namespace zoetrope::store {

namespace {

constexpr const char* kPartNumbers = "numbers";
constexpr const char* kPartIntegers = "integers";
constexpr const char* kPartSource = "source_digest";

}  // namespace

void write_analysis_part(const std::filesystem::path& path, const AnalysisPart& part) {
  const trace::Span span("writing", path);
  support::create_folders(path.parent_path());
  support::AtomicPath target(path);
  Hdf5File file = Hdf5File::create(target.temporary());
  file.write(kPartNumbers, std::span(part.numbers), {part.numbers.size()});
  file.write(kPartIntegers, std::span(part.integers), {part.integers.size()});
  file.set_attribute("/", kPartSource, part.source_digest);
  file.write_digest();
  file.close();
  target.commit();
}

AnalysisPart read_analysis_part(const std::filesystem::path& path) {
  const trace::Span span("reading", path);
  const Hdf5File file = Hdf5File::open(path);
  AnalysisPart part{file.string_attribute("/", kPartSource), file.read_doubles(kPartNumbers),
                    file.read_ints(kPartIntegers)};
  if (!file.verify())  // no version has written one without
    throw InputError(path.string() + ": is damaged: its digest is gone");
  return part;
}

}  // namespace zoetrope::store
