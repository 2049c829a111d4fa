# Where the segshift command and the plugin are: targets of this build, or files.
# Set SEGSHIFT_BUILD to segshift's build folder, or SEGSHIFT_EXECUTABLE and
# SEGSHIFT_PLUGIN to the two files, as find_package(segshift) does.
if(NOT DEFINED SEGSHIFT_BUILD) # under policies before 3.21 the cache would win
  set(SEGSHIFT_BUILD "${CMAKE_CURRENT_LIST_DIR}/../build" CACHE PATH
      "Build folder of segshift, with bin/segshift and pass/SegShift.so")
endif()

option(SEGSHIFT_GCC_PLUGIN "Compile by GCC with segshift's plugin, where there is one for that GCC" ON)

# segshift_find_gcc_plugin(VARIABLE LANGUAGE) puts the path of the plugin for the GCC
# that compiles LANGUAGE into VARIABLE; nothing if there is none, or if that GCC refuses
# it. SEGSHIFT_GCC_PLUGINS is the folder that holds gcc-N/segshift_gcc.so.
function(segshift_find_gcc_plugin variable language)
  set(${variable} "" PARENT_SCOPE)
  if(NOT SEGSHIFT_GCC_PLUGIN OR NOT CMAKE_${language}_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  string(REGEX MATCH "^[0-9]+" version "${CMAKE_${language}_COMPILER_VERSION}")
  set(folder ${SEGSHIFT_BUILD}/pass)
  if(SEGSHIFT_GCC_PLUGINS)
    set(folder ${SEGSHIFT_GCC_PLUGINS})
  endif()
  set(plugin ${folder}/gcc-${version}/segshift_gcc.so)
  if(NOT EXISTS ${plugin})
    return()
  endif()
  set(front_end c)
  if(language STREQUAL "CXX")
    set(front_end c++)
  endif()
  execute_process(
    COMMAND ${CMAKE_${language}_COMPILER} -fplugin=${plugin} -fsyntax-only -x ${front_end} /dev/null
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE said)
  if(status)
    message(STATUS "segshift: ${language} goes through the rewriter: ${said}")
    return()
  endif()
  set(${variable} ${plugin} PARENT_SCOPE)
endfunction()

# segshift_find_tool(VARIABLE NAME) puts the path of NAME, `segshift` or
# `SegShift.so`, into VARIABLE; it may be a generator expression.
function(segshift_find_tool variable name)
  if(name STREQUAL "segshift")
    set(target segshift)
    set(cache SEGSHIFT_EXECUTABLE)
    set(folder bin)
  else()
    set(target SegShift)
    set(cache SEGSHIFT_PLUGIN)
    set(folder pass)
  endif()
  if(TARGET ${target})
    set(${variable} $<TARGET_FILE:${target}> PARENT_SCOPE)
    return()
  endif()
  if(NOT ${cache})
    find_program(${cache} ${name} HINTS ${SEGSHIFT_BUILD}/${folder}
                 DOC "segshift's ${name}")
  endif()
  if(NOT ${cache})
    message(FATAL_ERROR "There is no ${name} in ${SEGSHIFT_BUILD}/${folder}. Build segshift "
      "('./dev build'), and give its build folder with -DSEGSHIFT_BUILD=, or the file with "
      "-D${cache}=")
  endif()
  set(${variable} ${${cache}} PARENT_SCOPE)
endfunction()
