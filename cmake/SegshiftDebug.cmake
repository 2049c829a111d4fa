# segshift_gdb(KERNEL [SCRIPTS FILE...])
#
# Has gdb load segshift's script, and then SCRIPTS, whenever it reads KERNEL, which is
# an executable's target, or a path (from the current build folder): by a file beside
# it whose name ends with -gdb.py. gdb takes such files from the folders that
# `add-auto-load-safe-path` allows. See docs/debugger.md.
if(NOT DEFINED SEGSHIFT_GDB_SCRIPT)
  get_filename_component(SEGSHIFT_GDB_SCRIPT
    ${CMAKE_CURRENT_LIST_DIR}/../packaging/debugger/segshift-gdb.py ABSOLUTE)
endif()

function(segshift_gdb kernel)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SCRIPTS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "segshift_gdb(${kernel}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(TARGET ${kernel})
    get_target_property(type ${kernel} TYPE)
    if(NOT type MATCHES "^(EXECUTABLE|(SHARED|MODULE)_LIBRARY)$")
      message(FATAL_ERROR "segshift_gdb(${kernel}): this target links nothing; give the path of "
        "the file that gdb will read")
    endif()
    set(file $<TARGET_FILE:${kernel}>)
  else()
    get_filename_component(file ${kernel} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  set(text "# When gdb reads this kernel. Made by segshift_gdb().\nimport gdb\n")
  foreach(script IN LISTS SEGSHIFT_GDB_SCRIPT arg_SCRIPTS)
    get_filename_component(script ${script} ABSOLUTE)
    if(NOT EXISTS ${script})
      message(FATAL_ERROR "segshift_gdb(${kernel}): there is no ${script}")
    endif()
    string(APPEND text "gdb.execute(r'''source ${script}''')\n")
  endforeach()
  file(GENERATE OUTPUT ${file}-gdb.py CONTENT "${text}")
endfunction()
