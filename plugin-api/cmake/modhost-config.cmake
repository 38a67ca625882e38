# find_package(modhost): the target modhost::plugin_api (headers, RapidJSON) and modhost_add_plugin().
include(CMakeFindDependencyMacro)
find_dependency(RapidJSON)
include(${CMAKE_CURRENT_LIST_DIR}/modhost-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/modhost_add_plugin.cmake)
