# segshift_archive(TARGET LIBRARY [OPTIONS OPTION...])
#
# Adds TARGET, an imported static library: a copy of LIBRARY, which is a target or
# the path of an archive, with its TLS moved to GS by `segshift rewrite` and the
# result verified. OPTIONS go to `segshift rewrite` as they are.
function(segshift_archive target library)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "segshift_archive(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(TARGET ${library})
    get_target_property(type ${library} TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY")
      message(FATAL_ERROR "segshift_archive(${target}): ${library} is of type ${type}, not "
        "STATIC_LIBRARY; only an archive can be rewritten before the link")
    endif()
    set(input $<TARGET_FILE:${library}>)
  else()
    get_filename_component(input ${library} ABSOLUTE)
    if(NOT EXISTS ${input})
      message(FATAL_ERROR "segshift_archive(${target}): ${library} is neither a target nor a file")
    endif()
  endif()
  if(TARGET segshift)
    set(tool $<TARGET_FILE:segshift>)
  else()
    find_program(SEGSHIFT_EXECUTABLE segshift REQUIRED DOC "The segshift command")
    set(tool ${SEGSHIFT_EXECUTABLE})
  endif()

  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}.a)
  add_custom_command(OUTPUT ${output}
    COMMAND ${tool} rewrite --verify ${arg_OPTIONS} -o ${output} ${input}
    DEPENDS ${input} ${tool} VERBATIM
    COMMENT "Moving ${library} to GS")
  add_custom_target(${target}-archive DEPENDS ${output})
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${output})
  add_dependencies(${target} ${target}-archive)
endfunction()
