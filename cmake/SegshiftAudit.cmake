include(${CMAKE_CURRENT_LIST_DIR}/SegshiftTools.cmake)

# segshift_audit(TARGET [ALLOW_FILE FILE...] [OPTIONS OPTION...])
#
# Audits an executable, library or module after every link, and fails the build
# on a finding. ALLOW_FILE names the functions that may use FS, each with its
# reason (docs/audit.md); OPTIONS go to `segshift audit` as they are.
function(segshift_audit target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ALLOW_FILE;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "segshift_audit(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "segshift_audit(${target}): there is no such target")
  endif()
  get_target_property(type ${target} TYPE)
  if(NOT type MATCHES "^(EXECUTABLE|SHARED_LIBRARY|MODULE_LIBRARY|STATIC_LIBRARY)$")
    message(FATAL_ERROR "segshift_audit(${target}): a target of type ${type} has no file to "
      "audit after the link; use segshift_audit_command() in the command that makes it")
  endif()
  segshift_audit_command(command IMAGE $<TARGET_FILE:${target}>
    ALLOW_FILE ${arg_ALLOW_FILE} OPTIONS ${arg_OPTIONS})
  add_custom_command(TARGET ${target} POST_BUILD ${command} VERBATIM
    COMMENT "Auditing ${target} for uses of FS")
  if(TARGET segshift)
    add_dependencies(${target} segshift)
  endif()
  # A changed allow file has to audit again, so link again.
  foreach(file IN LISTS arg_ALLOW_FILE)
    get_filename_component(file ${file} ABSOLUTE)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${file})
  endforeach()
endfunction()

# segshift_audit_command(VARIABLE IMAGE FILE [ALLOW_FILE FILE...] [OPTIONS OPTION...])
#
# Puts `COMMAND ...` for an add_custom_command() that makes the image itself into
# VARIABLE, and the files that it reads into SEGSHIFT_AUDIT_FILES, for DEPENDS.
function(segshift_audit_command variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "IMAGE" "ALLOW_FILE;OPTIONS")
  if(NOT arg_IMAGE OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "segshift_audit_command: usage: segshift_audit_command(VARIABLE "
      "IMAGE FILE [ALLOW_FILE FILE...] [OPTIONS OPTION...])")
  endif()
  segshift_find_tool(tool segshift)
  set(command COMMAND ${tool} audit --quiet)
  set(files ${tool})
  foreach(file IN LISTS arg_ALLOW_FILE)
    get_filename_component(file ${file} ABSOLUTE)
    list(APPEND command --allow-file=${file})
    list(APPEND files ${file})
  endforeach()
  list(APPEND command ${arg_OPTIONS} ${arg_IMAGE})
  set(${variable} ${command} PARENT_SCOPE)
  set(SEGSHIFT_AUDIT_FILES ${files} PARENT_SCOPE)
endfunction()
