# What comes out of the virtual environment of script/bootstrap. CMake keeps where it was found from one configuration
# to the next; but the environment may be made, or made again with another Python, in between.
include_guard(GLOBAL)
file(GLOB ZOETROPE_SITE_PACKAGES ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages)
list(SORT ZOETROPE_SITE_PACKAGES COMPARE NATURAL)
if(ZOETROPE_SITE_PACKAGES)
  list(GET ZOETROPE_SITE_PACKAGES -1 ZOETROPE_SITE_PACKAGES)
else()
  set(ZOETROPE_SITE_PACKAGES ${PROJECT_SOURCE_DIR}/.venv/lib/python3/site-packages)  # for messages
endif()

# Drops cache entries whose paths are not there, so that they are looked for again; not those that -D gives just now.
function(zoetrope_forget_missing)
  foreach(name IN LISTS ARGN)
    get_property(type CACHE ${name} PROPERTY TYPE)
    if(NOT EXISTS "${${name}}" AND NOT type STREQUAL "UNINITIALIZED")
      unset(${name} CACHE)
    endif()
  endforeach()
endfunction()

# zoetrope_set_path(name path type description): a path that -D may give instead.
function(zoetrope_set_path name path type description)
  zoetrope_forget_missing(${name})
  set(${name} "${path}" CACHE ${type} "${description}")
endfunction()
