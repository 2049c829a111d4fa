set(SEGSHIFT_SANITIZE "" CACHE STRING
    "Sanitizers for the host tools and hosted tests, e.g. address,undefined")
# vptr and function need RTTI, which LLVM is built without.
set(SEGSHIFT_SANITIZE_FLAGS)
if(SEGSHIFT_SANITIZE)
  set(SEGSHIFT_SANITIZE_FLAGS -fsanitize=${SEGSHIFT_SANITIZE} -fno-sanitize=vptr,function
                              -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
endif()

option(SEGSHIFT_COVERAGE "Count executed lines of the host tools, plugin and hosted tests" OFF)
set(SEGSHIFT_COVERAGE_FLAGS)
if(SEGSHIFT_COVERAGE)
  set(SEGSHIFT_COVERAGE_FLAGS -fprofile-instr-generate -fcoverage-mapping)
endif()

# Flags for programs and plugins that run on the build host against LLVM.
function(segshift_host_target target)
  target_include_directories(${target} SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
  target_compile_definitions(${target} PRIVATE ${LLVM_DEFINITIONS_LIST})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter
                                           -fno-exceptions -fvisibility=hidden)
  if(NOT LLVM_ENABLE_RTTI)
    target_compile_options(${target} PRIVATE -fno-rtti)
  endif()
  target_compile_options(${target} PRIVATE ${SEGSHIFT_COVERAGE_FLAGS} ${SEGSHIFT_SANITIZE_FLAGS})
  target_link_options(${target} PRIVATE ${SEGSHIFT_COVERAGE_FLAGS} ${SEGSHIFT_SANITIZE_FLAGS})
endfunction()

separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")
list(TRANSFORM LLVM_DEFINITIONS_LIST REPLACE "^-D" "")

# LLVM's tools as the tests and the selftest run them. A plugin has no sanitizer
# run-time of its own: it comes with the program that loads it, so in a sanitized
# build these are programs that were built without one, with the run-time preloaded.
set(SEGSHIFT_LLVM_BIN ${LLVM_TOOLS_BINARY_DIR})
set(SEGSHIFT_TEST_CLANG ${CMAKE_C_COMPILER})
if(SEGSHIFT_SANITIZE)
  set(SEGSHIFT_LLVM_BIN ${CMAKE_BINARY_DIR}/llvm/bin)
  set(SEGSHIFT_TEST_CLANG ${SEGSHIFT_LLVM_BIN}/clang)
  string(REGEX MATCH "address|thread|undefined" runtime "${SEGSHIFT_SANITIZE}")
  string(REPLACE "address" "asan" runtime "${runtime}")
  string(REPLACE "thread" "tsan" runtime "${runtime}")
  string(REPLACE "undefined" "ubsan_standalone" runtime "${runtime}")
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libclang_rt.${runtime}-x86_64.so
                  OUTPUT_VARIABLE SEGSHIFT_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT EXISTS "${SEGSHIFT_SANITIZER_RUNTIME}")
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libclang_rt.${runtime}.so
                    OUTPUT_VARIABLE SEGSHIFT_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(NOT EXISTS "${SEGSHIFT_SANITIZER_RUNTIME}")
    message(FATAL_ERROR "No shared run-time of -fsanitize=${SEGSHIFT_SANITIZE}: install "
                        "libclang-rt-${SEGSHIFT_LLVM_MAJOR}-dev ('./dev setup' does)")
  endif()
  file(MAKE_DIRECTORY ${SEGSHIFT_LLVM_BIN})
  file(GLOB tools ${LLVM_TOOLS_BINARY_DIR}/*)
  foreach(tool IN LISTS tools)
    get_filename_component(name ${tool} NAME)
    file(REMOVE ${SEGSHIFT_LLVM_BIN}/${name})
    if(name MATCHES "^(clang|clang\\+\\+|clang-[0-9]+|ld\\.lld|llc|opt)$")
      configure_file(${CMAKE_CURRENT_LIST_DIR}/sanitized-tool.sh.in
                     ${SEGSHIFT_LLVM_BIN}/${name} @ONLY
                     FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    else()
      file(CREATE_LINK ${tool} ${SEGSHIFT_LLVM_BIN}/${name} SYMBOLIC)
    endif()
  endforeach()
endif()
