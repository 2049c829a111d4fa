# What moves a target's TLS to GS: docs/building.md.
include(${CMAKE_CURRENT_LIST_DIR}/SegshiftTools.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/SegshiftAudit.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/SegshiftDebug.cmake)
set(SEGSHIFT_COMPILE_TEMPLATE ${CMAKE_CURRENT_LIST_DIR}/segshift-compile.sh.in)

# segshift_target(TARGET [TLS_MODEL local-exec|initial-exec] [KEEP_FS REGEX...]
#                 [KEEP_FS_SOURCES FILE...] [OPTIONS OPTION...]
#                 [NO_AUDIT] [ALLOW_FILE FILE...] [AUDIT_OPTIONS OPTION...])
#
# Everything that TARGET compiles has its TLS and its canary in GS: C and C++ by
# a plugin if the compiler is Clang 22 or a GCC that there is one for, all else (other
# compilers, assembly) by `segshift rewrite` after each compilation. What is linked is
# audited.
#
# TLS_MODEL        what general-dynamic variables become; local-exec by default
# KEEP_FS          functions that keep FS, in objects that are rewritten; the plugins
#                  have SEGSHIFT_KEEPS_FS of segshift/keep_fs.h for that
# KEEP_FS_SOURCES  sources that are left out; SEGSHIFT_KEEP_FS is defined in them
# OPTIONS          go to `segshift rewrite` as they are
# NO_AUDIT, ALLOW_FILE, AUDIT_OPTIONS   see segshift_audit()
function(segshift_target target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_AUDIT" "TLS_MODEL"
                        "KEEP_FS;KEEP_FS_SOURCES;OPTIONS;ALLOW_FILE;AUDIT_OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "segshift_target(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "segshift_target(${target}): there is no such target")
  endif()
  get_target_property(type ${target} TYPE)
  get_target_property(imported ${target} IMPORTED)
  if(imported OR NOT type MATCHES "^(EXECUTABLE|(SHARED|MODULE|STATIC|OBJECT)_LIBRARY)$")
    message(FATAL_ERROR "segshift_target(${target}): this target compiles nothing; for a static "
      "library that is there already use segshift_archive()")
  endif()
  if(NOT CMAKE_GENERATOR MATCHES "Ninja|Makefiles")
    message(FATAL_ERROR "segshift_target(${target}): the generator ${CMAKE_GENERATOR} has no "
      "RULE_LAUNCH_COMPILE; use Ninja or Unix Makefiles")
  endif()
  if(NOT arg_TLS_MODEL)
    set(arg_TLS_MODEL local-exec)
  elseif(NOT arg_TLS_MODEL MATCHES "^(local|initial)-exec$")
    message(FATAL_ERROR "segshift_target(${target}): TLS_MODEL ${arg_TLS_MODEL} is neither "
      "local-exec nor initial-exec")
  endif()

  segshift_find_tool(tool segshift)
  set(needed ${tool})
  set(plugin_languages)
  foreach(language C CXX)
    if(CMAKE_${language}_COMPILER_ID STREQUAL "Clang" AND
       CMAKE_${language}_COMPILER_VERSION MATCHES "^22\\.")
      list(APPEND plugin_languages ${language})
    endif()
  endforeach()
  set(plugin none)
  if(plugin_languages)
    segshift_find_tool(plugin SegShift.so)
    list(APPEND needed ${plugin})
    list(JOIN plugin_languages "," list)
    # -mllvm=... is one argument, which the launcher can take out again.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:${list}>:-fpass-plugin=${plugin}>
      $<$<COMPILE_LANGUAGE:${list}>:-mllvm=-segshift-tls-model=${arg_TLS_MODEL}>)
    # With LTO the linker makes the code: for a library, in the link of whoever uses
    # it. ld.lld reads -mllvm before it loads pass plugins; hence -load.
    set(ipo $<BOOL:$<TARGET_PROPERTY:${target},INTERPROCEDURAL_OPTIMIZATION>>)
    set(flto $<BOOL:$<FILTER:$<TARGET_PROPERTY:${target},COMPILE_OPTIONS>,INCLUDE,^-flto>>)
    set(lto $<OR:${ipo},${flto}>)
    if("${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-flto")
      set(lto 1)
    endif()
    target_link_options(${target} PUBLIC $<${lto}:LINKER:--load-pass-plugin=${plugin}>
      $<${lto}:LINKER:-mllvm,-load=${plugin},-mllvm,-segshift-tls-model=${arg_TLS_MODEL}>)
  endif()

  # What a compilation without the plugin leaves out, as patterns of the shell.
  set(plugin_flags "-fpass-plugin='${plugin}'" -mllvm=-segshift-*)
  foreach(language C CXX)
    segshift_find_gcc_plugin(gcc_plugin ${language})
    if(gcc_plugin)
      list(APPEND plugin_languages ${language})
      list(APPEND needed ${gcc_plugin})
      # The same to the link, where LTO makes the code: without LTO it has no effect.
      set(flags -fplugin=${gcc_plugin} -fplugin-arg-segshift_gcc-tls-model=${arg_TLS_MODEL})
      foreach(flag IN LISTS flags)
        target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:${language}>:${flag}>)
        target_link_options(${target} PUBLIC $<$<LINK_LANGUAGE:${language}>:${flag}>)
      endforeach()
      list(APPEND plugin_flags "-fplugin='${gcc_plugin}'" -fplugin-arg-segshift_gcc-*)
    endif()
  endforeach()
  list(REMOVE_DUPLICATES plugin_flags)
  list(JOIN plugin_flags " | " plugin_flags)

  set(arguments ${arg_OPTIONS})
  foreach(regex IN LISTS arg_KEEP_FS)
    list(APPEND arguments --keep-fs=${regex})
  endforeach()
  set(rewrite "'${tool}' rewrite --in-place --verify --note --tls-model=${arg_TLS_MODEL}")
  foreach(argument IN LISTS arguments)
    string(REPLACE "'" "'\\''" argument "${argument}")
    string(APPEND rewrite " '${argument}'")
  endforeach()
  list(JOIN plugin_languages " " plugin_languages)
  set(launcher ${CMAKE_CURRENT_BINARY_DIR}/${target}.segshift-compile.sh)
  file(READ ${SEGSHIFT_COMPILE_TEMPLATE} script)
  string(CONFIGURE "${script}" script @ONLY)
  file(GENERATE OUTPUT ${launcher} CONTENT "${script}")

  # What launched the compiler before (ctest's launcher, for one) still does.
  get_target_property(before ${target} RULE_LAUNCH_COMPILE)
  if(NOT before)
    get_property(before DIRECTORY PROPERTY RULE_LAUNCH_COMPILE)
  endif()
  if(NOT before)
    get_property(before GLOBAL PROPERTY RULE_LAUNCH_COMPILE)
  endif()
  if(NOT before)
    set(before)
  endif()
  set_target_properties(${target} PROPERTIES
    RULE_LAUNCH_COMPILE "sh \"${launcher}\" <LANGUAGE> <OBJECT> ${before}")

  # Another tool or other options make other objects. OBJECT_DEPENDS takes no
  # generator expressions.
  list(FILTER needed EXCLUDE REGEX "\\$<")
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    if(NOT source MATCHES "\\$<")
      get_filename_component(source ${source} ABSOLUTE BASE_DIR ${folder})
      set_property(SOURCE ${source} TARGET_DIRECTORY ${target} APPEND PROPERTY
                   OBJECT_DEPENDS ${launcher} ${needed})
    endif()
  endforeach()
  foreach(source IN LISTS arg_KEEP_FS_SOURCES)
    get_filename_component(source ${source} ABSOLUTE)
    set_property(SOURCE ${source} TARGET_DIRECTORY ${target} APPEND PROPERTY
                 COMPILE_DEFINITIONS SEGSHIFT_KEEP_FS)
  endforeach()
  foreach(built segshift SegShift)
    if(TARGET ${built})
      add_dependencies(${target} ${built})
    endif()
  endforeach()

  if(NOT arg_NO_AUDIT AND type MATCHES "^(EXECUTABLE|(SHARED|MODULE)_LIBRARY)$")
    segshift_audit(${target} ALLOW_FILE ${arg_ALLOW_FILE} OPTIONS ${arg_AUDIT_OPTIONS})
  endif()
endfunction()

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
  segshift_find_tool(tool segshift)

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
