# Helpers of the build: one function for a room, one for a test binary, one for a plugin of this repository.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A shared precompiled header and ccache agree only with these.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

find_package(Threads REQUIRED)

add_library(modhost_flags INTERFACE)
target_compile_options(modhost_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Werror -fvisibility=hidden -fvisibility-inlines-hidden -fno-plt -fstack-protector-strong -fPIE)
target_link_options(modhost_flags INTERFACE -pie)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(modhost_flags INTERFACE -fpch-preprocess)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 sees overlaps and overruns in std::string's operator+ that are not there (GCC bugs 105329, 105651).
    target_compile_options(modhost_flags INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                           -Wno-stringop-overread)
  endif()
else()
  target_compile_options(modhost_flags INTERFACE -Wthread-safety -Wno-unknown-warning-option)
endif()
if(CMAKE_BUILD_TYPE MATCHES Rel)
  target_compile_definitions(modhost_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(MODHOST_SANITIZE)
  add_compile_options(-fsanitize=${MODHOST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MODHOST_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # the sanitizers' own code confuses this warning (GCC's manual says so)
  endif()
endif()
if(MODHOST_FUZZ)
  # RapidJSON 1.1 adds 0 to a null pointer in its empty stack (internal/stack.h): harmless, and clang's check stops on it.
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize=pointer-overflow)
endif()

# The headers nearly every file needs, parsed once.
add_library(modhost_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(modhost_pch PRIVATE modhost_flags)
target_precompile_headers(modhost_pch PRIVATE
  <algorithm> <chrono> <condition_variable> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional> <string>
  <string_view> <thread> <tl/expected.hpp> <unordered_map> <utility> <vector>)

function(modhost_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/host ${CMAKE_SOURCE_DIR}/plugin-api/include)
  target_link_libraries(${name} PRIVATE modhost_flags PUBLIC Threads::Threads)
  target_precompile_headers(${name} REUSE_FROM modhost_pch)
endfunction()

# modhost_room(<name> [ROOMS <included rooms>...] [LIBS <outside libraries>...])
set(MODHOST_COMMON_ROOMS base crypto event config telemetry)
function(modhost_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/host/${name}/*.cpp)
  if(NOT sources)
    set(sources ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)  # a room of headers only
  endif()
  modhost_library(modhost_${name} ${sources})
  target_link_libraries(modhost_${name} PUBLIC ${ROOM_LIBS})
  foreach(room IN LISTS ROOM_ROOMS)
    target_link_libraries(modhost_${name} PUBLIC modhost_${room})
  endforeach()
  if(NOT name IN_LIST MODHOST_COMMON_ROOMS)
    foreach(room IN LISTS MODHOST_COMMON_ROOMS)
      target_link_libraries(modhost_${name} PUBLIC modhost_${room})
    endforeach()
  elseif(NOT name STREQUAL base)
    target_link_libraries(modhost_${name} PUBLIC modhost_base)
    if(name STREQUAL event)
      target_link_libraries(modhost_${name} PUBLIC modhost_crypto)
    endif()
  endif()
endfunction()

function(modhost_harden target)
  target_link_libraries(${target} PRIVATE modhost_flags)
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
endfunction()

# modhost_test(<room>): tests/unit/<room>/*.cpp as one binary and one ctest entry a test binary.
function(modhost_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE modhost_flags modhost_${name} modhost_event modhost_test_support ${ARGN})
  target_precompile_headers(test_${name} REUSE_FROM modhost_test_pch)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME unit.${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# modhost_plugin(<name> <sources>): build/<preset>/plugins/<name>.so, which exports its entry and nothing else. A test.cpp
# beside it becomes ctest plugin.<name>.
function(modhost_plugin name)
  add_library(plugin_${name} MODULE ${ARGN})
  target_include_directories(plugin_${name} PRIVATE ${CMAKE_SOURCE_DIR}/plugin-api/include)
  target_link_libraries(plugin_${name} PRIVATE modhost_plugin_flags)
  target_link_options(plugin_${name} PRIVATE -Wl,--version-script,${CMAKE_SOURCE_DIR}/plugin-api/cmake/plugin.map)
  if(NOT MODHOST_PLUGIN_DIR)
    set(MODHOST_PLUGIN_DIR ${CMAKE_BINARY_DIR}/plugins)
  endif()
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${MODHOST_PLUGIN_DIR} C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${CMAKE_SOURCE_DIR}/plugin-api/cmake/plugin.map)
  if(MODHOST_TESTS AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/test.cpp)
    find_package(GTest REQUIRED)
    add_executable(test_plugin_${name} test.cpp)
    target_include_directories(test_plugin_${name} PRIVATE ${CMAKE_SOURCE_DIR}/plugin-api/include)
    target_compile_definitions(test_plugin_${name} PRIVATE PLUGIN_FILE="$<TARGET_FILE:plugin_${name}>")
    target_link_libraries(test_plugin_${name} PRIVATE modhost_flags GTest::gtest_main ${CMAKE_DL_LIBS})
    add_dependencies(test_plugin_${name} plugin_${name})
    set_target_properties(test_plugin_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME plugin.${name} COMMAND test_plugin_${name})
    set_tests_properties(plugin.${name} PROPERTIES TIMEOUT 120 LABELS unit)
  endif()
endfunction()

add_library(modhost_plugin_flags INTERFACE)
target_compile_options(modhost_plugin_flags INTERFACE -Wall -Wextra -Wpedantic -Werror)
target_link_options(modhost_plugin_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--no-undefined)
if(MODHOST_SANITIZE)
  target_link_options(modhost_plugin_flags INTERFACE -Wl,-z,undefs)
endif()
