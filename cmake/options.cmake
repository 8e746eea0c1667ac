# How every target of this project is compiled.
add_library(zoetrope_options INTERFACE)
target_compile_features(zoetrope_options INTERFACE cxx_std_20)
target_include_directories(zoetrope_options INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_options(zoetrope_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer)
# With the compilers that CI has: others may warn of what is right, as GCC does of code that a sanitizer has changed.
if(NOT ZOETROPE_SANITIZE AND "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" MATCHES "^(GNU 12|Clang 14)[.]")
  target_compile_options(zoetrope_options INTERFACE -Werror)
endif()
# GCC 12 sees overlapping and oversized copies in std::string that are not there (GCC bugs 105651, 105329), and copies from
# beyond its end.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(zoetrope_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
# One file of many has types of anonymous namespaces in types of headers that only it includes.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(zoetrope_options INTERFACE -Wno-subobject-linkage)
endif()
target_compile_definitions(zoetrope_options INTERFACE ZOETROPE_VERSION="${PROJECT_VERSION}")
# It reads files of strangers: what a defect could be used for is made harder. Checked by tests/lint/hardening_test.py.
target_compile_options(zoetrope_options INTERFACE -fPIE -fstack-protector-strong)
target_link_options(zoetrope_options INTERFACE -pie -Wl,-z,relro -Wl,-z,now)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(zoetrope_options INTERFACE -fcf-protection)
endif()
if(NOT ZOETROPE_SANITIZE)  # the sanitizers check more than it does, and it would hide calls from them
  target_compile_options(zoetrope_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
target_compile_definitions(zoetrope_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(ZOETROPE_SANITIZE)
  target_compile_options(zoetrope_options INTERFACE -fsanitize=${ZOETROPE_SANITIZE})
  target_link_options(zoetrope_options INTERFACE -fsanitize=${ZOETROPE_SANITIZE})
  # ThreadSanitizer does not know fences, of which libtorch's reference counts have one: see tests/tsan.supp.
  if(ZOETROPE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(zoetrope_options INTERFACE -Wno-tsan)
  endif()
endif()
