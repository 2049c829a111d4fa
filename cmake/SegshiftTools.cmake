# Where the segshift command and the plugin are: targets of this build, or files.
# Set SEGSHIFT_BUILD to segshift's build folder, or SEGSHIFT_EXECUTABLE and
# SEGSHIFT_PLUGIN to the two files, as find_package(segshift) does.
if(NOT DEFINED SEGSHIFT_BUILD) # under policies before 3.21 the cache would win
  set(SEGSHIFT_BUILD "${CMAKE_CURRENT_LIST_DIR}/../build" CACHE PATH
      "Build folder of segshift, with bin/segshift and pass/SegShift.so")
endif()

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
