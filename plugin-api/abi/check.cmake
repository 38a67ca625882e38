# cmake -DCOMPILERS=cc;clang -DINCLUDE=<folder> -P check.cmake: layout.c in every language, pedantically. A planted wrong
# offset shows first that the check can fail.
set(flags -Wall -Wextra -Wpadded -Wconversion -pedantic-errors -Werror -fsyntax-only -I${INCLUDE})
set(layout ${CMAKE_CURRENT_LIST_DIR}/layout.c)
foreach(compiler IN LISTS COMPILERS)
  execute_process(COMMAND ${compiler} -x c -std=c99 ${flags} -DPLANTED ${layout} RESULT_VARIABLE planted
                  OUTPUT_QUIET ERROR_QUIET)
  if(planted EQUAL 0)
    message(SEND_ERROR "${compiler}: a wrong offset is not noticed")
  endif()
  foreach(standard c99 c11 c17 c++11 c++14 c++17 c++20)
    string(REGEX REPLACE "(c\\+\\+|c)[0-9]+" "\\1" language ${standard})
    execute_process(COMMAND ${compiler} -x ${language} -std=${standard} ${flags} ${layout} RESULT_VARIABLE result
                    ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
      message(SEND_ERROR "${compiler} -std=${standard}:\n${errors}")
    endif()
  endforeach()
endforeach()
