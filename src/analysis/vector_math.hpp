// SPDX-License-Identifier: Apache-2.0
// Loops over float32 rows with float64 sums. The order of summation is fixed by the source, not by the
// processor's vector width.
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

double dot(const float* x, const float* y, std::int64_t size);
double squared_distance(const float* x, const float* y, std::int64_t size);

// The same as dot() of each of `count` pairs x[n], y[n], several at a time: one alone waits for its own sums.
void dots(const float* const* x, const float* const* y, std::int64_t count, std::int64_t size,
          double* products);

// sum += scale * x
void accumulate(const float* x, double scale, std::int64_t size, double* sum);

struct CentredRow {
  double squared_norm = 0;    // |a|^2 of a = scale * x - mean
  double mean_component = 0;  // mean . a
};
// Writes unit * (scale * x - mean), rounded to float32.
CentredRow centre(const float* x, double scale, const double* mean, double unit, std::int64_t size,
                  float* centred);

// wide = x - shift
void widen(const float* x, const double* shift, std::int64_t size, double* wide);

struct Projected {
  double first = 0;   // (x - mean) . first
  double second = 0;  // (x - mean) . second
};
Projected project(const float* x, const double* mean, const double* first, const double* second,
                  std::int64_t size);

// Equal rows have equal values; -0.0 equals 0.0.
std::uint64_t hash_row(const float* x, std::int64_t size);

}  // namespace zoetrope::analysis
