// SPDX-License-Identifier: Apache-2.0
#include "option_values.hpp"

#include <charconv>
#include <string_view>
#include <system_error>

#include "zoetrope/support/error.hpp"

namespace zoetrope::jobs {

boost::program_options::typed_value<std::string>* seed(std::uint64_t& target) {
  return boost::program_options::value<std::string>()
      ->default_value(std::to_string(target))
      ->value_name("N")
      ->notifier([&target](const std::string& number) {
        const char* const end = number.data() + number.size();
        const auto [rest, error] = std::from_chars(number.data(), end, target);
        if (error != std::errc{} || rest != end)
          throw UsageError("--seed " + number + ": give a whole number of 0 to 18446744073709551615");
      });
}

boost::program_options::typed_value<std::string>* memory_size(std::int64_t& target) {
  return boost::program_options::value<std::string>()->default_value("auto")->value_name("SIZE")->notifier(
      [&target](const std::string& size) {
        target = 0;
        if (size == "auto") return;
        constexpr std::string_view kUnits = "KMGT";
        constexpr std::int64_t kLeast = std::int64_t{1} << 20;
        const char* const end = size.data() + size.size();
        const auto [unit, error] = std::from_chars(size.data(), end, target);
        const std::size_t power = unit == end ? 0 : kUnits.find(*unit) + 1;
        const bool is_size = error == std::errc{} && (unit == end || (unit + 1 == end && power > 0));
        if (!is_size || target > (std::int64_t{1} << 50) >> (10 * power))
          throw UsageError("--memory-limit " + size +
                           ": give a size, e.g. 8G or 500M (K, M, G and T, powers of 1,024), or auto: a "
                           "quarter of the host's memory");
        target <<= 10 * power;
        if (target < kLeast)
          throw UsageError("--memory-limit " + size +
                           ": is less than a megabyte, and an analysis takes several: " +
                           "give a size with its unit, e.g. 8G or 500M");
      });
}

boost::program_options::typed_value<std::string>* mebibytes(std::optional<std::int64_t>& target) {
  return boost::program_options::value<std::string>()->default_value("auto")->value_name("MIB")->notifier(
      [&target](const std::string& number) {
        target.reset();
        if (number == "auto") return;
        constexpr std::int64_t kMostMebibytes = std::int64_t{1} << 30;
        std::int64_t mebibytes = 0;
        const char* const end = number.data() + number.size();
        const auto [rest, error] = std::from_chars(number.data(), end, mebibytes);
        if (error != std::errc{} || rest != end || mebibytes < 0 || mebibytes > kMostMebibytes)
          throw UsageError("--image-cache " + number +
                           ": give a whole number of MiB, 0 to 2^30, or auto: 4096, or a rank's share of a "
                           "quarter of the host's memory where that is less");
        target = mebibytes;
      });
}

}  // namespace zoetrope::jobs
