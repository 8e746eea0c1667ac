// SPDX-License-Identifier: Apache-2.0
#include "extraction_input.hpp"

namespace zoetrope::pipeline {

embed::ExtractionInput extraction_input(Session& session) {
  embed::ExtractionInput input{session.test_images(), session.test().digest(), session.preprocessor()};
  input.base = session.options().base;
  input.precision = session.precision();
  input.device = session.device();
  const train::Communicators communicators = session.communicators();
  if (&communicators.tensors != &communicators.control) input.tensors = &communicators.tensors;
  return input;
}

}  // namespace zoetrope::pipeline
