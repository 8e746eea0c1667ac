# The review page's sources and libraries, built into the program: zoetrope_embed_review_page(target).
#
# Tabulator comes out of the panel wheel (which is in the virtual environment that script/bootstrap makes; only these
# files of it are used).
include(venv)
file(GLOB tabulator_found ${ZOETROPE_SITE_PACKAGES}/panel/dist/bundled/datatabulator/tabulator-tables@*/dist)
zoetrope_set_path(ZOETROPE_TABULATOR_DIR "${tabulator_found}" PATH "Tabulator's dist folder (holds js/ and css/)")

# zoetrope_embed(target namespace name=path...) adds a source that defines namespace::resource(name).
function(zoetrope_embed target namespace)
  set(table "")
  set(data "")
  set(paths "")
  set(index 0)
  foreach(pair IN LISTS ARGN)
    string(REGEX MATCH "^([^=]+)=(.+)$" unused "${pair}")
    set(name ${CMAKE_MATCH_1})
    set(path ${CMAKE_MATCH_2})
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "No ${name} at '${path}'. Run script/bootstrap.")
    endif()
    set(symbol ${target}_resource_${index})
    string(APPEND data
      "asm(\".section .rodata\\n\" \".global ${symbol}\\n\" \"${symbol}:\\n\" \".incbin \\\"${path}\\\"\\n\"\n"
      "    \".global ${symbol}_end\\n\" \"${symbol}_end:\\n\" \".byte 0\\n\" \".previous\\n\");\n"
      "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND table "  if (name == \"${name}\") return {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})};\n")
    list(APPEND paths ${path})
    math(EXPR index "${index} + 1")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_resources.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "// Written by cmake/resources.cmake.
#include <stdexcept>
#include <string>
#include \"resources.hpp\"
@data@
namespace @namespace@ {
std::string_view resource(std::string_view name) {
  // NOLINTBEGIN(clang-analyzer-security.PointerSub): where a file begins and ends
@table@  // NOLINTEND(clang-analyzer-security.PointerSub)
  throw std::logic_error(\"no resource is named \" + std::string(name));
}
}  // namespace @namespace@
")
  # By itself: of a source within another, CMake forgets what it depends on.
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${paths}" SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${source})
endfunction()

function(zoetrope_embed_review_page target)
  file(GLOB page CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/review/page/*)
  set(files tabulator.js=${ZOETROPE_TABULATOR_DIR}/js/tabulator.min.js
    tabulator.css=${ZOETROPE_TABULATOR_DIR}/css/tabulator_simple.min.css)
  foreach(path IN LISTS page)
    get_filename_component(name ${path} NAME)
    list(APPEND files ${name}=${path})
  endforeach()
  zoetrope_embed(${target} zoetrope::review ${files})
endfunction()
