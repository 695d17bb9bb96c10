# chancery_module(NAME dir LINKS ...): one static library from every .cpp in the calling folder.
# LINKS names what it may include; tests/architecture holds links and includes against one map.
function(chancery_module name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC chancery_flags ${ARG_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE chancery_flags ${ARG_LINKS})
  endif()
endfunction()

# chancery_test(NAME LINKS ... [LABELS ...]): one Catch2 program from every .cpp in the calling folder;
# every TEST_CASE becomes a ctest test of its own.
function(chancery_test name)
  cmake_parse_arguments(ARG "" "" "LINKS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE chancery_flags chancery_catch ${ARG_LINKS})
  catch_discover_tests(${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 120 LABELS "${ARG_LABELS}")
endfunction()

# chancery_pytest(PREFIX LABEL suite...): a ctest test for each test_<suite>.py of the calling folder, against the programs
# of this build. Skipped tests are listed in its output, where scripts/test counts them.
function(chancery_pytest prefix label)
  foreach(suite IN LISTS ARGN)
    add_test(NAME "${prefix}: ${suite}"
      COMMAND /usr/bin/python3 -B -m pytest -q -rs -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/test_${suite}.py)
    set_tests_properties("${prefix}: ${suite}" PROPERTIES LABELS ${label} TIMEOUT 1800 ENVIRONMENT
      "CHANCERY_BUILD_DIR=${CMAKE_SOURCE_DIR}/build;CHANCERY=$<TARGET_FILE:chancery>;CHANCERYD=$<TARGET_FILE:chanceryd>;CHANCERY_BIN_DIR=${CMAKE_BINARY_DIR}/bin;CHANCERY_SOURCE=${CMAKE_SOURCE_DIR};PYTHONPATH=${CMAKE_SOURCE_DIR}")
  endforeach()
endfunction()
