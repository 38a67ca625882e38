# modhost_add_plugin(<target> <sources>... [OUTPUT <name>] [FOLDER <folder>]): a plugin for modhost, <name>.so (default:
# <target>.so), which exports its entry and nothing else. Used inside modhost's own tree and, by find_package(modhost), outside.
set(MODHOST_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(modhost_add_plugin target)
  cmake_parse_arguments(PARSE_ARGV 1 PLUGIN "" "OUTPUT;FOLDER" "")
  if(NOT PLUGIN_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "modhost_add_plugin(${target}): no sources")
  endif()
  if(NOT PLUGIN_OUTPUT)
    set(PLUGIN_OUTPUT ${target})
  endif()
  add_library(${target} MODULE ${PLUGIN_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE modhost::plugin_api)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CXX IN_LIST languages)
    target_compile_features(${target} PRIVATE cxx_std_20)
  endif()
  # What is missing shows at build time; with a sanitizer its runtime comes with the host.
  if(MODHOST_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,undefs)
  else()
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now -Wl,--version-script,${MODHOST_PLUGIN_MAP})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME ${PLUGIN_OUTPUT}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${MODHOST_PLUGIN_MAP})
  if(PLUGIN_FOLDER)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PLUGIN_FOLDER})
  endif()
endfunction()
