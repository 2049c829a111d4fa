set(SEGSHIFT_SANITIZE "" CACHE STRING
    "Sanitizers for the host tools and hosted tests, e.g. address,undefined")

option(SEGSHIFT_COVERAGE "Count executed lines of the host tools, plugin and hosted tests" OFF)
set(SEGSHIFT_COVERAGE_FLAGS)
if(SEGSHIFT_COVERAGE)
  set(SEGSHIFT_COVERAGE_FLAGS -fprofile-instr-generate -fcoverage-mapping)
endif()

# Flags for programs and plugins that run on the build host against LLVM. A plugin
# (MODULE) is loaded by a clang without the sanitizers' run-times, so has none.
function(segshift_host_target target)
  target_include_directories(${target} SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
  target_compile_definitions(${target} PRIVATE ${LLVM_DEFINITIONS_LIST})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter
                                           -fno-exceptions -fvisibility=hidden)
  if(NOT LLVM_ENABLE_RTTI)
    target_compile_options(${target} PRIVATE -fno-rtti)
  endif()
  target_compile_options(${target} PRIVATE ${SEGSHIFT_COVERAGE_FLAGS})
  target_link_options(${target} PRIVATE ${SEGSHIFT_COVERAGE_FLAGS})
  get_target_property(type ${target} TYPE)
  if(SEGSHIFT_SANITIZE AND NOT type STREQUAL "MODULE_LIBRARY")
    target_compile_options(${target} PRIVATE -fsanitize=${SEGSHIFT_SANITIZE} -g
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SEGSHIFT_SANITIZE})
  endif()
endfunction()

separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")
list(TRANSFORM LLVM_DEFINITIONS_LIST REPLACE "^-D" "")
